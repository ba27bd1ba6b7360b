-- The measures of one application target stand on different rows of the source, so they are summed per key.
with applications as (
    select
        'higher' as sector,
        *
    from {{ ref('stg_vipunen__applicants_higher') }}
    union all by name
    select
        'upper_secondary' as sector,
        *
    from {{ ref('stg_vipunen__applicants_upper_secondary') }}
)

select
    applications.sector,
    applications.start_year as year,
    coalesce(applications.education_code, 'unknown') as education_code,
    coalesce(region.region_code, 'unknown') as region_code,
    any_value(codes.field_1_code) as field_1_code,
    any_value(codes.field_2_code) as field_2_code,
    any_value(codes.level_1_code) as level_1_code,
    sum(applications.places)::bigint as places,
    sum(applications.applicants)::bigint as applicants_persons,
    sum(applications.first_choice_applicants)::bigint as first_choice_applicants_persons,
    sum(applications.selected)::bigint as selected_persons,
    sum(applications.accepted)::bigint as accepted_persons,
    sum(applications.started)::bigint as started_persons
from applications
left join {{ ref('dim_area') }} as region on applications.municipality_code = region.area_code
left join {{ ref('dim_education') }} as codes on applications.education_code = codes.education_code
group by 1, 2, 3, 4
