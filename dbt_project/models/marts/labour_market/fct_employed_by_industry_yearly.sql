-- Employed persons as the Labour Force Survey estimates them, by section of industry; some sections only together.
{{ tidy(
    ref('stg_statfin__employed_by_industry'), 'tyti/13aq',
    {'industry_code': 'cells.industry_code', 'year': 'cells.year'}
) }}
