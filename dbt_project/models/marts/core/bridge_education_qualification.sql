-- Which qualifications of ePerusteet a six-digit education leads to, and when their requirements are in force.
with qualifications as (
    select
        dimension.qualification_id,
        unnest(dimension.education_codes) as education_code,
        listed.valid_from,
        listed.valid_to
    from {{ ref('dim_qualification') }} as dimension
    left join {{ ref('stg_eperusteet__listed_qualification') }} as listed on dimension.qualification_id = listed.peruste_id
)

select
    education_code,
    qualification_id,
    min(valid_from) as valid_from,
    max(valid_to) as valid_to
from qualifications
group by education_code, qualification_id
