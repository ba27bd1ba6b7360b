-- Benefits of Kela. Each data set divides its recipients in its own ways, so those are kept as JSON; rows with is_total are
-- Kela's own totals, and adding up the parts counts people who get several benefits more than once.
select
    observation.dataset,
    observation.granularity,
    observation.period,
    observation.municipality_code,
    observation.dimensions,
    observation.is_total,
    coalesce(named.measure, observation.measure) as measure,
    observation.value,
    coalesce(measures.unit, observation.unit) as unit,
    case when observation.value is null then 'missing' when observation.value = 0 then 'zero' else 'value' end as status,
    'kela/' || observation.dataset as source_table,
    landed.snapshot_id
from {{ ref('stg_kela__observation') }} as observation
left join {{ source('reference', 'source_measures') }} as named
    on named.source_table = 'kela' and observation.measure = named.source_measure
left join {{ source('reference', 'measures') }} as measures on named.measure = measures.measure
left join {{ source('platform', 'landed') }} as landed on landed.source = 'kela' and landed.resource = 'benefits'
