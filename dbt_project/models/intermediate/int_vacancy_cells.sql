-- Jobseekers and vacancies of both the present table and the older series; the present one wins where both speak.
with cells as (
    select
        area_code,
        occupation_code,
        month,
        measure,
        value,
        status,
        'tyonv/12ti' as source_table
    from {{ ref('stg_statfin__vacancies_by_occupation') }}
    union all
    select
        area_code,
        'SSS' as occupation_code,
        month,
        measure,
        value,
        status,
        'tyonv/12r5' as source_table
    from {{ ref('stg_statfin__jobseekers_by_area') }}
    where measure in ('TYOTTOMATLOPUSSA', 'AVPAIKATLOPUSSA')
    union all
    select
        area_code,
        occupation_code,
        month,
        measure,
        value,
        status,
        'tyonv_history' as source_table
    from {{ ref('stg_statfin__vacancies_history') }}
)

select
    case when area_code = 'SSS' then 'SSS' else substr(area_code, 3) end as region_code,
    occupation_code,
    month,
    measure,
    value,
    status,
    source_table
from cells
where area_code = 'SSS' or area_code like 'MK__'
qualify row_number() over (
    partition by area_code, occupation_code, month, measure
    order by source_table
) = 1
