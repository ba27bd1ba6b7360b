-- Every skill and group with each of its ancestors and the shortest way up: a concept may have several parents.
with recursive walk as (
    select
        concept_uri,
        broader_uri,
        1 as distance
    from {{ ref('stg_esco__broader') }}
    union
    select
        walk.concept_uri,
        parents.broader_uri,
        walk.distance + 1 as distance
    from walk
    inner join {{ ref('stg_esco__broader') }} as parents on walk.broader_uri = parents.concept_uri
    where walk.distance < 12
),

skills as (
    select concept_uri from {{ ref('stg_esco__concept') }}
    where concept_type in ('skill', 'skill_group')
)

select
    walk.concept_uri,
    walk.broader_uri,
    min(walk.distance) as distance
from walk
inner join skills on walk.concept_uri = skills.concept_uri
group by walk.concept_uri, walk.broader_uri
