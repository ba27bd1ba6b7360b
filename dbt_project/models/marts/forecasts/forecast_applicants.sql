select
    region_code,
    field_code,
    level_code,
    scenario,
    origin_year,
    target_year,
    horizon_years,
    mean,
    q2_5,
    q10,
    q50,
    q90,
    q97_5,
    model,
    unit
from {{ source('derived', 'forecast_applicants') }}
