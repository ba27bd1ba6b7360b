{#-
    Moves the rows of a mart that break a rule of severity quarantine to `quality.quarantine`, as soon as the mart is built:
    what is built on it, and its tests, see the rest. The rules come from the contract, as meta of the model.
-#}
{% macro set_rows_aside() -%}
{%- set rules = (model.config.meta or {}).get('quarantine', []) -%}
{%- if execute and rules %}
delete from quality.quarantine where dataset = '{{ this.identifier }}';
insert into quality.quarantine by name
with judged as (
    select
        *,
        case
            {%- for rule in rules %}
            when {{ rule.broken }} then {{ loop.index }}
            {%- endfor %}
        end as broken_rule
    from {{ this }}
)
{%- for rule in rules %}
select
    '{{ this.identifier }}' as dataset,
    {% if 'source_document' in model.columns %}source_document{% else %}null::varchar{% endif %} as source_document,
    '{{ rule.column }}' as "column",
    '{{ rule.rule | replace("'", "''") }}' as rule,
    "{{ rule.column }}"::varchar as value,
    (to_json(judged)::json)::varchar as row
from judged where broken_rule = {{ loop.index }}
{%- if not loop.last %}
union all
{%- endif %}
{%- endfor %};
delete from {{ this }} where {% for rule in rules %}coalesce({{ rule.broken }}, false){% if not loop.last %} or {% endif %}{% endfor %};
{%- endif %}
{%- endmacro %}
