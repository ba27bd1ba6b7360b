-- The hierarchy of skills: a skill may stand under several groups and skills.
select distinct
    broader.concept_uri as skill_uri,
    broader.broader_uri
from {{ ref('stg_esco__broader') }} as broader
inner join {{ ref('dim_skill') }} as skill on broader.concept_uri = skill.skill_uri
