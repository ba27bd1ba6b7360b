select
    release_id,
    opportunity_kind,
    release_number,
    as_of,
    opportunities,
    items,
    grouped_items,
    unclustered_pct,
    smallest_members,
    median_members,
    largest_members,
    ids_kept_pct,
    members_moved_pct,
    size_drift_pct,
    skill_drift,
    map_moved_pct
from {{ source('derived', 'opportunity_evaluation') }}
