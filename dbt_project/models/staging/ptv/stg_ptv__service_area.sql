select
    service_id,
    area_type,
    area_code,
    municipality_code
from {{ source('landing', 'ptv__services__service_area') }}
