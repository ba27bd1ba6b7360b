-- Places and applicants. The measures of one application target stand on different rows of the source, so they are summed
-- per key; a measure that no row of the key tells is missing, which is another thing than zero.
with applications as (
    select
        'higher' as sector,
        'korkeakoulutus_hakeneet_ja_paikan_vastaanottaneet' as resource,
        *
    from {{ ref('stg_vipunen__applicants_higher') }}
    union all by name
    select
        'upper_secondary' as sector,
        'perusopetuksen_jalkeinen_koulutus_hakeneet_ja_paikan_vastaanottaneet' as resource,
        *
    from {{ ref('stg_vipunen__applicants_upper_secondary') }}
),

counted as (
    select
        applications.sector,
        applications.start_year as year,
        coalesce(applications.education_code, 'unknown') as education_code,
        coalesce(region.region_code, 'unknown') as region_code,
        any_value(applications.resource) as resource,
        sum(applications.places)::double as places,
        sum(applications.applicants)::double as applicants,
        sum(applications.first_choice_applicants)::double as first_choice_applicants,
        sum(applications.selected)::double as selected,
        sum(applications.accepted)::double as accepted,
        sum(applications.started)::double as started
    from applications
    left join {{ ref('dim_area') }} as region on applications.municipality_code = region.area_code
    group by 1, 2, 3, 4
),

cells as (
    select *
    from counted
    unpivot include nulls (
        value for measure in (places, applicants, first_choice_applicants, selected, accepted, started)
    )
)

select
    cells.sector,
    cells.education_code,
    cells.region_code,
    cells.year,
    codes.field_1_code,
    codes.field_2_code,
    codes.level_1_code,
    cells.measure,
    cells.value,
    measures.unit,
    case when cells.value is null then 'missing' when cells.value = 0 then 'zero' else 'value' end as status,
    'vipunen/' || cells.resource as source_table,
    landed.snapshot_id
from cells
inner join {{ source('reference', 'measures') }} as measures on cells.measure = measures.measure
left join {{ ref('dim_education') }} as codes on cells.education_code = codes.education_code
left join {{ source('platform', 'landed') }} as landed
    on landed.source = 'vipunen' and cells.resource = landed.resource
