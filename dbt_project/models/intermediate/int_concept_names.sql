-- One row per ESCO concept: its preferred label in each language.
select
    concept_uri,
    any_value(label) filter (where language = 'fi') as name_fi,
    any_value(label) filter (where language = 'sv') as name_sv,
    any_value(label) filter (where language = 'en') as name_en
from {{ ref('stg_esco__label') }}
where kind = 'preferred'
group by concept_uri
