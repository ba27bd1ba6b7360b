select
    occupation_code,
    sex_code,
    status_code as employment_status_code,
    period::integer as year,
    measure,
    value,
    status,
    unit,
    updated_at
from {{ source('landing', 'statfin__tyokay_115q__cell') }}
