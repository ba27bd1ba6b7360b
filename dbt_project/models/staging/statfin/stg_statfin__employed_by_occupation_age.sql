select
    occupation_code,
    age_code,
    sex_code,
    period::integer as year,
    measure,
    value,
    status,
    unit,
    updated_at
from {{ source('landing', 'statfin__tyokay_115r__cell') }}
