-- Municipalities whose successor Statistics Finland's correspondence gives otherwise than the list in the code. The bridge
-- follows the list for codes it has, so a line here means that the list is wrong or older than the correspondence.
{{ config(severity = 'warn', group = 'core', meta = {'dagster': {'ref': {'name': 'bridge_municipality'}}}) }}

with told as (
    select
        source_code as municipality_code,
        list_sort(list(distinct target_code)) as successors
    from {{ ref('stg_classifications__map') }}
    where source_id like 'kunta_2_%' and target_id like 'kunta_1_%' and source_code != target_code
    group by source_code
),

bridged as (
    select
        municipality_code,
        list_sort(list(distinct current_municipality_code)) as successors
    from {{ ref('bridge_municipality') }}
    group by municipality_code
)

select
    told.municipality_code,
    told.successors as told_successors,
    bridged.successors as listed_successors
from told
left join bridged on told.municipality_code = bridged.municipality_code
where told.successors is distinct from bridged.successors
