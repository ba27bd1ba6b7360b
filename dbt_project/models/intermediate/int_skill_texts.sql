-- Every text in which skills are looked for, one row per item, kind of text and language.
-- A view, since each text is read once, and those of postings must not stay here after they are withdrawn.
{{ config(materialized='view') }}

with programmes as (
    {{
        texts_of(
            ref('int_programmes'), 'programme_oid', 'programme',
            {'name': 'name', 'outcomes': 'outcomes', 'description': 'description'}
        )
    }}
),

implementations as (
    {{ texts_of(ref('int_implementations'), 'programme_oid', 'programme', {'implementation_outcomes': 'outcomes'}) }}
),

keywords as (
    select
        'programme' as item_kind,
        programme_oid as item_id,
        'keyword' as text_kind,
        'fi' as language,
        unnest(keywords) as text
    from {{ ref('int_implementations') }}
),

requirements as (
    {{ texts_of(ref('stg_eperusteet__requirement'), 'peruste_id', 'qualification', {'requirement': 'statement'}) }}
),

postings as (
    {{ texts_of(ref('int_job_postings'), 'posting_id', 'posting', {'title': 'title', 'description': 'description'}) }}
),

texts as (
    select * from programmes
    union all
    select * from implementations
    union all
    select * from keywords
    union all
    select * from requirements
    union all
    select * from postings
)

select distinct
    item_kind,
    item_id,
    text_kind,
    language,
    text
from texts
where text is not null and text != ''
