with places as (
    select
        implementation_oid,
        list_sort(list_distinct(list(region.region_code) filter (where region.region_code is not null))) as region_codes
    from (
        select
            implementation_oid,
            unnest(municipality_codes) as municipality_code
        from {{ ref('int_implementations') }}
    )
    left join {{ ref('dim_area') }} as region on region.area_code = municipality_code
    group by implementation_oid
)

select
    implementation.implementation_oid,
    implementation.programme_oid,
    implementation.name_fi,
    implementation.name_sv,
    implementation.name_en,
    implementation.school_oids[1] as school_oid,
    implementation.municipality_codes,
    coalesce(places.region_codes, []) as region_codes,
    implementation.teaching_language_uris,
    implementation.teaching_time_uris,
    implementation.teaching_mode_uris,
    implementation.fee_types,
    implementation.duration_months,
    implementation.start_year,
    implementation.start_season,
    implementation.has_document
from {{ ref('int_implementations') }} as implementation
left join places on implementation.implementation_oid = places.implementation_oid
