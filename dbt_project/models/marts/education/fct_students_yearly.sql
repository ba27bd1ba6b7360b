-- Students and what they completed, at the grain of the source: summed over background (sex, bought education) only, since
-- a student may be in several educations and with several providers.
with students as (
    select
        'higher' as sector,
        'opiskelijat_ja_tutkinnot' as resource,
        *
    from {{ ref('stg_vipunen__students_higher') }}
    union all by name
    select
        'vocational' as sector,
        'amm_opiskelijat_ja_tutkinnot_vuosi_tutkinto' as resource,
        *
    from {{ ref('stg_vipunen__students_vocational') }}
    union all by name
    select
        'general_upper_secondary' as sector,
        'lukio_opiskelijat_vuosi_tutkinto' as resource,
        *
    from {{ ref('stg_vipunen__students_general_upper_secondary') }}
),

counted as (
    select
        sector,
        coalesce(education_code, 'unknown') as education_code,
        coalesce(provider_code, 'unknown') as provider_code,
        coalesce(study_type, 'unknown') as study_type,
        year,
        resource,
        sum(students)::double as students,
        sum(new_students)::double as new_students,
        sum(completed_degrees)::double as completed_degrees,
        sum(graduates)::double as graduates
    from students
    group by all
),

cells as (
    select *
    from counted
    unpivot include nulls (value for measure in (students, new_students, completed_degrees, graduates))
)

select
    cells.sector,
    cells.education_code,
    cells.provider_code,
    cells.study_type,
    cells.year,
    codes.field_1_code,
    codes.field_2_code,
    codes.level_1_code,
    cells.measure,
    cells.value,
    measures.unit,
    case when cells.value is null then 'missing' when cells.value = 0 then 'zero' else 'value' end as status,
    'vipunen/' || cells.resource as source_table,
    landed.snapshot_id
from cells
inner join {{ source('reference', 'measures') }} as measures on cells.measure = measures.measure
left join {{ ref('dim_education') }} as codes on cells.education_code = codes.education_code
left join {{ source('platform', 'landed') }} as landed
    on landed.source = 'vipunen' and cells.resource = landed.resource
-- Higher education counts degrees, the others people who completed a qualification, and general upper secondary neither.
where
    cells.measure in ('students', 'new_students')
    or (cells.measure = 'completed_degrees' and cells.sector = 'higher')
    or (cells.measure = 'graduates' and cells.sector = 'vocational')
