{#-
    Incremental models are kept by marks: a table of `key, mark` says of what each key's rows are made now, and a copy of it
    beside the model, replaced whenever the model is built, says of what they were made.
-#}
{% macro built_marks() -%}
    intermediate.built_{{ this.identifier }}
{%- endmacro %}

{#- Takes out the rows of keys that are gone or made of something else; their new rows are inserted after. -#}
{% macro delete_changed(marks, key) -%}
    {%- if is_incremental() -%}
        delete from {{ this }} where {{ key }} not in (
    select marks.{{ key }}
    from {{ marks }} as marks
    inner join {{ built_marks() }} as built on marks.{{ key }} = built.{{ key }} and marks.mark = built.mark
)
    {%- endif -%}
{%- endmacro %}

{% macro remember_marks(marks) -%}
    create or replace table {{ built_marks() }} as select * from {{ marks }}
{%- endmacro %}
