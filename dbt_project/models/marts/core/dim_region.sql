with regions as (
    select
        coalesce(code.code, reference.region_code) as area_code,
        coalesce(code.name_fi, reference.name_fi) as name_fi,
        coalesce(code.name_sv, reference.name_sv) as name_sv,
        coalesce(code.name_en, reference.name_en) as name_en
    from {{ source('reference', 'regions') }} as reference
    full join (
        select * from {{ ref('stg_koodisto__code') }} where code_list = 'maakunta' and valid_to is null
    ) as code on reference.region_code = code.code
),

memberships as (
    select {{ code_of('code_uri') }} as municipality_code, min({{ code_of('related_uri') }}) as region_code
    from {{ ref('stg_koodisto__relation') }}
    where code_uri like 'kunta\_%' escape '\' and related_uri like 'maakunta\_%' escape '\'
    group by 1
),

municipalities as (
    select
        coalesce(code.code, reference.municipality_code) as area_code,
        coalesce(memberships.region_code, reference.region_code) as region_code,
        coalesce(code.name_fi, reference.name_fi) as name_fi,
        coalesce(code.name_sv, reference.name_sv) as name_sv,
        coalesce(code.name_en, code.name_fi, reference.name_fi) as name_en,
        coalesce(code.valid_to is null, true) as is_current,
        reference.population_persons
    from {{ source('reference', 'municipalities') }} as reference
    full join (
        select * from {{ ref('stg_koodisto__code') }} where code_list = 'kunta'
    ) as code on reference.municipality_code = code.code
    left join memberships on memberships.municipality_code = coalesce(code.code, reference.municipality_code)
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
