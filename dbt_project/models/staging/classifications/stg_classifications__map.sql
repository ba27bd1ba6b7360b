select
    source_id,
    target_id,
    source_code,
    target_code,
    source_name_fi,
    target_name_fi
from {{ source('landing', 'classifications__correspondences__map') }}
