-- What the skills of each posting are made of, as one hash: its own list and the classification they are looked up in.
with classification as (
    select bit_xor(hash(skill_uri, is_current, replaced_by_uri)) as mark
    from {{ ref('dim_skill') }}
)

select
    posting.posting_id,
    hash(posting.skill_uris, classification.mark) as mark
from {{ ref('int_job_postings') }} as posting
cross join classification
