-- One dimension for statistics, postings and ESCO: the national classification 2010 (ISCO-08 down to four digits, its own fifth
-- level), the classes that statistics use beside it, and ESCO occupations below their unit group.
with recursive isco_groups as (
    select * from {{ ref('int_esco_concepts') }}
    where concept_type = 'isco_group'
),

national_groups as (
    select * from {{ ref('stg_classifications__item') }}
    where starts_with(classification_id, 'ammatti_1_2010') and not starts_with(code, 'SSS')
),

groups as (
    select
        coalesce(isco.concept_uri, national.classification_id || '/' || national.code) as occupation_uri,
        coalesce(isco.code, national.code) as occupation_code,
        coalesce(national.name_fi, isco.name_fi) as name_fi,
        coalesce(national.name_sv, isco.name_sv) as name_sv,
        coalesce(national.name_en, isco.name_en) as name_en,
        isco.esco_version
    from isco_groups as isco
    full join national_groups as national on isco.code = national.code
),

occupations as (
    select * from {{ ref('int_esco_concepts') }}
    where concept_type = 'occupation'
),

steps_up as (
    select
        concept_uri as occupation_uri,
        concept_uri as reached_uri,
        0 as distance
    from occupations
    union
    select
        steps_up.occupation_uri,
        broader.broader_uri as reached_uri,
        steps_up.distance + 1 as distance
    from steps_up
    inner join {{ ref('stg_esco__broader') }} as broader on steps_up.reached_uri = broader.concept_uri
    where steps_up.distance < 12
),

nearest_groups as (
    select
        steps_up.occupation_uri,
        min_by(isco_groups.code, (steps_up.distance, isco_groups.code)) as unit_group_code
    from steps_up
    inner join isco_groups on steps_up.reached_uri = isco_groups.concept_uri
    group by steps_up.occupation_uri
),

parents as (
    select
        occupation_uri,
        min(reached_uri) as parent_uri
    from steps_up
    where distance = 1
    group by occupation_uri
),

classes as (
    select
        occupation_uri,
        occupation_code,
        occupation_level,
        name_fi,
        name_sv,
        name_en
    from {{ source('reference', 'occupation_classes') }}
),

members as (
    select
        groups.occupation_uri,
        groups.occupation_code,
        case
            when starts_with(groups.occupation_code, 'X') then 'unclassified'
            else
                ['major_group', 'sub_major_group', 'minor_group', 'unit_group', 'national_group'][len(groups.occupation_code)]
        end as occupation_level,
        broader.occupation_uri as parent_uri,
        null::varchar as esco_code,
        groups.name_fi,
        groups.name_sv,
        groups.name_en,
        groups.esco_version,
        true as is_current,
        null::varchar as replaced_by_uri
    from groups
    left join groups as broader
        on left(groups.occupation_code, -1) = broader.occupation_code and not starts_with(groups.occupation_code, 'X')
    union all by name
    select
        occupations.concept_uri as occupation_uri,
        coalesce(nearest_groups.unit_group_code, regexp_extract(occupations.code, '^([0-9]{4})', 1)) as occupation_code,
        'occupation' as occupation_level,
        coalesce(parents.parent_uri, unit_groups.concept_uri) as parent_uri,
        case when contains(occupations.code, '.') then occupations.code end as esco_code,
        occupations.name_fi,
        occupations.name_sv,
        occupations.name_en,
        occupations.esco_version,
        occupations.is_current,
        occupations.replaced_by_uri
    from occupations
    left join nearest_groups on occupations.concept_uri = nearest_groups.occupation_uri
    left join parents on occupations.concept_uri = parents.occupation_uri
    left join isco_groups as unit_groups on regexp_extract(occupations.code, '^([0-9]{4})', 1) = unit_groups.code
    union all by name
    select
        *,
        true as is_current
    from classes
    where occupation_code not in (select groups.occupation_code from groups)
)

select
    members.occupation_uri,
    members.occupation_code,
    members.occupation_level,
    members.parent_uri,
    members.esco_code,
    nullif(regexp_extract(members.occupation_code, '^[0-9]{1}'), '') as major_group_code,
    nullif(regexp_extract(members.occupation_code, '^[0-9]{2}'), '') as sub_major_group_code,
    nullif(regexp_extract(members.occupation_code, '^[0-9]{3}'), '') as minor_group_code,
    nullif(regexp_extract(members.occupation_code, '^[0-9]{4}'), '') as unit_group_code,
    coalesce(
        case when members.occupation_level = 'occupation' then exceptions.esco_occupations_in end,
        nullif(regexp_extract(members.occupation_code, '^[0-9]{4}'), '')
    ) as statistics_group_code,
    members.name_fi,
    members.name_sv,
    members.name_en,
    case when members.occupation_level = 'unit_group' then exceptions.content_fi end as national_content_fi,
    case when members.occupation_level = 'unit_group' then exceptions.content_sv end as national_content_sv,
    case when members.occupation_level = 'unit_group' then exceptions.content_en end as national_content_en,
    members.esco_version,
    members.is_current,
    members.replaced_by_uri
from members
left join {{ source('reference', 'occupation_exceptions') }} as exceptions
    on members.occupation_code = exceptions.occupation_code
