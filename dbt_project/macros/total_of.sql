{#- A code of Statistics Finland whose total is SSS in every fact: its tables call it S, SS or SSS. -#}
{% macro total_of(code) -%}
    case when {{ code }} in ('S', 'SS') then 'SSS' else {{ code }} end
{%- endmacro %}
