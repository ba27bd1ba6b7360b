-- Employed persons at the end of the year (register), and in the Labour Force Survey. The register mixes levels:
-- five-digit groups and four-digit ones with a dot repeat the four-digit totals and are left out.
with register as (
    {{ tidy(
        ref('stg_statfin__employed_by_occupation'), 'tyokay/115q',
        {'region_code': "'SSS'", 'occupation_code': 'cells.occupation_code', 'year': 'cells.year'}
    ) }}
    where regexp_full_match(cells.occupation_code, '[0-9]{1,4}|SSSSS')
),

register_by_region as (
    {{ tidy(
        ref('stg_statfin__employed_by_occupation_area'), 'tyokay/115s',
        {'region_code': area_of('cells.area_code'), 'occupation_code': 'cells.occupation_code', 'year': 'cells.year'}
    ) }}
    where (cells.area_code = 'SSS' or cells.area_code like 'MK__') and regexp_full_match(cells.occupation_code, '[0-9]{2,3}')
),

survey as (
    {{ tidy(
        ref('stg_statfin__employed_in_survey'), 'tyti/13au',
        {'region_code': "'SSS'", 'occupation_code': 'cells.occupation_code', 'year': 'cells.year'}
    ) }}
),

cells as (
    select * from register
    union all
    select * from register_by_region
    union all
    select * from survey
)

select * replace (case when occupation_code = 'SSSSS' then 'SSS' else occupation_code end as occupation_code)
from cells
qualify row_number() over (partition by region_code, occupation_code, year, measure order by source_table) = 1
