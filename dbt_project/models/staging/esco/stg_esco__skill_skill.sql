select
    skill_uri,
    related_uri,
    essential
from {{ source('landing', 'esco__classification__skill_skill') }}
