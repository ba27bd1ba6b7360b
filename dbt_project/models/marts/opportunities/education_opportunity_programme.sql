select
    opportunity_id,
    programme_oid,
    name_fi,
    name_sv,
    name_en
from {{ source('derived', 'education_opportunity_programme') }}
