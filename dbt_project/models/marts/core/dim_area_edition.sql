-- The regions and municipalities of each year since 2006. A municipality has the region it belonged to that year, and the region
-- its area, or most of it, belongs to now.
with changes as (
    select
        municipality_code,
        name_fi,
        name_sv,
        event,
        year::integer as change_year
    from {{ source('reference', 'municipality_changes') }}
    where event = 'created' or is_main::boolean
),

codes as (
    select
        bridge.municipality_code,
        coalesce(area.name_fi, changes.name_fi) as name_fi,
        coalesce(area.name_sv, changes.name_sv) as name_sv,
        coalesce(area.name_en, area.name_fi, changes.name_fi) as name_en,
        bridge.current_municipality_code,
        successor.region_code,
        created.change_year as first_year,
        coalesce(changes.change_year, bridge.change_year) - 1 as last_year
    from {{ ref('bridge_municipality') }} as bridge
    left join {{ ref('dim_area') }} as area on bridge.municipality_code = area.area_code
    left join {{ ref('dim_area') }} as successor on bridge.current_municipality_code = successor.area_code
    left join changes on bridge.municipality_code = changes.municipality_code and changes.event != 'created'
    left join changes as created on bridge.municipality_code = created.municipality_code and created.event = 'created'
    where bridge.is_main
),

years as (
    select unnest(generate_series(2006, coalesce(max(year(edition::date)), 2026)))::integer as edition_year
    from {{ ref('stg_classifications__classification') }}
    where series_id = 'kunta_1'
),

municipalities as (
    select
        years.edition_year,
        codes.*
    from codes
    inner join years
        on
            years.edition_year >= coalesce(codes.first_year, years.edition_year)
            and years.edition_year <= coalesce(codes.last_year, years.edition_year)
),

-- a municipality moves between regions at most once in the list, so the first move still ahead tells its region of that year
moves as (
    select
        municipality_code,
        region_code,
        last_year::integer as last_year
    from {{ source('reference', 'region_changes') }}
),

former_regions as (
    select * replace (last_year::integer as last_year)
    from {{ source('reference', 'former_regions') }}
),

regions as (
    select
        area.area_code,
        area.name_fi,
        area.name_sv,
        area.name_en,
        coalesce(former.successor_code, area.area_code) as current_region_code,
        former.last_year
    from {{ ref('dim_area') }} as area
    left join former_regions as former on area.area_code = former.region_code
    where area.area_level = 'region'
)

select
    municipalities.edition_year,
    municipalities.municipality_code as area_code,
    'municipality' as area_level,
    municipalities.name_fi,
    municipalities.name_sv,
    municipalities.name_en,
    coalesce(moves.region_code, municipalities.region_code) as region_code,
    municipalities.current_municipality_code,
    municipalities.region_code as current_region_code,
    make_date(municipalities.first_year, 1, 1) as valid_from,
    make_date(municipalities.last_year, 12, 31) as valid_to
from municipalities
left join moves
    on municipalities.municipality_code = moves.municipality_code and municipalities.edition_year <= moves.last_year
union all
select
    years.edition_year,
    regions.area_code,
    'region' as area_level,
    regions.name_fi,
    regions.name_sv,
    regions.name_en,
    regions.area_code as region_code,
    null::varchar as current_municipality_code,
    regions.current_region_code,
    null::date as valid_from,
    make_date(regions.last_year, 12, 31) as valid_to
from regions
inner join years on years.edition_year <= coalesce(regions.last_year, years.edition_year)
