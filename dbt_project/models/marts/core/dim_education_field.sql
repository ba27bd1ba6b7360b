-- Fields of education, levels 1 to 3. Names come from Koodisto, else from Vipunen, else from the list in the code, so that every
-- field an education has is here whatever has landed.
{% set list = 'kansallinenkoulutusluokitus2016koulutusalataso' %}
with told as (
    select
        1 as place,
        right(code_list, 1)::integer as field_level,
        code as field_code,
        name_fi,
        name_sv,
        name_en,
        valid_to
    from {{ ref('stg_koodisto__code') }}
    where starts_with(code_list, '{{ list }}')
    {%- for level in [1, 2, 3] %}
        union all
        select
            2 as place,
            {{ level }} as field_level,
            field_{{ level }}_code as field_code,
            any_value(field_{{ level }}_name_fi) as name_fi,
            any_value(field_{{ level }}_name_sv) as name_sv,
            any_value(field_{{ level }}_name_en) as name_en,
            null::date as valid_to
        from {{ ref('stg_vipunen__education_classification') }}
        where regexp_full_match(field_{{ level }}_code, '[0-9]{{ '{' ~ (level + 1) ~ '}' }}')
        group by field_{{ level }}_code
    {%- endfor %}
    union all
    select
        3 as place,
        len(field_code) - 1 as field_level,
        field_code,
        name_fi,
        name_sv,
        name_en,
        null::date as valid_to
    from {{ source('reference', 'education_fields') }}
)

select
    field_code,
    field_level::integer as field_level,
    case when field_level > 1 then left(field_code, -1) end as parent_field_code,
    '{{ list }}' || field_level || '_' || field_code as field_uri,
    name_fi,
    name_sv,
    name_en,
    valid_to is null as is_current
from told
qualify row_number() over (partition by field_code order by place) = 1
union all
select
    'SSS' as field_code,
    0 as field_level,
    null::varchar as parent_field_code,
    null::varchar as field_uri,
    'Kaikki koulutusalat' as name_fi,
    'Alla utbildningsområden' as name_sv,
    'All fields' as name_en,
    true as is_current
