{#- Codes of columns [model, column], as rows, that a dimension does not have; ['model', 'column', 'list'] where a row has several. -#}
{% macro codes_outside(dimension, key, columns) -%}
{%- for column in columns %}
    select
        '{{ column[0] }}' as dataset,
        '{{ column[1] }}' as column_name,
        '{{ dimension }}' as dimension,
        carried.code,
        count(*) as row_count
    from (select {{ 'unnest(' ~ column[1] ~ ')' if column[2] else column[1] }} as code from {{ ref(column[0]) }}) as carried
    where carried.code is not null and carried.code not in (select known.{{ key }} from {{ ref(dimension) }} as known)
    group by carried.code
    {%- if not loop.last %}
    union all
    {%- endif %}
{%- endfor %}
{%- endmacro %}
