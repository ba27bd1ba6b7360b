-- depends_on: {{ ref('dim_skill') }}
select
    skill_uri,
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
from {{ source('derived', 'forecast_skill_demand') }}
