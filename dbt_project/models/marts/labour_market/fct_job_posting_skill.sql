-- Skills the employer chose. A URI our classification does not know stays out; a warning test counts them.
select distinct
    posting.posting_id,
    posting.skill_uri
from (
    select
        posting_id,
        unnest(skill_uris) as skill_uri
    from {{ ref('int_job_postings') }}
) as posting
inner join {{ ref('dim_skill') }} as skill on posting.skill_uri = skill.skill_uri
