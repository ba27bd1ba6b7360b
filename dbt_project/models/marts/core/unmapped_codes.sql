-- Codes the sources use that no dimension knows, how many rows carry them, and why where the reason is known.
{% set used = [
    ('statfin', 'tyonv_12r5', 'area', 'area_code', 'stg_statfin__jobseekers_by_area'),
    ('statfin', 'tyonv_12ti', 'area', 'area_code', 'stg_statfin__vacancies_by_occupation'),
    ('statfin', 'tyonv_12ti', 'occupation', 'occupation_code', 'stg_statfin__vacancies_by_occupation'),
    ('statfin', 'tyokay_115q', 'occupation', 'occupation_code', 'stg_statfin__employed_by_occupation'),
    ('statfin', 'tyokay_115s', 'occupation', 'occupation_code', 'stg_statfin__employed_by_occupation_area'),
    ('statfin', 'tyokay_115s', 'area', 'area_code', 'stg_statfin__employed_by_occupation_area'),
    ('statfin', 'pra_15au', 'occupation', 'occupation_code', 'stg_statfin__wages_by_occupation'),
    ('organisaatio', 'organisations', 'area', 'municipality_code', 'stg_organisaatio__organisation'),
    ('mylly', 'job_postings', 'area', 'unnest(municipality_codes)', 'int_job_postings'),
    ('vipunen', 'applicants_higher', 'area', 'municipality_code', 'stg_vipunen__applicants_higher'),
    ('vipunen', 'applicants_upper_secondary', 'area', 'municipality_code', 'stg_vipunen__applicants_upper_secondary')
] %}
with used as (
    {%- for system, resource, code_list, column, model in used %}
        select
            '{{ system }}' as source,
            '{{ resource }}' as resource,
            '{{ code_list }}' as code_list,
            {{ column }} as code
        from {{ ref(model) }}
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}
),

counted as (
    select
        source,
        resource,
        code_list,
        code,
        count(*) as rows
    from used
    where code is not null
    group by all
),

known as (
    select
        'area' as code_list,
        area_code as code
    from {{ ref('dim_area') }}
    union
    select
        'area' as code_list,
        municipality_code as code
    from {{ ref('bridge_municipality') }}
    union
    select
        'occupation' as code_list,
        occupation_code as code
    from {{ ref('dim_occupation') }}
)

select
    counted.source,
    counted.resource,
    counted.code_list,
    counted.code,
    counted.rows,
    reasons.reason_fi,
    reasons.reason_sv,
    reasons.reason_en
from counted
left join {{ source('reference', 'known_unmapped') }} as reasons
    on counted.code_list = reasons.code_list and regexp_full_match(counted.code, reasons.code_pattern)
where not exists (
    select 1 from known
    where
        known.code_list = counted.code_list
        and known.code = regexp_replace(counted.code, '^(KU|MK)|\.$', '')
)
