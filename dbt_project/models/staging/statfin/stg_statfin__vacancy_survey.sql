select
    make_date(left(period, 4)::integer, right(period, 1)::integer * 3 - 2, 1) as quarter,
    measure,
    value,
    status,
    unit,
    updated_at
from {{ source('landing', 'statfin__atp_11l1__cell') }}
