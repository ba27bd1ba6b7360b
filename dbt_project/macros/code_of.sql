{#- The code in a koodi URI: `091` of `kunta_091`. -#}
{% macro code_of(uri) -%}
    split_part({{ uri }}, '_', 2)
{%- endmacro %}
