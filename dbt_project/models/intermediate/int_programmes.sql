-- Programmes as listed by the search, completed from their documents where we have them.
with documents as (
    select * from {{ ref('stg_opintopolku__programme') }}
),

listed as (
    select * from {{ ref('stg_opintopolku__listed_programme') }}
)

select
    listed.programme_oid,
    coalesce(document.name_fi, listed.name_fi) as name_fi,
    coalesce(document.name_sv, listed.name_sv) as name_sv,
    coalesce(document.name_en, listed.name_en) as name_en,
    listed.languages,
    listed.programme_type,
    document.leads_to_degree,
    coalesce(document.education_codes, listed.education_codes) as education_codes,
    coalesce(document.field_uris, []) as field_uris,
    coalesce(document.level_uris, []) as level_uris,
    document.organisation_oid,
    coalesce(listed.eperuste_id, document.eperuste_id) as eperuste_id,
    {{
        credits_total(
            'coalesce(document.credits_label, listed.credits_label)',
            'coalesce(document.credits_number, listed.credits_number)'
        )
    }} as credits,
    coalesce(document.credits_unit, listed.credits_unit) as credits_unit,
    coalesce(document.degree_title_fi, listed.degree_title_fi) as degree_title_fi,
    coalesce(document.degree_title_sv, listed.degree_title_sv) as degree_title_sv,
    coalesce(document.degree_title_en, listed.degree_title_en) as degree_title_en,
    coalesce(document.description_fi, listed.description_fi) as description_fi,
    coalesce(document.description_sv, listed.description_sv) as description_sv,
    coalesce(document.description_en, listed.description_en) as description_en,
    coalesce(document.outcomes_fi, listed.outcomes_fi) as outcomes_fi,
    coalesce(document.outcomes_sv, listed.outcomes_sv) as outcomes_sv,
    coalesce(document.outcomes_en, listed.outcomes_en) as outcomes_en,
    document.modified_at,
    document.programme_oid is not null as has_document
from listed
left join documents as document on listed.programme_oid = document.programme_oid
