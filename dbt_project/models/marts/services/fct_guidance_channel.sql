-- How a service is reached: pages, telephones and places.
select
    channel_id,
    channel_type,
    name_fi,
    name_sv,
    name_en,
    url_fi,
    url_sv,
    url_en,
    languages,
    municipality_codes,
    area_type,
    modified_at
from {{ ref('stg_ptv__service_channel') }}
