select
    level_code,
    sex_code,
    area_code,
    field_code,
    period::integer as year,
    measure,
    value,
    status,
    unit,
    updated_at
from {{ source('landing', 'statfin__sijk_111l__cell') }}
