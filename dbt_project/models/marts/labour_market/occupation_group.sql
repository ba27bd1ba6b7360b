-- Every ISCO unit group, every time: a group without figures keeps its row, so that the consumer's old numbers go.
with latest_wages as (
    select
        occupation_code,
        year,
        any_value(value) filter (where measure = 'wage_median') as wage_median_eur_month,
        any_value(value) filter (where measure = 'wage_p10') as wage_p10_eur_month,
        any_value(value) filter (where measure = 'wage_p90') as wage_p90_eur_month
    from {{ ref('fct_wages_yearly') }}
    where region_code = 'SSS'
    group by occupation_code, year
    qualify row_number() over (partition by occupation_code order by year desc) = 1
),

latest_employed as (
    select
        occupation_code,
        year,
        value as employed_persons
    from {{ ref('fct_employed_yearly') }}
    where region_code = 'SSS' and measure = 'employed' and status in ('value', 'zero')
    qualify row_number() over (partition by occupation_code order by year desc) = 1
),

market_months as (
    select
        occupation_code,
        month,
        any_value(value) filter (where measure = 'open_vacancies') as open_vacancies,
        any_value(value) filter (where measure = 'unemployed_jobseekers') as unemployed_jobseekers_persons
    from {{ ref('fct_vacancies_monthly') }}
    where region_code = 'SSS'
    group by occupation_code, month
),

recent_market as (
    select
        occupation_code,
        max(month) as match_month,
        avg(open_vacancies) as open_vacancies,
        avg(unemployed_jobseekers_persons) as unemployed_jobseekers_persons
    from market_months
    where
        open_vacancies is not null
        and unemployed_jobseekers_persons is not null
        and month > (select max(newest.month) from market_months as newest) - interval 12 months
    group by occupation_code
)

select
    occupation.occupation_uri,
    occupation.occupation_code,
    occupation.name_fi,
    occupation.name_sv,
    occupation.name_en,
    employed.employed_persons::bigint as employed_persons,
    employed.year::integer as employed_year,
    wages.occupation_code as wage_occupation_code,
    wages.year::integer as wage_year,
    round(wages.wage_median_eur_month)::integer as wage_median_eur_month,
    round(wages.wage_p10_eur_month)::integer as wage_p10_eur_month,
    round(wages.wage_p90_eur_month)::integer as wage_p90_eur_month,
    round(market.open_vacancies, 1) as open_vacancies,
    round(market.unemployed_jobseekers_persons, 1) as unemployed_jobseekers_persons,
    market.match_month,
    case
        when market.open_vacancies is null then null
        when market.open_vacancies + market.unemployed_jobseekers_persons < {{ var('match_state_least') }} then null
        when market.unemployed_jobseekers_persons < {{ var('shortage_below') }} * market.open_vacancies then 'shortage'
        when market.unemployed_jobseekers_persons > {{ var('oversupply_above') }} * market.open_vacancies then 'oversupply'
        else 'balance'
    end as match_state
from {{ ref('dim_occupation') }} as occupation
left join latest_employed as employed on occupation.occupation_code = employed.occupation_code
left join latest_wages as wages on left(occupation.occupation_code, 2) = wages.occupation_code
left join recent_market as market on occupation.occupation_code = market.occupation_code
where occupation.occupation_level = 'unit_group'
