select
    measure,
    unit,
    decimals::integer as decimals,
    name_fi,
    name_sv,
    name_en,
    definition_fi,
    definition_sv,
    definition_en
from {{ source('reference', 'measures') }}
