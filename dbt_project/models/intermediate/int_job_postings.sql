-- The newest version of each posting.
-- A view: the texts of postings stay in the landing, where they are erased when their source withdraws them.
{{ config(materialized='view') }}

select *
from {{ ref('stg_mylly__job_posting') }}
qualify row_number() over (partition by posting_id order by modified_at desc, source_document desc) = 1
