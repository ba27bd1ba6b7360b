select
    peruste_id,
    unit_id,
    position,
    unit_code,
    unit_name_fi,
    unit_name_sv,
    unit_name_en,
    kind,
    statement_fi,
    statement_sv,
    statement_en
from {{ source('landing', 'eperusteet__peruste__requirement') }}
