{#-
    The three language columns of each field as rows of item_kind, item_id, text_kind, language, text.
    `fields` maps a kind of text to the columns' common beginning.
-#}
{% macro texts_of(relation, item_id, item_kind, fields) -%}
{%- for text_kind, prefix in fields.items() -%}
{%- set last_field = loop.last -%}
{%- for language in ['fi', 'sv', 'en'] %}
select
    '{{ item_kind }}' as item_kind,
    {{ item_id }}::varchar as item_id,
    '{{ text_kind }}' as text_kind,
    '{{ language }}' as language,
    {{ prefix }}_{{ language }} as text
from {{ relation }}
{%- if not (loop.last and last_field) %}
union all
{%- endif %}
{%- endfor %}
{%- endfor %}
{%- endmacro %}
