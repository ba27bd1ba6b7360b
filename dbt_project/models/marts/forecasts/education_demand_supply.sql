-- depends_on: {{ ref('dim_education_field') }}
-- depends_on: {{ ref('dim_education_level') }}
select
    field_code,
    level_code,
    region_code,
    year,
    places,
    first_choice_applicants_persons,
    started_persons,
    graduates_persons,
    openings_persons,
    supply_persons,
    gap_persons,
    gap_trend
from {{ source('derived', 'education_demand_supply') }}
