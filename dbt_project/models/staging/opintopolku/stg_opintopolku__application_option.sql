select
    option_oid,
    implementation_oid,
    round_oid,
    name_fi,
    name_sv,
    name_en,
    site_oid,
    uses_round_times,
    opens_at,
    closes_at,
    prior_education_uris,
    places_persons,
    places_first_time_persons,
    modified_at
from {{ source('landing', 'opintopolku__hakukohde__hakukohde') }}
