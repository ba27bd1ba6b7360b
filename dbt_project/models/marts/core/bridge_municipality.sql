-- Every municipality code since 2006 and the code or codes its area has in current borders. Changes the reference list does not
-- know yet come from Statistics Finland's correspondence; where that gives several successors, none is taken for the main one.
with recursive codes as (
    select * from {{ ref('stg_koodisto__code') }}
    where code_list = 'kunta'
),

listed_changes as (
    select
        municipality_code,
        event,
        year::integer as change_year,
        successor_code,
        is_main::boolean as is_main
    from {{ source('reference', 'municipality_changes') }}
    where event != 'created'
),

told_changes as (
    select
        map.source_code as municipality_code,
        case when count(*) over (partition by map.source_code) = 1 then 'merged' else 'split' end as event,
        year(codes.valid_to) + 1 as change_year,
        map.target_code as successor_code,
        count(*) over (partition by map.source_code) = 1 as is_main
    from {{ ref('stg_classifications__map') }} as map
    left join codes on map.source_code = codes.code
    where
        map.source_id like 'kunta_2_%' and map.target_id like 'kunta_1_%' and map.source_code != map.target_code
        and map.source_code not in (select listed_changes.municipality_code from listed_changes)
),

changes as (
    select * from listed_changes
    union
    select * from told_changes
),

current_codes as (
    select municipality_code from {{ source('reference', 'municipalities') }}
    union
    select successor_code from changes
    except
    select municipality_code from changes
),

walk as (
    select
        municipality_code,
        municipality_code as reached_code,
        'same' as event,
        null::integer as change_year,
        true as is_main
    from current_codes
    union
    select
        municipality_code,
        successor_code as reached_code,
        event,
        change_year,
        is_main
    from changes
    union
    select
        walk.municipality_code,
        changes.successor_code as reached_code,
        case when 'split' in (walk.event, changes.event) then 'split' else 'merged' end as event,
        greatest(walk.change_year, changes.change_year) as change_year,
        walk.is_main and changes.is_main as is_main
    from walk
    inner join changes on walk.reached_code = changes.municipality_code
)

select
    municipality_code,
    reached_code as current_municipality_code,
    event,
    change_year,
    is_main,
    event != 'split' as is_whole
from walk
where reached_code in (select current_codes.municipality_code from current_codes)
