select
    area_code,
    sex_code,
    age_code,
    period::integer as year,
    measure,
    value,
    status,
    unit,
    updated_at
from {{ source('landing', 'statfin__vaerak_11re__cell') }}
