-- Total earnings of full-time earners: the whole country by one- and two-digit occupation, the newest year also by region.
with cells as (
    {{ tidy(
        ref('stg_statfin__wages_by_occupation'), 'pra/15au',
        {'region_code': "'SSS'", 'occupation_code': 'cells.occupation_code', 'year': 'cells.year'}
    ) }}
    union all
    {{ tidy(
        ref('stg_statfin__wages_by_region'), 'pra/15b2',
        {'region_code': area_of('cells.area_code'), 'occupation_code': "'SSS'", 'year': 'cells.year'}
    ) }}
)

select *
from cells
qualify row_number() over (partition by region_code, occupation_code, year, measure order by source_table) = 1
