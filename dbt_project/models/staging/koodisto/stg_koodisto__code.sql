select
    code_list,
    code_uri,
    code,
    version,
    valid_from,
    valid_to,
    name_fi,
    name_sv,
    name_en
from {{ source('landing', 'koodisto__codes__code') }}
