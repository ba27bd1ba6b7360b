select
    concept.concept_uri as occupation_uri,
    concept.code as occupation_code,
    case
        when concept.concept_type = 'occupation' then 'occupation'
        else ['major_group', 'sub_major_group', 'minor_group', 'unit_group'][len(concept.code)]
    end as occupation_level,
    names.name_fi,
    names.name_sv,
    names.name_en
from {{ ref('stg_esco__concept') }} as concept
left join {{ ref('int_concept_names') }} as names on concept.concept_uri = names.concept_uri
where concept.concept_type in ('occupation', 'isco_group')
