select
    area_code,
    period::integer as year,
    measure,
    value,
    status,
    unit,
    updated_at
from {{ source('landing', 'statfin__vaerak_11ra__cell') }}
