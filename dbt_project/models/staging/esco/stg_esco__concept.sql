select
    concept_uri,
    concept_type,
    code,
    skill_type,
    reuse_level,
    status,
    version
from {{ source('landing', 'esco__classification__concept') }}
