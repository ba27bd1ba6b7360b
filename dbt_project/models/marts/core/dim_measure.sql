select
    measure,
    unit,
    name_fi,
    name_sv,
    name_en,
    definition_fi,
    definition_sv,
    definition_en
from {{ source('reference', 'measures') }}
