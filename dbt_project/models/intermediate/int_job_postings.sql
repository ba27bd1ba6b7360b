-- The newest version of each posting.
select *
from {{ ref('stg_mylly__job_posting') }}
qualify row_number() over (partition by posting_id order by modified_at desc, source_document desc) = 1
