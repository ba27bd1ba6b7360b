{#- The name of a month by its number. -#}
{% macro month_name(number, names) -%}
    ['{{ names | join("', '") }}'][{{ number }}]
{%- endmacro %}
