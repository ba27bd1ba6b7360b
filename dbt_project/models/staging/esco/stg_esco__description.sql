select
    concept_uri,
    language,
    description
from {{ source('landing', 'esco__classification__description') }}
