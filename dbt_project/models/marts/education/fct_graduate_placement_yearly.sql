-- What those who completed a qualification do a year later.
{{ tidy(
    ref('stg_statfin__graduate_placement'), 'sijk/111l',
    {'region_code': area_of('cells.area_code'), 'education_level_code': 'cells.level_code',
     'education_field_code': total_of('cells.field_code'), 'sex_code': total_of('cells.sex_code'), 'year': 'cells.year'}
) }}
