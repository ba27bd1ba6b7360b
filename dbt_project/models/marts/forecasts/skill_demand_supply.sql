-- depends_on: {{ ref('dim_skill') }}
select
    skill_uri,
    region_code,
    month,
    demanded_postings,
    demanded_share_pct,
    supplied_programmes,
    supplied_share_pct,
    gap_pct_points,
    trend,
    is_emerging
from {{ source('derived', 'skill_demand_supply') }}
