-- Where the employed of an occupation group work. The source knows regions at three digits only, so a unit group shows
-- the shares of its three-digit group and says so in figure_occupation_code.
with employed as (
    select
        occupation_code,
        region_code,
        year,
        employed_persons,
        sum(employed_persons) over (partition by occupation_code, year) as total
    from {{ ref('fct_employed_yearly') }}
    where region_code != 'SSS' and employed_status = 'value'
    qualify year = max(year) over (partition by occupation_code)
)

select
    occupation.occupation_uri,
    'REGION' as distribution_type,
    employed.region_code as value_code,
    round(100 * employed.employed_persons / employed.total, 1) as share_pct,
    employed.occupation_code as figure_occupation_code,
    employed.year::integer as year
from {{ ref('dim_occupation') }} as occupation
inner join employed on left(occupation.occupation_code, 3) = employed.occupation_code
where occupation.occupation_level = 'unit_group' and employed.employed_persons > 0
