-- Where a municipality of any year is in the borders of today. Statistics Finland says it for the abolished ones; a code that
-- has more than one successor was split, and then no number of it can be moved without knowing its parts.
with maps as (
    select distinct
        source_code as municipality_code,
        target_code as current_code
    from {{ ref('stg_classifications__map') }}
    where starts_with(source_id, 'kunta_') and starts_with(target_id, 'kunta_1_')
),

today as (
    select area_code as municipality_code
    from {{ ref('dim_area') }}
    where area_level = 'municipality' and is_current
),

every_code as (
    select * from maps
    union
    select
        municipality_code,
        municipality_code as current_code
    from today
    where municipality_code not in (select known.municipality_code from maps as known)
)

select
    municipality_code,
    current_code,
    case
        when count(*) over (partition by municipality_code) > 1 then 'split'
        when municipality_code = current_code then 'same'
        else 'merged'
    end as event
from every_code
