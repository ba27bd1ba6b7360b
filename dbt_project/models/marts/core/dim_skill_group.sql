-- Groups of skills, four levels of them, so that skills can be counted at any level; the fields of knowledge are ISCED-F's.
with groups as (
    select * from {{ ref('int_esco_concepts') }}
    where concept_type = 'skill_group'
),

ancestors as (
    select
        bridge.concept_uri as group_uri,
        max(bridge.distance) as steps,
        min_by(bridge.broader_uri, (bridge.distance, bridge.broader_uri)) as parent_group_uri,
        max_by(bridge.broader_uri, (bridge.distance, bridge.broader_uri)) as top_group_uri
    from {{ ref('bridge_skill_broader') }} as bridge
    inner join groups on bridge.concept_uri = groups.concept_uri
    group by bridge.concept_uri
)

select
    groups.concept_uri as group_uri,
    coalesce(groups.code, nullif(regexp_extract(groups.concept_uri, '/isced-f/([0-9]+)$', 1), '')) as group_code,
    (coalesce(ancestors.steps, 0) + 1)::integer as group_level,
    ancestors.parent_group_uri,
    coalesce(ancestors.top_group_uri, groups.concept_uri) as top_group_uri,
    groups.name_fi,
    groups.name_sv,
    groups.name_en,
    groups.esco_version,
    groups.is_current,
    groups.replaced_by_uri
from groups
left join ancestors on groups.concept_uri = ancestors.group_uri
