select
    occupation_uri,
    skill_uri,
    essential
from {{ source('landing', 'esco__classification__occupation_skill') }}
