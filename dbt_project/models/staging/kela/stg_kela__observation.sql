select
    dataset,
    granularity,
    period,
    municipality_code,
    dimensions,
    is_total,
    is_unknown,
    measure,
    value,
    -- what the measure counts is in its name alone
    case when measure like '%_eur' then 'eur' when measure like '%_lkm' then 'count' end as unit
from {{ source('landing', 'kela__benefits__observation') }}
