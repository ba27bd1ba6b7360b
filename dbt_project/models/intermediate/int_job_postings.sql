-- The newest version of each posting.
-- A view: the texts of postings stay in the landing, where they are erased when their source withdraws them.
-- Few postings stand in more than one document, and only those are sorted: sorting all of them took most of the time.
{{ config(materialized='view') }}

with repeated as (
    select posting_id
    from {{ ref('stg_mylly__job_posting') }}
    group by posting_id
    having count(*) > 1
),

newest as (
    select posting.*
    from {{ ref('stg_mylly__job_posting') }} as posting
    semi join repeated on posting.posting_id = repeated.posting_id
    qualify
        row_number() over (partition by posting.posting_id order by posting.modified_at desc, posting.source_document desc) = 1
)

select posting.*
from {{ ref('stg_mylly__job_posting') }} as posting
anti join repeated on posting.posting_id = repeated.posting_id
union all
select * from newest
