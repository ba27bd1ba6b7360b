select
    area_code,
    sex_code,
    period::integer as year,
    measure,
    value,
    status,
    unit,
    updated_at
from {{ source('landing', 'statfin__vkour_12bs__cell') }}
