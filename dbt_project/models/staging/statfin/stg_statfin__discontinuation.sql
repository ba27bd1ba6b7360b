select
    area_code,
    education_sector_code,
    period::integer as year,
    measure,
    value,
    status,
    unit,
    updated_at
from {{ source('landing', 'statfin__kkesk_14pi__cell') }}
