select
    region_code,
    occupation_code,
    scenario,
    origin,
    target_month,
    horizon_months,
    mean,
    q2_5,
    q10,
    q50,
    q90,
    q97_5,
    model,
    unit
from {{ source('derived', 'forecast_new_vacancies') }}
