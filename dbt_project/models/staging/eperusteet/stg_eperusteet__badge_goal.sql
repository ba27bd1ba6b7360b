select
    badge_id,
    goal_id,
    badge_uri,
    badge_name_fi,
    badge_name_sv,
    badge_name_en,
    goal_fi,
    goal_sv,
    goal_en
from {{ source('landing', 'eperusteet__osaamismerkit__goal') }}
