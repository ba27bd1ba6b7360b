select
    area_code,
    occupation_code,
    month,
    measure,
    value,
    status
from {{ source('landing', 'statfin__tyonv_history__observation') }}
