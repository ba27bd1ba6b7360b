{#-
    Credits as a number. '180+120' means two degrees of 180 and 120: the source sends its number as 180120, so a label
    with a plus sign is added up and a number that large without one is nobody's studies.
-#}
{% macro credits_total(label, number) -%}
    case
        when {{ label }} similar to '[0-9]+\+[0-9]+'
            then split_part({{ label }}, '+', 1)::double + split_part({{ label }}, '+', 2)::double
        when {{ number }} < 1000 then {{ number }}
    end
{%- endmacro %}
