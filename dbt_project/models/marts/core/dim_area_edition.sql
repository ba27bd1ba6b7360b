-- The municipalities of each year since 2006. The region is the one their area, or most of it, belongs to now.
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
)

select
    years.edition_year,
    codes.municipality_code as area_code,
    'municipality' as area_level,
    codes.name_fi,
    codes.name_sv,
    codes.name_en,
    codes.current_municipality_code,
    codes.region_code as current_region_code,
    make_date(codes.first_year, 1, 1) as valid_from,
    make_date(codes.last_year, 12, 31) as valid_to
from codes
inner join years
    on
        years.edition_year >= coalesce(codes.first_year, years.edition_year)
        and years.edition_year <= coalesce(codes.last_year, years.edition_year)
