{#-
    Cells of a table of Statistics Finland in the one form all statistical facts have: keys, measure, value, unit, status,
    source_table, snapshot_id. Content codes that no line of reference.source_measures names stay out; a test lists them.
    The source writes a zero as '-' or as 0: whole things counted as 0 are a true zero too, a rate or thousands of people may
    have been rounded to 0 and stay a value.
-#}
{% macro tidy(relation, source_table, keys) -%}
    select
        {%- for name, expression in keys.items() %}
        {{ expression }} as {{ name }},
        {%- endfor %}
        measures.measure,
        cells.value,
        measures.unit,
        case
            when cells.value = 0 and measures.unit in ('degrees', 'persons', 'places', 'vacancies') then 'zero'
            else cells.status
        end as status,
        '{{ source_table }}' as source_table,
        landed.snapshot_id
    from {{ relation }} as cells
    inner join {{ source('reference', 'source_measures') }} as named
        on cells.measure = named.source_measure and named.source_table = '{{ source_table }}'
    inner join {{ source('reference', 'measures') }} as measures on named.measure = measures.measure
    left join {{ source('platform', 'landed') }} as landed
        on landed.source = 'statfin' and landed.resource = '{{ source_table.replace('/', '_') }}'
{%- endmacro %}
{#- An area of Statistics Finland as dim_area codes it: MK01 and 01 are region 01, KU091 is municipality 091, SS the country. -#}
{% macro area_of(code) -%}
    case when {{ code }} in ('SSS', 'SS') then 'SSS' else regexp_replace({{ code }}, '^(MK|KU)', '') end
{%- endmacro %}
{#- An occupation of Statistics Finland as dim_occupation codes it: the total is SSS in every table. -#}
{% macro occupation_of(code) -%}
    case when {{ code }} = 'SSSSS' then 'SSS' else {{ code }} end
{%- endmacro %}
