-- depends_on: {{ ref('job_opportunity') }}
-- depends_on: {{ ref('education_opportunity') }}
select
    job_opportunity_id,
    education_opportunity_id,
    match_rank,
    match_score,
    covered_share,
    used_share,
    covered_skill_uris,
    related_skill_uris,
    missing_skill_uris
from {{ source('derived', 'opportunity_match') }}
