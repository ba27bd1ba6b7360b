select
    round_oid,
    name_fi,
    name_sv,
    name_en,
    method_code,
    target_group_code,
    form_type,
    organisation_oid,
    opens_at,
    closes_at,
    modified_at
from {{ source('landing', 'opintopolku__haku__haku') }}
