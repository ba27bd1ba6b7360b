select
    release_id,
    opportunity_kind,
    opportunity_id,
    event,
    from_ids,
    overlap
from {{ source('derived', 'opportunity_lineage') }}
