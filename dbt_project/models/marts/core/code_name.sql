-- For release: what the codes of the other published datasets are called, so that they can be read without the warehouse.
{% set lists = [
    ('area', 'dim_area', 'area_code', 'true'),
    ('occupation_group', 'dim_occupation', 'occupation_code', "occupation_level != 'occupation'"),
    ('occupation', 'dim_occupation', 'occupation_uri', "occupation_level = 'occupation'"),
    ('education_field', 'dim_education_field', 'field_code', 'true'),
    ('education_level', 'dim_education_level', 'education_level_code', 'true'),
    ('industry', 'dim_industry', 'industry_code', 'true'),
    ('skill', 'dim_skill', 'skill_uri', 'true'),
] %}
{% for code_list, dimension, code, condition in lists %}
    select
        '{{ code_list }}' as code_list,
        {{ code }} as code,
        name_fi,
        name_sv,
        name_en
    from {{ ref(dimension) }}
    where {{ condition }} and coalesce(name_fi, name_sv, name_en) is not null
    {% if not loop.last %}union all{% endif %}
{% endfor %}
