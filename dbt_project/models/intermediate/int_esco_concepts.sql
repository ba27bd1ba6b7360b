-- Every ESCO concept we have seen: those of the version that serves, those that only an older file still describes, and those
-- that a version dropped. A dropped one keeps its names and the version it was last seen with.
with newest as (
    select
        concept_type,
        max_by(version, string_split(version, '.')::integer[]) as version
    from {{ ref('stg_esco__concept') }}
    group by concept_type
),

described as (
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
        coalesce(concept.version = newest.version, true) as is_current
    from {{ ref('stg_esco__concept') }} as concept
    left join newest on concept.concept_type = newest.concept_type
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
    where change.change = 'gone' and change.concept_uri not in (select known.concept_uri from described as known)
    qualify row_number() over (partition by change.concept_uri order by change.source_document desc) = 1
),

seen as (
    select * from described
    union all by name
    select * from dropped
)

select
    seen.*,
    replacements.replaced_by_uri
from seen
left join {{ source('reference', 'esco_replacements') }} as replacements on seen.concept_uri = replacements.concept_uri
