with descriptions as (
    select
        concept_uri,
        any_value(description) filter (where language = 'en') as description_en,
        any_value(description) filter (where language = 'fi') as description_fi,
        any_value(description) filter (where language = 'sv') as description_sv
    from {{ ref('stg_esco__description') }}
    group by concept_uri
),

parents as (
    select
        concept_uri,
        min(broader_uri) as group_uri
    from {{ ref('stg_esco__broader') }}
    group by concept_uri
)

select
    concept.concept_uri as skill_uri,
    concept.skill_type,
    concept.reuse_level,
    names.name_fi,
    names.name_sv,
    names.name_en,
    parents.group_uri,
    descriptions.description_fi,
    descriptions.description_sv,
    descriptions.description_en
from {{ ref('stg_esco__concept') }} as concept
left join {{ ref('int_concept_names') }} as names on concept.concept_uri = names.concept_uri
left join descriptions on concept.concept_uri = descriptions.concept_uri
left join parents on concept.concept_uri = parents.concept_uri
where concept.concept_type = 'skill'
