-- Skills that postings name and our classification does not know, by how often. National concepts end up here when the
-- classification is plain ESCO.
{{ config(severity = 'warn', meta = {'dagster': {'ref': {'name': 'int_job_postings'}}}) }}

with named as (
    select unnest(skill_uris) as skill_uri
    from {{ ref('int_job_postings') }}
)

select
    named.skill_uri,
    count(*) as mentions
from named
left join {{ ref('dim_skill') }} as skill on named.skill_uri = skill.skill_uri
where skill.skill_uri is null or not (skill.is_current or skill.replaced_by_uri is not null)
group by named.skill_uri
