-- Population and its key figures. The table by sex and age has the newest years, the key figures a longer series of
-- totals; where both speak the detailed one wins.
with cells as (
    {{ tidy(
        ref('stg_statfin__population'), 'vaerak/11re',
        {'area_code': area_of('cells.area_code'), 'sex_code': 'cells.sex_code', 'age_code': 'cells.age_code',
         'year': 'cells.year'}
    ) }}
    union all
    {{ tidy(
        ref('stg_statfin__population_key_figures'), 'vaerak/11ra',
        {'area_code': area_of('cells.area_code'), 'sex_code': "'SSS'", 'age_code': "'SSS'", 'year': 'cells.year'}
    ) }}
)

select *
from cells
qualify row_number() over (
    partition by area_code, sex_code, age_code, year, measure
    order by source_table = 'vaerak/11ra'
) = 1
