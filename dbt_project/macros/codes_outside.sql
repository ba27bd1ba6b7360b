{#- Codes of columns [model, column], as rows, that a dimension does not have. -#}
{% macro codes_outside(dimension, key, columns) -%}
{%- for column in columns %}
    select
        '{{ column[0] }}' as dataset,
        '{{ column[1] }}' as column_name,
        '{{ dimension }}' as dimension,
        {{ column[1] }} as code,
        count(*) as row_count
    from {{ ref(column[0]) }}
    where {{ column[1] }} is not null and {{ column[1] }} not in (select known.{{ key }} from {{ ref(dimension) }} as known)
    group by {{ column[1] }}
    {%- if not loop.last %}
    union all
    {%- endif %}
{%- endfor %}
{%- endmacro %}
