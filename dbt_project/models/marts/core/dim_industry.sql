-- Industries in force in either edition. A code of 2025 names the code of 2008 it comes from only when there is exactly one.
with items as (
    select
        item.code as industry_code,
        classification.series_id,
        year(classification.edition::date)::integer as edition_year,
        item.item_level,
        item.parent_code,
        item.name_fi,
        coalesce(item.name_sv, item.name_fi) as name_sv,
        coalesce(item.name_en, item.name_fi) as name_en,
        item.classification_id
    from {{ ref('stg_classifications__item') }} as item
    inner join {{ ref('stg_classifications__classification') }} as classification
        on item.classification_id = classification.classification_id
    where classification.series_id = 'toimiala_1'
),

origins as (
    select
        target_code as industry_code,
        count(distinct source_code) as origins,
        min(source_code) as only_code
    from {{ ref('stg_classifications__map') }}
    where source_id like 'toimiala_1_2008%' and target_id like 'toimiala_1_2025%'
    group by target_code
)

select
    items.industry_code,
    items.edition_year,
    items.item_level::integer as industry_level,
    items.parent_code,
    items.name_fi,
    items.name_sv,
    items.name_en,
    case
        when items.edition_year = 2008 then items.industry_code
        when origins.origins = 1 then origins.only_code
    end as industry_code_2008,
    items.edition_year != 2008 and coalesce(origins.origins, 0) != 1 as is_ambiguous
from items
left join origins on items.industry_code = origins.industry_code
