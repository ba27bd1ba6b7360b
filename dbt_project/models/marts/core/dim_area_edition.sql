-- Municipalities and regions as each edition of the classifications has them, the abolished municipalities included.
select
    item.code as area_code,
    case when starts_with(edition.series_id, 'kunta') then 'municipality' else 'region' end as area_level,
    year(edition.edition)::integer as edition_year,
    edition.series_id = 'kunta_2' as includes_abolished,
    edition.edition as valid_from,
    item.name_fi,
    item.name_sv,
    item.name_en
from {{ ref('stg_classifications__item') }} as item
inner join {{ ref('stg_classifications__classification') }} as edition on item.classification_id = edition.classification_id
where edition.series_id in ('kunta_1', 'kunta_2', 'maakunta_1')
