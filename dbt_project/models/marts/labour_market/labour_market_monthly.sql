-- For release: the source has protected these figures itself, and says so in the status.
select *
from {{ ref('fct_vacancies_monthly') }}
