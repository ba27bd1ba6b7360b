-- Students who left their education, by region and sector of education.
{{ tidy(
    ref('stg_statfin__discontinuation'), 'kkesk/14pi',
    {
        'region_code': area_of('cells.area_code'),
        'education_sector_code': 'cells.education_sector_code',
        'year': 'cells.year'
    }
) }}
