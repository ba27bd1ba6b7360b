{#- A text column with Vipunen's placeholder for 'information missing' as null. -#}
{% macro known_text(column) -%}
    nullif(nullif({{ column }}, 'Tieto puuttuu'), 'Tuntematon')
{%- endmacro %}
