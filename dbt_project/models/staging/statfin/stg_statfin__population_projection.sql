-- The content code ends in the year of the projection: vaesto_e24.
select
    area_code,
    sex_code,
    age_code,
    period::integer as year,
    ('20' || right(measure, 2))::integer as projection_year,
    left(measure, length(measure) - 2) as measure,
    value,
    status,
    unit,
    updated_at
from {{ source('landing', 'statfin__vaenn_14wx__cell') }}
