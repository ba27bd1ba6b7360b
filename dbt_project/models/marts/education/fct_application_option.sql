-- What one can apply to, one row per application option (hakukohde), with the round it is in and what it leads to. Options
-- that share their round's times have none of their own.
select
    option.option_oid,
    option.implementation_oid,
    implementation.programme_oid,
    option.round_oid,
    option.name_fi,
    option.name_sv,
    option.name_en,
    round.name_fi as round_name_fi,
    round.name_sv as round_name_sv,
    round.name_en as round_name_en,
    round.method_code,
    round.target_group_code,
    option.site_oid,
    site.municipality_code,
    site.region_code,
    case when option.uses_round_times then round.opens_at else option.opens_at end as opens_at,
    case when option.uses_round_times then round.closes_at else option.closes_at end as closes_at,
    option.prior_education_uris,
    option.places_persons,
    option.places_first_time_persons,
    option.modified_at
from {{ ref('stg_opintopolku__application_option') }} as option
left join {{ ref('stg_opintopolku__application_round') }} as round on option.round_oid = round.round_oid
left join {{ ref('fct_implementation') }} as implementation on option.implementation_oid = implementation.implementation_oid
left join {{ ref('dim_organisation') }} as site on option.site_oid = site.organisation_oid
