select
    area_code,
    occupation_code,
    strptime(period, '%YM%m')::date as month,
    measure,
    value,
    status,
    unit,
    updated_at
from {{ source('landing', 'statfin__tyonv_12ti__cell') }}
