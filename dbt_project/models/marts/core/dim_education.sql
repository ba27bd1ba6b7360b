-- The classification of all levels comes from Vipunen; Koodisto adds educations and names it lacks.
with listed as (
    select
        code as education_code,
        name_fi,
        name_sv,
        name_en
    from {{ ref('stg_koodisto__code') }}
    where code_list = 'koulutus' and regexp_full_match(code, '[0-9]{6}')
),

classified as (
    select * from {{ ref('stg_vipunen__education_classification') }}
)

select
    coalesce(classified.education_code, listed.education_code) as education_code,
    coalesce(classified.name_fi, listed.name_fi) as name_fi,
    coalesce(classified.name_sv, listed.name_sv) as name_sv,
    coalesce(classified.name_en, listed.name_en) as name_en,
    classified.level_1_code,
    classified.field_1_code,
    classified.field_2_code,
    classified.field_3_code
from listed
full join classified on listed.education_code = classified.education_code
