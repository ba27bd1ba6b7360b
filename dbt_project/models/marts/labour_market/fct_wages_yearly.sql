select
    occupation_code,
    year,
    any_value(value) filter (where measure = 'koko_psaaja_kans_med') as wage_median_eur_month,
    any_value(value) filter (where measure = 'koko_psaaja_kans_p10') as wage_p10_eur_month,
    any_value(value) filter (where measure = 'koko_psaaja_kans_p90') as wage_p90_eur_month
from {{ ref('stg_statfin__wages_by_occupation') }}
group by occupation_code, year
