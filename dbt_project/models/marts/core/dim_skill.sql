-- Skills of ESCO, those that a newer version dropped included: what was written with them must stay readable.
with descriptions as (
    select
        concept_uri,
        any_value(description) filter (where language = 'en') as description_en,
        any_value(description) filter (where language = 'fi') as description_fi,
        any_value(description) filter (where language = 'sv') as description_sv
    from {{ ref('stg_esco__description') }}
    group by concept_uri
),

nearest_groups as (
    select
        bridge.concept_uri,
        min_by(groups.group_uri, (bridge.distance, groups.group_uri)) as group_uri
    from {{ ref('bridge_skill_broader') }} as bridge
    inner join {{ ref('dim_skill_group') }} as groups on bridge.broader_uri = groups.group_uri
    group by bridge.concept_uri
)

select
    concept.concept_uri as skill_uri,
    concept.skill_type,
    concept.reuse_level,
    concept.name_fi,
    concept.name_sv,
    concept.name_en,
    nearest_groups.group_uri,
    descriptions.description_fi,
    descriptions.description_sv,
    descriptions.description_en,
    concept.esco_version,
    concept.is_current,
    concept.replaced_by_uri
from {{ ref('int_esco_concepts') }} as concept
left join descriptions on concept.concept_uri = descriptions.concept_uri
left join nearest_groups on concept.concept_uri = nearest_groups.concept_uri
where concept.concept_type = 'skill'
