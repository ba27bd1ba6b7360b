select
    opportunity_kind,
    opportunity_id,
    x,
    y
from {{ source('derived', 'opportunity_map') }}
