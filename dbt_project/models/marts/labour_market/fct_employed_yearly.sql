-- Employed persons at the end of the year. The source mixes levels: five-digit groups and four-digit ones with a dot
-- repeat the four-digit totals and are left out.
select
    occupation_code,
    'SSS' as region_code,
    year,
    value as employed_persons,
    status as employed_status,
    'tyokay/115q' as source_table
from {{ ref('stg_statfin__employed_by_occupation') }}
where measure = 'tyokay-tyolliset2' and regexp_full_match(occupation_code, '[0-9]{1,4}|SSSSS')
union all
select
    occupation_code,
    substr(area_code, 3) as region_code,
    year,
    value as employed_persons,
    status as employed_status,
    'tyokay/115s' as source_table
from {{ ref('stg_statfin__employed_by_occupation_area') }}
where measure = 'tyokay-tyolliset2' and area_code like 'MK__' and regexp_full_match(occupation_code, '[0-9]{3}')
