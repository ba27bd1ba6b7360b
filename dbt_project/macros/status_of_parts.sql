{#- The status of a sum: confidential if any part is, otherwise a part that is no number decides, zero only if all parts are. -#}
{% macro status_of_parts(status) -%}
    case
        when bool_or({{ status }} = 'confidential') then 'confidential'
        when bool_or({{ status }} not in ('value', 'zero'))
            then min({{ status }}) filter (where {{ status }} not in ('value', 'zero'))
        when bool_and({{ status }} = 'zero') then 'zero'
        else 'value'
    end
{%- endmacro %}
