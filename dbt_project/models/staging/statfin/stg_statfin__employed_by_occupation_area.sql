select
    occupation_code,
    area_code,
    period::integer as year,
    measure,
    value,
    status,
    unit,
    updated_at
from {{ source('landing', 'statfin__tyokay_115s__cell') }}
