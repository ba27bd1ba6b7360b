select
    concept_uri,
    concept_type,
    change,
    code_before,
    version_before,
    version_after,
    label_fi_before,
    label_sv_before,
    label_en_before,
    source_document
from {{ source('landing', 'esco__changes__esco_change') }}
