-- The newest projection of Statistics Finland; it is made anew every few years, and says which year it was made.
{{ tidy(
    ref('stg_statfin__population_projection'), 'vaenn/14wx',
    {'area_code': area_of('cells.area_code'), 'sex_code': 'cells.sex_code', 'age_code': 'cells.age_code',
     'projection_year': 'cells.projection_year', 'year': 'cells.year'}
) }}
