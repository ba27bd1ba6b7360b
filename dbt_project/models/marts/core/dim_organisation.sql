-- The organisations as one tree. The walk goes from the top down, so that what it does not reach lies on a circle of parents or
-- under one; such a row and one whose parent has not landed keep their place in the table, marked, and a warning test names them.
{% set national_root = '1.2.246.562.10.00000000001' %}
{% set kinds = {
    'provider': ['organisaatiotyyppi_01', 'KOULUTUSTOIMIJA'],
    'school': ['organisaatiotyyppi_02', 'OPPILAITOS'],
    'site': ['organisaatiotyyppi_03', 'TOIMIPISTE', 'organisaatiotyyppi_04', 'OPPISOPIMUSTOIMIPISTE'],
    'early_education_provider': ['organisaatiotyyppi_07', 'VARHAISKASVATUKSEN_JARJESTAJA'],
    'early_education_site': ['organisaatiotyyppi_08', 'VARHAISKASVATUKSEN_TOIMIPAIKKA'],
} %}
with recursive organisations as (
    select
        *,
        case
            {%- for kind, types in kinds.items() %}
                when list_has_any(organisation_types, {{ types }}) then '{{ kind }}'
            {%- endfor %}
            else 'other'
        end as organisation_type
    from {{ ref('stg_organisaatio__organisation') }}
),

walk as (
    select
        organisation_oid,
        [organisation_oid] as path_oids,
        case when organisation_type = 'provider' then organisation_oid end as provider_oid,
        case when organisation_type = 'school' then organisation_oid end as school_oid,
        case
            when parent_oid is null or parent_oid = '{{ national_root }}' then 'whole'
            else 'parent_missing'
        end as tree_state
    from organisations
    where
        parent_oid is null
        or parent_oid = '{{ national_root }}'
        or parent_oid not in (select known.organisation_oid from organisations as known)
    union all
    select
        child.organisation_oid,
        list_append(walk.path_oids, child.organisation_oid) as path_oids,
        case when child.organisation_type = 'provider' then child.organisation_oid else walk.provider_oid end as provider_oid,
        case when child.organisation_type = 'school' then child.organisation_oid else walk.school_oid end as school_oid,
        walk.tree_state
    from walk
    inner join organisations as child on walk.organisation_oid = child.parent_oid
)

select
    organisation.organisation_oid,
    organisation.parent_oid,
    organisation.name_fi,
    organisation.name_sv,
    organisation.name_en,
    organisation.organisation_type,
    organisation.school_code,
    organisation.school_type,
    organisation.municipality_code,
    region.region_code,
    organisation.valid_from,
    organisation.valid_to,
    organisation.status = 'AKTIIVINEN' as is_current,
    len(walk.path_oids)::integer as depth,
    walk.path_oids,
    walk.path_oids[1] as root_oid,
    walk.provider_oid,
    walk.school_oid,
    coalesce(walk.tree_state, 'circle') as tree_state
from organisations as organisation
left join walk on organisation.organisation_oid = walk.organisation_oid
left join {{ ref('dim_area') }} as region on organisation.municipality_code = region.area_code
