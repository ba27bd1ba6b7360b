-- Codes that facts, or the tables of the sources behind them, carry and no dimension has: how many rows, and why if known.
with carried as (
    {{ codes_outside('dim_area', 'area_code', [
        ['fct_vacancies_monthly', 'region_code'], ['fct_wages_yearly', 'region_code'], ['fct_employed_yearly', 'region_code'],
        ['fct_population_yearly', 'area_code'], ['fct_population_projection_yearly', 'area_code'],
        ['fct_population_education_yearly', 'area_code'], ['fct_graduate_placement_yearly', 'region_code'],
        ['fct_benefits', 'municipality_code'], ['fct_applicants_yearly', 'region_code'],
        ['dim_organisation', 'municipality_code']
    ]) }}
    union all
    {{ codes_outside('dim_occupation', 'occupation_code', [
        ['fct_vacancies_monthly', 'occupation_code'], ['fct_wages_yearly', 'occupation_code'],
        ['fct_employed_yearly', 'occupation_code'], ['fct_job_posting', 'occupation_code']
    ]) }}
    union all
    {{ codes_outside('dim_education', 'education_code', [['fct_applicants_yearly', 'education_code']]) }}
    union all
    {{ codes_outside('dim_education_field', 'field_code', [['fct_graduate_placement_yearly', 'education_field_code']]) }}
    union all
    {{ codes_outside('dim_education_level', 'education_level_code', [
        ['fct_graduate_placement_yearly', 'education_level_code']
    ]) }}
    union all
    {{ codes_outside('dim_industry', 'industry_code', [['fct_job_posting', 'industry_code']]) }}
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
