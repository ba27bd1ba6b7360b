select
    dataset,
    layer,
    place,
    column_name,
    column_type,
    unit,
    description_fi,
    description_sv,
    description_en,
    code_list,
    is_key,
    is_required,
    sensitivity,
    is_published,
    contract_file
from {{ source('reference', 'dictionary') }}
