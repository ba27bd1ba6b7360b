-- Services of guidance and counselling, with where they are given. A service without areas is nationwide.
with areas as (
    select
        service_id,
        list_sort(list(distinct municipality_code) filter (where municipality_code is not null)) as municipality_codes
    from {{ ref('stg_ptv__service_area') }}
    group by service_id
)

select
    service.service_id,
    service.name_fi,
    service.name_sv,
    service.name_en,
    service.summary_fi,
    service.summary_sv,
    service.summary_en,
    service.service_type,
    service.charge_type,
    service.languages,
    service.service_class_uris,
    service.target_group_uris,
    service.area_type,
    coalesce(areas.municipality_codes, []) as municipality_codes,
    service.channel_ids,
    service.modified_at
from {{ ref('stg_ptv__service') }} as service
left join areas on service.service_id = areas.service_id
