select
    scenario,
    assumption,
    occupations,
    assumed,
    assumed_unit,
    field_code,
    level_code,
    horizon_years,
    measure,
    baseline_persons,
    change_persons
from {{ source('derived', 'scenario_sensitivity') }}
