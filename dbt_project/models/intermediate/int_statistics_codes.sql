-- Codes of areas and occupations as the tables of Statistics Finland use them, those that no fact takes up included.
{% set columns = [
    ['stg_statfin__jobseekers_by_area', 'area_code', 'dim_area', area_of('area_code')],
    ['stg_statfin__vacancies_by_occupation', 'area_code', 'dim_area', area_of('area_code')],
    ['stg_statfin__employed_by_occupation_area', 'area_code', 'dim_area', area_of('area_code')],
    ['stg_statfin__employed_by_occupation', 'occupation_code', 'dim_occupation', occupation_of('occupation_code')],
    ['stg_statfin__employed_by_occupation_age', 'occupation_code', 'dim_occupation', occupation_of('occupation_code')],
    ['stg_statfin__employed_by_occupation_area', 'occupation_code', 'dim_occupation', occupation_of('occupation_code')]
] %}
{%- for model, column, dimension, code in columns %}
    select
        '{{ model }}' as dataset,
        '{{ column }}' as column_name,
        '{{ dimension }}' as dimension,
        {{ code }} as code,
        count(*) as row_count
    from {{ ref(model) }}
    group by all
    {%- if not loop.last %}
        union all
    {%- endif %}
{%- endfor %}
