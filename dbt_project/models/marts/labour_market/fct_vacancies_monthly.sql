select
    region_code,
    occupation_code,
    month,
    any_value(value) filter (where measure = 'AVPAIKATLOPUSSA') as open_vacancies,
    coalesce(any_value(status) filter (where measure = 'AVPAIKATLOPUSSA'), 'missing') as open_vacancies_status,
    any_value(value) filter (where measure = 'TYOTTOMATLOPUSSA') as unemployed_jobseekers_persons,
    coalesce(any_value(status) filter (where measure = 'TYOTTOMATLOPUSSA'), 'missing') as unemployed_jobseekers_status,
    min(source_table) as source_table
from {{ ref('int_vacancy_cells') }}
group by region_code, occupation_code, month
