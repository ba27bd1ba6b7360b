-- Organisations whose parent has not landed, or that are their own ancestors: they stay, but belong to no provider for certain.
{{ config(severity = 'warn', meta = {'dagster': {'ref': {'name': 'dim_organisation'}}}) }}

select
    organisation_oid,
    parent_oid,
    tree_state
from {{ ref('dim_organisation') }}
where tree_state != 'whole'
