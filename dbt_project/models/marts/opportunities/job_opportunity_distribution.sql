select
    opportunity_id,
    distribution_type,
    value_code,
    share_pct,
    count,
    empty_count
from {{ source('derived', 'job_opportunity_distribution') }}
