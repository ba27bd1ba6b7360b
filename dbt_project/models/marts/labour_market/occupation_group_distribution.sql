-- Where the employed of an occupation group work. The source knows regions at three digits only, so a unit group shows
-- the shares of its three-digit group and says so in figure_occupation_code. The whole is the source's own total.
with employed as (
    select
        occupation_code,
        region_code,
        year,
        value
    from {{ ref('fct_employed_yearly') }}
    where measure = 'employed' and status = 'value'
),

shares as (
    select
        part.occupation_code,
        part.region_code,
        part.year,
        round(100 * part.value / whole.value, 1) as share_pct
    from employed as part
    inner join employed as whole
        on part.occupation_code = whole.occupation_code and part.year = whole.year and whole.region_code = 'SSS'
    where part.region_code != 'SSS'
    qualify part.year = max(part.year) over (partition by part.occupation_code)
)

select
    occupation.occupation_uri,
    'REGION' as distribution_type,
    shares.region_code as value_code,
    shares.share_pct,
    shares.occupation_code as figure_occupation_code,
    shares.year::integer as year
from {{ ref('dim_occupation') }} as occupation
inner join shares on left(occupation.occupation_code, 3) = shares.occupation_code
where occupation.occupation_level = 'unit_group'
