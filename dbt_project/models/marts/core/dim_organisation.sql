select
    organisation.organisation_oid,
    organisation.parent_oid,
    organisation.name_fi,
    organisation.name_sv,
    organisation.name_en,
    case
        when list_contains(organisation.organisation_types, 'organisaatiotyyppi_01') then 'provider'
        when list_contains(organisation.organisation_types, 'organisaatiotyyppi_02') then 'school'
        when list_contains(organisation.organisation_types, 'organisaatiotyyppi_03') then 'site'
        else 'other'
    end as organisation_type,
    organisation.school_code,
    organisation.school_type,
    organisation.municipality_code,
    region.region_code,
    organisation.valid_from,
    organisation.valid_to
from {{ ref('stg_organisaatio__organisation') }} as organisation
left join {{ ref('dim_area') }} as region on organisation.municipality_code = region.area_code
