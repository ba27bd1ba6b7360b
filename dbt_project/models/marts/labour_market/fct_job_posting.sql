with regions as (
    select map(list(area_code), list(region_code)) as codes
    from {{ ref('dim_area') }}
    where area_level = 'municipality' and region_code is not null
)

select
    posting.posting_id,
    posting.published_at,
    posting.expires_at,
    date_trunc('month', posting.published_at)::date as published_month,
    posting.main_occupation_uri,
    posting.occupation_uris,
    nullif(
        coalesce(occupation.occupation_code, regexp_extract(posting.main_occupation_uri, '/isco/C([0-9]{1,4})$', 1)), ''
    ) as occupation_code,
    posting.industry_code,
    posting.languages,
    posting.title_fi,
    posting.title_sv,
    posting.title_en,
    posting.employment_relationship,
    posting.continuity,
    posting.work_time,
    posting.wage_principle,
    posting.country_codes,
    case
        when len(posting.region_codes) > 0 then posting.region_codes
        else list_sort(list_distinct(list_transform(posting.municipality_codes, lambda code: regions.codes[code])))
    end as region_codes,
    posting.municipality_codes,
    coalesce(posting.open_positions, 1)::integer as open_positions,
    posting.language_skill_uris,
    posting.driving_licence_classes,
    posting.permit_codes,
    posting.required_education_code,
    posting.criminal_record_asked,
    posting.travel_asked,
    posting.flexible_location,
    posting.source_name,
    posting.source_url
from {{ ref('int_job_postings') }} as posting
left join {{ ref('dim_occupation') }} as occupation on posting.main_occupation_uri = occupation.occupation_uri
cross join regions
