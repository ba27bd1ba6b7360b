-- depends_on: {{ ref('dim_skill') }}
select
    opportunity_kind,
    opportunity_id,
    skill_uri,
    weight,
    essential
from {{ source('derived', 'opportunity_skill') }}
