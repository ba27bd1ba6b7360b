-- Levels of education, levels 1 and 2 of the national classification 2016; names as in dim_education_field.
with told as (
    select
        1 as place,
        right(code_list, 1)::integer as education_level,
        code as education_level_code,
        name_fi,
        name_sv,
        name_en
    from {{ ref('stg_koodisto__code') }}
    where starts_with(code_list, 'kansallinenkoulutusluokitus2016koulutusastetaso')
    {%- for level in [1, 2] %}
        union all
        select
            2 as place,
            {{ level }} as education_level,
            level_{{ level }}_code as education_level_code,
            any_value(level_{{ level }}_name_fi) as name_fi,
            any_value(level_{{ level }}_name_sv) as name_sv,
            any_value(level_{{ level }}_name_en) as name_en
        from {{ ref('stg_vipunen__education_classification') }}
        where regexp_full_match(level_{{ level }}_code, '[0-9]{{ '{' ~ level ~ '}' }}')
        group by level_{{ level }}_code
    {%- endfor %}
    union all
    select
        3 as place,
        1 as education_level,
        education_level_code,
        name_fi,
        name_sv,
        name_en
    from {{ source('reference', 'education_levels') }}
)

select
    education_level_code,
    education_level::integer as education_level,
    case when education_level = 2 then left(education_level_code, 1) end as parent_education_level_code,
    name_fi,
    name_sv,
    name_en
from told
qualify row_number() over (partition by education_level_code order by place) = 1
union all
select
    'SSS' as education_level_code,
    0 as education_level,
    null::varchar as parent_education_level_code,
    'Kaikki koulutusasteet' as name_fi,
    'Alla utbildningsnivåer' as name_sv,
    'All levels' as name_en
