select
    strptime(period, '%YM%m')::date as month,
    measure,
    value,
    status,
    unit,
    updated_at
from {{ source('landing', 'statfin__tyti_135z__cell') }}
