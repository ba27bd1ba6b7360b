-- depends_on: {{ ref('dim_skill') }}
select
    skill_uri,
    month,
    trend,
    share_ratio,
    q_value,
    recent_postings,
    expected_postings,
    occupation_codes,
    posting_ids
from {{ source('derived', 'skill_trend') }}
