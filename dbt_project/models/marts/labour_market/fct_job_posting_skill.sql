-- Skills the employer chose, one that ESCO replaced as its successor. A URI our classification does not know, or no longer has,
-- stays out; a warning test counts them.
-- Millions of rows of which few change in a day: postings whose mark is that of the last build stay as they are.
{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        pre_hook="{{ delete_changed(ref('int_posting_skill_marks'), 'posting_id') }}",
        post_hook="{{ remember_marks(ref('int_posting_skill_marks')) }}"
    )
}}

select distinct
    posting.posting_id,
    coalesce(skill.replaced_by_uri, skill.skill_uri) as skill_uri
from (
    select
        posting_id,
        unnest(skill_uris) as skill_uri
    from {{ ref('int_job_postings') }}
    {% if is_incremental() %}
        where posting_id in (
            select marks.posting_id
            from {{ ref('int_posting_skill_marks') }} as marks
            anti join {{ built_marks() }} as built on marks.posting_id = built.posting_id and marks.mark = built.mark
        )
    {% endif %}
) as posting
inner join {{ ref('dim_skill') }} as skill on posting.skill_uri = skill.skill_uri
where skill.is_current or skill.replaced_by_uri is not null
