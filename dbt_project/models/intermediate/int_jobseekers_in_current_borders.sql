-- Jobseekers by municipality as if today's borders had held all along. A part that is hidden, missing or only partly inside a
-- current municipality leaves the merged number empty and its status says why: a sum never looks whole when it is not.
with parts as (
    select
        bridge.current_municipality_code,
        cells.month,
        cells.measure,
        cells.unit,
        cells.value,
        case when bridge.is_whole then cells.status else 'missing' end as status
    from {{ ref('stg_statfin__jobseekers_by_area') }} as cells
    inner join {{ ref('bridge_municipality') }} as bridge
        on regexp_extract(cells.area_code, '^(KU)?(\d{3})$', 2) = bridge.municipality_code
    -- a share of the labour force cannot be added up
    where cells.measure != 'TYOTOSUUS'
)

select
    current_municipality_code,
    month,
    measure,
    unit,
    {{ status_of_parts('status') }} as status,
    case when {{ status_of_parts('status') }} in ('value', 'zero') then sum(value) end as value,
    count(*)::integer as parts
from parts
group by all
