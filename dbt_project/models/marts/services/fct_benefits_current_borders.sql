-- Benefits of municipalities in the borders of today, so that years before and after a merger compare. A number is there only
-- when every part is known and none was split: unknown plus known is unknown. Totals are Kela's own rows, never sums of these.
with parts as (
    select
        benefits.* exclude (status),
        coalesce(bridge.current_municipality_code, benefits.municipality_code) as current_code,
        case when coalesce(bridge.is_whole, true) then benefits.status else 'missing' end as status
    from {{ ref('fct_benefits') }} as benefits
    left join {{ ref('bridge_municipality') }} as bridge on benefits.municipality_code = bridge.municipality_code
)

select
    dataset,
    granularity,
    period,
    current_code as municipality_code,
    dimensions,
    any_value(is_total) as is_total,
    measure,
    case when {{ status_of_parts('status') }} in ('value', 'zero') then sum(value) end as value,
    unit,
    {{ status_of_parts('status') }} as status,
    count(*)::integer as parts,
    any_value(source_table) as source_table,
    any_value(snapshot_id) as snapshot_id
from parts
group by dataset, granularity, period, current_code, dimensions, measure, unit
