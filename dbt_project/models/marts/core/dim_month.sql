with months as (
    select unnest(generate_series(date '2004-01-01', date '2050-12-01', interval 1 month))::date as month
),

names as (
    select
        unnest(generate_series(1, 12)) as month_of_year,
        unnest([
            'tammikuu', 'helmikuu', 'maaliskuu', 'huhtikuu', 'toukokuu', 'kesäkuu', 'heinäkuu', 'elokuu', 'syyskuu',
            'lokakuu', 'marraskuu', 'joulukuu'
        ]) as name_fi,
        unnest([
            'januari', 'februari', 'mars', 'april', 'maj', 'juni', 'juli', 'augusti', 'september', 'oktober', 'november',
            'december'
        ]) as name_sv,
        unnest([
            'January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October',
            'November', 'December'
        ]) as name_en
)

select
    months.month,
    year(months.month)::integer as year,
    quarter(months.month)::integer as quarter_of_year,
    names.month_of_year::integer as month_of_year,
    names.name_fi,
    names.name_sv,
    names.name_en
from months
inner join names on month(months.month) = names.month_of_year
