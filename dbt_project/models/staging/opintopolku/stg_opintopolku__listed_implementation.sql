select
    programme_oid,
    implementation_oid,
    school_oid,
    name_fi,
    name_sv,
    name_en,
    municipality_codes
from {{ source('landing', 'opintopolku__search__toteutus') }}
