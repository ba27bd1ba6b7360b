-- Jobseekers and vacancies of the present tables and the older series; the present one wins where two speak.
with cells as (
    {{ tidy(
        ref('stg_statfin__vacancies_by_occupation'), 'tyonv/12ti',
        {'region_code': area_of('cells.area_code'), 'area_code': 'cells.area_code', 'occupation_code': 'cells.occupation_code',
         'month': 'cells.month'}
    ) }}
    union all
    {{ tidy(
        ref('stg_statfin__jobseekers_by_area'), 'tyonv/12r5',
        {'region_code': area_of('cells.area_code'), 'area_code': 'cells.area_code', 'occupation_code': "'SSS'",
         'month': 'cells.month'}
    ) }}
    union all
    {{ tidy(
        ref('stg_statfin__vacancies_history'), 'tyonv/history',
        {'region_code': area_of('cells.area_code'), 'area_code': 'cells.area_code', 'occupation_code': 'cells.occupation_code',
         'month': 'cells.month'}
    ) }}
)

select * exclude (area_code)
from cells
where area_code = 'SSS' or area_code like 'MK__'
qualify row_number() over (
    partition by region_code, occupation_code, month, measure
    order by case source_table when 'tyonv/12ti' then 1 when 'tyonv/12r5' then 2 else 3 end
) = 1
