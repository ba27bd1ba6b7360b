select
    organisation_oid,
    nullif(parent_oid, '') as parent_oid,
    name_fi,
    name_sv,
    name_en,
    organisation_types,
    school_code,
    school_type,
    municipality_code,
    valid_from,
    valid_to,
    status
from {{ source('landing', 'organisaatio__organisations__organisation') }}
