-- Codes that facts, or the tables of the sources behind them, carry and no dimension has: how many rows, and why if known.
with carried as (
    {{ codes_outside('dim_area', 'area_code', [
        ['dim_organisation', 'municipality_code'],
        ['fct_applicants_yearly', 'region_code'],
        ['fct_application_option', 'municipality_code'], ['fct_application_option', 'region_code'],
        ['fct_benefits', 'municipality_code'], ['fct_benefits_current_borders', 'municipality_code'],
        ['fct_discontinuation_yearly', 'region_code'],
        ['fct_employed_yearly', 'region_code'], ['fct_graduate_placement_yearly', 'region_code'],
        ['fct_guidance_channel', 'municipality_codes', 'list'], ['fct_guidance_service', 'municipality_codes', 'list'],
        ['fct_implementation', 'municipality_codes', 'list'], ['fct_implementation', 'region_codes', 'list'],
        ['fct_job_posting', 'municipality_codes', 'list'], ['fct_job_posting', 'region_codes', 'list'],
        ['fct_population_education_yearly', 'area_code'], ['fct_population_projection_yearly', 'area_code'],
        ['fct_population_yearly', 'area_code'], ['fct_vacancies_monthly', 'region_code'], ['fct_wages_yearly', 'region_code']
    ]) }}
    union all
    {{ codes_outside('dim_occupation', 'occupation_code', [
        ['fct_employed_by_age_yearly', 'occupation_code'], ['fct_employed_yearly', 'occupation_code'],
        ['fct_job_posting', 'occupation_code'], ['fct_vacancies_monthly', 'occupation_code'],
        ['fct_wages_yearly', 'occupation_code']
    ]) }}
    union all
    {{ codes_outside('dim_occupation', 'occupation_uri', [
        ['fct_job_posting', 'main_occupation_uri'], ['fct_job_posting', 'occupation_uris', 'list']
    ]) }}
    union all
    {{ codes_outside('dim_education', 'education_code', [
        ['bridge_education_qualification', 'education_code'], ['fct_applicants_yearly', 'education_code'],
        ['fct_programme', 'education_code'], ['fct_students_yearly', 'education_code']
    ]) }}
    union all
    {{ codes_outside('dim_education_field', 'field_code', [
        ['dim_education', 'field_1_code'], ['dim_education', 'field_2_code'], ['dim_education', 'field_3_code'],
        ['fct_applicants_yearly', 'field_1_code'], ['fct_applicants_yearly', 'field_2_code'],
        ['fct_graduate_placement_yearly', 'education_field_code'],
        ['fct_programme', 'field_1_code'], ['fct_programme', 'field_2_code'],
        ['fct_students_yearly', 'field_1_code'], ['fct_students_yearly', 'field_2_code']
    ]) }}
    union all
    {{ codes_outside('dim_education_level', 'education_level_code', [
        ['dim_education', 'level_1_code'], ['dim_education', 'level_2_code'], ['fct_applicants_yearly', 'level_1_code'],
        ['fct_graduate_placement_yearly', 'education_level_code'], ['fct_programme', 'level_1_code'],
        ['fct_students_yearly', 'level_1_code']
    ]) }}
    union all
    {{ codes_outside('dim_industry', 'industry_code', [
        ['bridge_industry', 'industry_code'], ['fct_employed_by_industry_yearly', 'industry_code'],
        ['fct_job_posting', 'industry_code']
    ]) }}
    union all
    {{ codes_outside('dim_organisation', 'organisation_oid', [
        ['fct_application_option', 'site_oid'], ['fct_implementation', 'school_oid'], ['fct_programme', 'organisation_oid']
    ]) }}
    union all
    select *
    from {{ ref('int_statistics_codes') }}
    where
        (dimension = 'dim_area' and code not in (select known.area_code from {{ ref('dim_area') }} as known))
        or (dimension = 'dim_occupation' and code not in (select known.occupation_code from {{ ref('dim_occupation') }} as known))
)

select
    carried.dataset,
    carried.column_name,
    carried.dimension,
    carried.code,
    carried.row_count,
    reasons.reason_fi,
    reasons.reason_sv,
    reasons.reason_en
from carried
left join {{ source('reference', 'known_unmapped') }} as reasons
    on carried.dimension = reasons.dimension and regexp_full_match(carried.code, reasons.code_pattern)
qualify row_number() over (
    partition by carried.dataset, carried.column_name, carried.code
    order by reasons.position
) = 1
