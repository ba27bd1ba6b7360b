-- One row per implementation: the search lists it once per school.
with listed as (
    select
        implementation_oid,
        min(programme_oid) as programme_oid,
        min(name_fi) as name_fi,
        min(name_sv) as name_sv,
        min(name_en) as name_en,
        list_sort(list(distinct school_oid)) as school_oids,
        list_sort(list_distinct(flatten(list(coalesce(municipality_codes, []))))) as municipality_codes
    from {{ ref('stg_opintopolku__listed_implementation') }}
    group by implementation_oid
)

select
    listed.implementation_oid,
    listed.programme_oid,
    coalesce(document.name_fi, listed.name_fi) as name_fi,
    coalesce(document.name_sv, listed.name_sv) as name_sv,
    coalesce(document.name_en, listed.name_en) as name_en,
    listed.school_oids,
    case
        when len(listed.municipality_codes) > 0 then listed.municipality_codes
        else coalesce(document.municipality_codes, [])
    end as municipality_codes,
    coalesce(document.teaching_language_uris, []) as teaching_language_uris,
    document.teaching_time_uris,
    document.teaching_mode_uris,
    document.fee_types,
    document.duration_months,
    document.start_year,
    document.start_season,
    coalesce(document.keywords, []) as keywords,
    coalesce(document.occupation_titles, []) as occupation_titles,
    document.description_fi,
    document.description_sv,
    document.description_en,
    document.outcomes_fi,
    document.outcomes_sv,
    document.outcomes_en,
    document.modified_at,
    document.implementation_oid is not null as has_document
from listed
left join {{ ref('stg_opintopolku__implementation') }} as document on listed.implementation_oid = document.implementation_oid
