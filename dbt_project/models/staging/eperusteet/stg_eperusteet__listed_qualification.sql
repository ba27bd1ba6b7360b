select
    peruste_id,
    name_fi,
    name_sv,
    name_en,
    programme_type,
    languages,
    education_codes,
    valid_from,
    valid_to,
    published_at
from {{ source('landing', 'eperusteet__perusteet__peruste') }}
