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
    statement_en,
    requirement_uri,
    area_fi,
    area_sv,
    area_en
from {{ source('landing', 'eperusteet__peruste__requirement') }}
