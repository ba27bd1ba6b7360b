-- TOL 2008. Sections stand in the reference list too, so that every division has one whatever has landed. The total and sections
-- that statistics give together are members beside them, each its own section.
with landed as (
    select
        item.code as industry_code,
        item.parent_code,
        item.name_fi,
        item.name_sv,
        item.name_en
    from {{ ref('stg_classifications__item') }} as item
    where starts_with(item.classification_id, 'toimiala_1_2008') and item.code != 'SSS'
),

sections as (
    select * from {{ source('reference', 'industry_sections') }}
),

every_code as (
    select * from landed
    union all
    select
        section_code as industry_code,
        null::varchar as parent_code,
        name_fi,
        name_sv,
        name_en
    from sections
    where section_code not in (select known.industry_code from landed as known)
    union all
    select
        industry_code,
        null::varchar as parent_code,
        name_fi,
        name_sv,
        name_en
    from {{ source('reference', 'industry_classes') }}
)

select
    every_code.industry_code,
    case
        when every_code.industry_code = 'SSS' then 0
        when regexp_matches(every_code.industry_code, '^[A-Z]') then 1
        else length(every_code.industry_code)
    end::integer as industry_level,
    every_code.parent_code,
    coalesce(sections.section_code, every_code.industry_code) as section_code,
    every_code.name_fi,
    every_code.name_sv,
    every_code.name_en
from every_code
left join sections on left(every_code.industry_code, 2) between sections.first_division and sections.last_division
