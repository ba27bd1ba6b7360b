select
    region_code,
    occupation_code,
    month,
    measure,
    value,
    unit,
    status,
    source_table,
    snapshot_id
from {{ ref('int_vacancy_cells') }}
