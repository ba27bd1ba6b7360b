select
    programme_oid,
    skill_uri,
    score,
    method,
    evidence
from {{ source('derived', 'fct_programme_skill') }}
