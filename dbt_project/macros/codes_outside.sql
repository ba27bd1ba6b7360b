{#- Codes of columns, as rows, that a dimension does not have. A column is [model, column] or [model, column, expression]. -#}
{% macro codes_outside(dimension, key, columns) -%}
{%- for column in columns %}
    {%- set code = column[2] if column | length > 2 else column[1] %}
    select
        '{{ column[0] }}' as dataset,
        '{{ column[1] }}' as column_name,
        '{{ dimension }}' as dimension,
        {{ code }} as code,
        count(*) as row_count
    from {{ ref(column[0]) }}
    where {{ code }} is not null and {{ code }} not in (select known.{{ key }} from {{ ref(dimension) }} as known)
    group by {{ code }}
    {%- if not loop.last %}
    union all
    {%- endif %}
{%- endfor %}
{%- endmacro %}
