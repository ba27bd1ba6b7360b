select
    sector_code,
    area_code,
    sex_code,
    period::integer as year,
    measure,
    value,
    status,
    unit,
    updated_at
from {{ source('landing', 'statfin__pra_15b2__cell') }}
