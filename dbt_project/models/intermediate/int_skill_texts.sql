-- Every text in which skills are looked for, one row per item, kind of text and language.
with programmes as (
    select programme_oid as item_id, 'programme' as item_kind, text_kind, language, text
    from (
        unpivot (
            select
                programme_oid,
                name_fi as name__fi, name_sv as name__sv, name_en as name__en,
                outcomes_fi as outcomes__fi, outcomes_sv as outcomes__sv, outcomes_en as outcomes__en,
                description_fi as description__fi, description_sv as description__sv, description_en as description__en
            from {{ ref('int_programmes') }}
        )
        on columns(* exclude (programme_oid))
        into name field value text
    ),
    lateral (select split_part(field, '__', 1) as text_kind, split_part(field, '__', 2) as language)
),

implementations as (
    select programme_oid as item_id, 'programme' as item_kind, text_kind, language, text
    from (
        unpivot (
            select
                programme_oid,
                outcomes_fi as implementation_outcomes__fi,
                outcomes_sv as implementation_outcomes__sv,
                outcomes_en as implementation_outcomes__en
            from {{ ref('int_implementations') }}
        )
        on columns(* exclude (programme_oid))
        into name field value text
    ),
    lateral (select split_part(field, '__', 1) as text_kind, split_part(field, '__', 2) as language)
),

keywords as (
    select
        programme_oid as item_id,
        'programme' as item_kind,
        'keyword' as text_kind,
        'fi' as language,
        unnest(keywords) as text
    from {{ ref('int_implementations') }}
),

requirements as (
    select peruste_id::varchar as item_id, 'qualification' as item_kind, 'requirement' as text_kind, language, text
    from (
        unpivot (
            select peruste_id, statement_fi as fi, statement_sv as sv, statement_en as en
            from {{ ref('stg_eperusteet__requirement') }}
        )
        on fi, sv, en
        into name language value text
    )
),

postings as (
    select posting_id as item_id, 'posting' as item_kind, text_kind, language, text
    from (
        unpivot (
            select
                posting_id,
                title_fi as title__fi, title_sv as title__sv, title_en as title__en,
                description_fi as description__fi, description_sv as description__sv, description_en as description__en
            from {{ ref('int_job_postings') }}
        )
        on columns(* exclude (posting_id))
        into name field value text
    ),
    lateral (select split_part(field, '__', 1) as text_kind, split_part(field, '__', 2) as language)
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

select distinct item_kind, item_id, text_kind, language, text
from texts
where text is not null and text != ''
