-- Educational structure of the population aged 15 and over.
{{ tidy(
    ref('stg_statfin__population_education'), 'vkour/12bs',
    {'area_code': area_of('cells.area_code'), 'sex_code': 'cells.sex_code', 'year': 'cells.year'}
) }}
