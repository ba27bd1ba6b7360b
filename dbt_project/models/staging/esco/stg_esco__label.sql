select
    concept_uri,
    language,
    label,
    kind
from {{ source('landing', 'esco__classification__label') }}
