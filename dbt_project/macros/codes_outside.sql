{#- Codes of columns of facts, as rows, that a dimension does not have. -#}
{% macro codes_outside(dimension, key, columns) -%}
{%- for dataset, column in columns %}
    select
        '{{ dataset }}' as dataset,
        '{{ column }}' as column_name,
        '{{ dimension }}' as dimension,
        {{ column }} as code,
        count(*) as row_count
    from {{ ref(dataset) }}
    where {{ column }} is not null and {{ column }} not in (select known.{{ key }} from {{ ref(dimension) }} as known)
    group by {{ column }}
    {%- if not loop.last %}
    union all
    {%- endif %}
{%- endfor %}
{%- endmacro %}
