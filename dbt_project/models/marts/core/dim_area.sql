-- The country, regions and municipalities of every time, and the classes that code lists keep beside municipalities. What a list
-- still shows as valid is not current when a newer change has abolished it.
with codes as (
    select * from {{ ref('stg_koodisto__code') }}
),

classes as (
    select * from {{ source('reference', 'area_classes') }}
),

abolished as (
    select distinct municipality_code
    from {{ ref('bridge_municipality') }}
    where event != 'same'
),

listed_regions as (
    select * from codes
    where code_list = 'maakunta' and valid_to is null
),

listed_municipalities as (
    select * from codes
    where code_list = 'kunta' and code not in (select classes.area_code from classes)
),

regions as (
    select
        coalesce(listed.code, reference.region_code) as area_code,
        coalesce(listed.name_fi, reference.name_fi) as name_fi,
        coalesce(listed.name_sv, reference.name_sv) as name_sv,
        coalesce(listed.name_en, reference.name_en) as name_en
    from {{ source('reference', 'regions') }} as reference
    full join listed_regions as listed on reference.region_code = listed.code
),

memberships as (
    select
        {{ code_of('code_uri') }} as municipality_code,
        min({{ code_of('related_uri') }}) as region_code
    from {{ ref('stg_koodisto__relation') }}
    where starts_with(code_uri, 'kunta_') and starts_with(related_uri, 'maakunta_')
    group by 1
),

municipalities as (
    select
        coalesce(listed.code, reference.municipality_code) as area_code,
        coalesce(memberships.region_code, reference.region_code) as region_code,
        coalesce(listed.name_fi, reference.name_fi) as name_fi,
        coalesce(listed.name_sv, reference.name_sv) as name_sv,
        coalesce(listed.name_en, listed.name_fi, reference.name_fi) as name_en,
        coalesce(listed.valid_to is null, true)
        and coalesce(listed.code, reference.municipality_code) not in (select abolished.municipality_code from abolished)
            as is_current,
        reference.population_persons
    from {{ source('reference', 'municipalities') }} as reference
    full join listed_municipalities as listed on reference.municipality_code = listed.code
    left join memberships on coalesce(listed.code, reference.municipality_code) = memberships.municipality_code
)

select
    'SSS' as area_code,
    'country' as area_level,
    null::varchar as region_code,
    'Koko maa' as name_fi,
    'Hela landet' as name_sv,
    'Whole country' as name_en,
    true as is_current,
    sum(population_persons)::bigint as population_persons
from municipalities
union all
select
    regions.area_code,
    'region' as area_level,
    regions.area_code as region_code,
    regions.name_fi,
    regions.name_sv,
    regions.name_en,
    true as is_current,
    sum(municipalities.population_persons)::bigint as population_persons
from regions
left join municipalities on regions.area_code = municipalities.region_code
group by all
union all
select
    area_code,
    'municipality' as area_level,
    region_code,
    name_fi,
    name_sv,
    name_en,
    is_current,
    population_persons
from municipalities
union all
select
    region_code as area_code,
    'region' as area_level,
    region_code,
    name_fi,
    name_sv,
    name_en,
    false as is_current,
    null::bigint as population_persons
from {{ source('reference', 'former_regions') }}
where region_code not in (select regions.area_code from regions)
union all
select
    area_code,
    'unclassified' as area_level,
    null::varchar as region_code,
    name_fi,
    name_sv,
    name_en,
    true as is_current,
    null::bigint as population_persons
from classes
