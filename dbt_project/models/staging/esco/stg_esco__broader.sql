select
    concept_uri,
    broader_uri
from {{ source('landing', 'esco__classification__broader') }}
