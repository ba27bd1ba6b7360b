-- Every ESCO concept we have seen: those of the version that serves, those only an older file still describes, and those a version
-- dropped. A dropped one keeps the names and the version it was last seen with.
with described as (
    select
        concept.concept_uri,
        concept.concept_type,
        concept.code,
        concept.skill_type,
        concept.reuse_level,
        names.name_fi,
        names.name_sv,
        names.name_en,
        concept.version as esco_version,
        concept.version is not distinct from max_by(concept.version, string_split(concept.version, '.')::integer [])
            over (partition by concept.concept_type) as is_current
    from {{ ref('stg_esco__concept') }} as concept
    left join {{ ref('int_concept_names') }} as names on concept.concept_uri = names.concept_uri
),

dropped as (
    select
        change.concept_uri,
        change.concept_type,
        change.code_before as code,
        change.label_fi_before as name_fi,
        change.label_sv_before as name_sv,
        change.label_en_before as name_en,
        change.version_before as esco_version,
        false as is_current
    from {{ ref('stg_esco__change') }} as change
    where change.change = 'gone' and change.concept_uri not in (select described.concept_uri from described)
    qualify row_number() over (partition by change.concept_uri order by change.source_document desc) = 1
)

select
    concepts.*,
    replacements.replaced_by_uri
from (
    select * from described
    union all by name
    select * from dropped
) as concepts
left join {{ source('reference', 'esco_replacements') }} as replacements on concepts.concept_uri = replacements.concept_uri
