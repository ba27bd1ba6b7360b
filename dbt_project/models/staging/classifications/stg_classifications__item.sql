select
    classification_id,
    code,
    level as item_level,
    parent_code,
    position as item_position,
    name_fi,
    name_sv,
    name_en
from {{ source('landing', 'classifications__items__item') }}
