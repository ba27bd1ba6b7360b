-- Tables of Statistics Finland that have landed and of which no fact has a row, although source_measures names their contents:
-- the source calls its contents otherwise. Its codes are in the landing's table `label`.
{{ config(severity = 'warn', group = 'core', meta = {'dagster': {'ref': {'name': 'dim_measure'}}}) }}

{% set facts = [
    'fct_discontinuation_yearly', 'fct_graduate_placement_yearly', 'fct_employed_by_age_yearly', 'fct_employed_by_industry_yearly',
    'fct_employed_yearly', 'fct_labour_force_monthly', 'fct_vacancies_monthly', 'fct_vacancy_survey_quarterly', 'fct_wages_yearly',
    'fct_population_education_yearly', 'fct_population_projection_yearly', 'fct_population_yearly'
] %}
with taken_up as (
    {%- for fact in facts %}
        select distinct source_table from {{ ref(fact) }}
        {% if not loop.last %}union all{% endif %}
    {%- endfor %}
)

select distinct named.source_table
from {{ source('reference', 'source_measures') }} as named
inner join {{ ref('dim_measure') }} as measures on named.measure = measures.measure
inner join {{ source('platform', 'landed') }} as landed
    on landed.source = 'statfin' and replace(named.source_table, '/', '_') = landed.resource
where named.source_table not in (select taken_up.source_table from taken_up)
