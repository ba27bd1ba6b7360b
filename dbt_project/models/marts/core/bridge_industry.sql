-- TOL 2025 back to TOL 2008. A code that was put together from several old ones is ambiguous: its numbers belong to all of them.
with maps as (
    select distinct
        target_code as industry_2025_code,
        source_code as industry_code
    from {{ ref('stg_classifications__map') }}
    where starts_with(source_id, 'toimiala_1_2008') and starts_with(target_id, 'toimiala_1_2025')
)

select
    industry_2025_code,
    industry_code,
    count(*) over (partition by industry_2025_code) > 1 as is_ambiguous
from maps
