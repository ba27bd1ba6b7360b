-- Six-digit educations of every time, with level, fields and qualification type. What Vipunen's classification says comes first;
-- Koodisto adds educations it lacks, the days a code is in force, and the relations that give its level, fields and type.
with listed as (
    select
        code as education_code,
        name_fi,
        name_sv,
        name_en,
        valid_from,
        valid_to
    from {{ ref('stg_koodisto__code') }}
    where code_list = 'koulutus' and regexp_full_match(code, '[0-9]{6}')
),

classified as (
    select * from {{ ref('stg_vipunen__education_classification') }}
),

related as (
    select
        {{ code_of('code_uri') }} as education_code,
        split_part(related_uri, '_', 1) as code_list,
        {{ code_of('related_uri') }} as code
    from {{ ref('stg_koodisto__relation') }}
    where starts_with(code_uri, 'koulutus_')
    union
    select
        {{ code_of('related_uri') }} as education_code,
        split_part(code_uri, '_', 1) as code_list,
        {{ code_of('code_uri') }} as code
    from {{ ref('stg_koodisto__relation') }}
    where starts_with(related_uri, 'koulutus_')
),

-- what is in force is told by the day the list was read, so that the same landing gives the same table
read_on as (
    select max(fetched_at)::date as day
    from {{ source('platform', 'landed') }}
    where source = 'koodisto' and resource = 'codes'
),

relations as (
    select
        education_code,
        {%- for name, list in [('level_1_code', 'koulutusastetaso1'), ('level_2_code', 'koulutusastetaso2'),
            ('field_1_code', 'koulutusalataso1'), ('field_2_code', 'koulutusalataso2'), ('field_3_code', 'koulutusalataso3')] %}
            min(code) filter (where code_list = 'kansallinenkoulutusluokitus2016{{ list }}') as {{ name }},
        {%- endfor %}
        list_sort(list(distinct code) filter (where code_list = 'koulutustyyppi')) as programme_type_codes
    from related
    group by education_code
)

select
    coalesce(classified.education_code, listed.education_code) as education_code,
    coalesce(classified.name_fi, listed.name_fi) as name_fi,
    coalesce(classified.name_sv, listed.name_sv) as name_sv,
    coalesce(classified.name_en, listed.name_en) as name_en,
    coalesce(classified.level_1_code, relations.level_1_code) as level_1_code,
    coalesce(classified.level_2_code, relations.level_2_code) as level_2_code,
    coalesce(classified.field_1_code, relations.field_1_code) as field_1_code,
    coalesce(classified.field_2_code, relations.field_2_code) as field_2_code,
    coalesce(classified.field_3_code, relations.field_3_code) as field_3_code,
    coalesce(relations.programme_type_codes, []) as programme_type_codes,
    listed.valid_from,
    listed.valid_to,
    coalesce(listed.valid_to >= read_on.day, true) as is_current
from listed
full join classified on listed.education_code = classified.education_code
left join relations on coalesce(classified.education_code, listed.education_code) = relations.education_code
cross join read_on
