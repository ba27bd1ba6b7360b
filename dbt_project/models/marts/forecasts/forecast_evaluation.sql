select
    forecast,
    series_group,
    model,
    horizon_from,
    horizon_to,
    series,
    origins,
    mase,
    rmsse,
    wis,
    coverage_80_pct,
    coverage_95_pct,
    mase_seasonal_naive
from {{ source('derived', 'forecast_evaluation') }}
