select
    model_name,
    model_version,
    data_version,
    code_version,
    settings,
    snapshots,
    fitted_rows,
    quality
from {{ source('derived', 'model') }}
