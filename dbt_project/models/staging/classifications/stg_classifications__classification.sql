select
    classification_id,
    series_id,
    edition,
    name_fi,
    name_sv,
    name_en
from {{ source('landing', 'classifications__items__classification') }}
