-- Codes no dimension has and nobody has explained: a dimension lacks them, or known_unmapped.csv a line.
{{ config(severity = 'warn', meta = {'dagster': {'ref': {'name': 'unmapped_codes'}}}) }}

select
    dataset,
    column_name,
    dimension,
    code,
    row_count
from {{ ref('unmapped_codes') }}
where reason_en is null
