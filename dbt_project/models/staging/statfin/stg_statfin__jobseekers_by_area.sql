select
    area_code,
    strptime(period, '%YM%m')::date as month,
    measure,
    value,
    status,
    unit,
    updated_at
from {{ source('landing', 'statfin__tyonv_12r5__cell') }}
