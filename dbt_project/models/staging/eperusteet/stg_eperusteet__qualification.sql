select
    peruste_id,
    name_fi,
    name_sv,
    name_en,
    programme_type,
    languages,
    education_codes,
    outcomes_fi,
    outcomes_sv,
    outcomes_en,
    tasks_fi,
    tasks_sv,
    tasks_en
from {{ source('landing', 'eperusteet__peruste__peruste') }}
