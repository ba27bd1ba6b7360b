-- Employed persons at the end of the year by occupation and age, both sexes; dotted and five-digit groups repeat others.
{{ tidy(
    ref('stg_statfin__employed_by_occupation_age'), 'tyokay/115r',
    {
        'occupation_code': occupation_of('cells.occupation_code'),
        'age_code': 'cells.age_code',
        'year': 'cells.year'
    }
) }}
where cells.sex_code = 'SSS' and regexp_full_match(cells.occupation_code, '[0-9]{1,4}|SSSSS')
