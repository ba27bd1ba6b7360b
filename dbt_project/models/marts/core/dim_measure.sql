select
    measure,
    unit,
    name_fi,
    name_sv,
    name_en
from {{ source('reference', 'measures') }}
