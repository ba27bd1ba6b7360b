{#- A text column with Vipunen's placeholders for 'information missing' and 'unknown', in each language, as null. -#}
{% macro known_text(column) -%}
    case
        when {{ column }} not in (
            'Tieto puuttuu', 'Tuntematon', 'Information saknas', 'Okänd', 'Missing data', 'Unknown'
        ) then {{ column }}
    end
{%- endmacro %}
