-- Months from the first year of any series to the end of the longest projection.
with months as (
    select unnest(generate_series(date '1987-01-01', date '2060-12-01', interval 1 month))::date as month
),

named as (
    select
        *,
        month(month) as number
    from months
)

select
    month,
    year(month)::integer as year,
    date_trunc('quarter', month)::date as quarter,
    quarter(month)::integer as quarter_number,
    number::integer as month_number,
    last_day(month) as last_day,
    {{ month_name('number', ['tammikuu', 'helmikuu', 'maaliskuu', 'huhtikuu', 'toukokuu', 'kesäkuu', 'heinäkuu', 'elokuu',
        'syyskuu', 'lokakuu', 'marraskuu', 'joulukuu']) }} as name_fi,
    {{ month_name('number', ['januari', 'februari', 'mars', 'april', 'maj', 'juni', 'juli', 'augusti', 'september',
        'oktober', 'november', 'december']) }} as name_sv,
    {{ month_name('number', ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September',
        'October', 'November', 'December']) }} as name_en
from named
