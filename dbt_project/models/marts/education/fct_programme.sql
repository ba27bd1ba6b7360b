with coded as (
    select
        programmes.*,
        programmes.education_codes[1] as education_code,
        list_filter(programmes.field_uris, lambda uri: uri like '%koulutusalataso1%')[1] as field_1_uri,
        list_filter(programmes.field_uris, lambda uri: uri like '%koulutusalataso2%')[1] as field_2_uri,
        list_filter(programmes.level_uris, lambda uri: uri like '%koulutusastetaso1%')[1] as level_1_uri
    from {{ ref('int_programmes') }} as programmes
),

implementations as (
    select
        programme_oid,
        count(*) as implementations
    from {{ ref('int_implementations') }}
    group by programme_oid
)

select
    coded.programme_oid,
    coded.name_fi,
    coded.name_sv,
    coded.name_en,
    coded.programme_type,
    coalesce(coded.leads_to_degree, coded.programme_type in ('amm', 'amk', 'yo', 'lk')) as leads_to_degree,
    coded.education_code,
    coalesce({{ code_of('coded.field_1_uri') }}, codes.field_1_code) as field_1_code,
    coalesce({{ code_of('coded.field_2_uri') }}, codes.field_2_code) as field_2_code,
    coalesce({{ code_of('coded.level_1_uri') }}, codes.level_1_code) as level_1_code,
    coded.credits,
    coded.credits_unit,
    coded.eperuste_id,
    coded.degree_title_fi,
    coded.degree_title_sv,
    coded.degree_title_en,
    coded.organisation_oid,
    coalesce(implementations.implementations, 0)::integer as implementations,
    coded.has_document
from coded
left join {{ ref('dim_education') }} as codes on coded.education_code = codes.education_code
left join implementations on coded.programme_oid = implementations.programme_oid
