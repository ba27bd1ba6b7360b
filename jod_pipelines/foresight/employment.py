"""Employment and openings years ahead, and what education gives beside them."""

from __future__ import annotations

import polars as pl

from jod_pipelines.contracts.model import published_table
from jod_pipelines.forecasting.ages import five_year_groups
from jod_pipelines.forecasting.education_gap import WHOLE_COUNTRY, education_gap, regional_openings, regional_supply
from jod_pipelines.forecasting.education_links import EDUCATION, education_links
from jod_pipelines.forecasting.long_term import Supply, education_balance, employment_forecast, simulate_employment
from jod_pipelines.forecasting.scenarios import BASELINE, FOLDER, read_scenarios
from jod_pipelines.forecasting.sensitivity import sensitivity_rows, variations
from jod_pipelines.foresight.material import kept, material
from jod_pipelines.platform import Platform
from jod_pipelines.settings import LongTermSettings
from jod_pipelines.warehouse.build import Warehouse

AGES = """
    select occupation_code, year, left(age_code, 2)::integer as age_from, sum(value) as persons
    from labour_market.fct_employed_by_age_yearly
    where measure = 'employed' and value is not null
        and regexp_full_match(occupation_code, '[0-9]{2}') and regexp_full_match(age_code, '[0-9]{2}(-[0-9]{0,2})?')
    group by all
"""
ASKED = """
    select left(occupation_code, 2) as occupation_code, skill_uri, count(*) as items
    from asked inner join posting using (posting_id)
    where regexp_full_match(occupation_code, '[0-9]{4}')
    group by all
"""
TAUGHT = """
    select field_1_code as field_code, level_1_code as level_code, skill_uri, count(*) as items
    from fct_programme_skill inner join education.fct_programme using (programme_oid)
    where field_1_code is not null and level_1_code is not null
    group by all
"""
GRADUATES = """
    select
        education_field_code as field_code,
        left(education_level_code, 1) as level_code,
        region_code,
        year,
        sum(value) filter (where measure = 'graduates') as graduates_persons,
        sum(value) filter (where measure = 'employed_after_one_year') as employed_persons
    from education.fct_graduate_placement_yearly
    where sex_code = 'SSS' and education_field_code != 'SSS' and education_level_code != 'SSS'
    group by all
"""
YOUNG = """
    select year, sum(value) as persons
    from population.fct_population_projection_yearly
    where area_code = 'SSS' and sex_code = 'SSS' and try_cast(left(age_code, 3) as integer) between 20 and 29
    group by all
"""
EMPLOYED = """
    select occupation_code, region_code, value as persons
    from labour_market.fct_employed_yearly
    where source_table = 'tyokay/115s' and measure = 'employed' and regexp_full_match(occupation_code, '[0-9]{2}')
    qualify year = max(year) over ()
"""
APPLICANTS = """
    with parts as (
        select
            field_1_code as field_code,
            level_1_code as level_code,
            unnest([region_code, 'SSS']) as region_code,
            year,
            measure,
            value
        from education.fct_applicants_yearly
        where field_1_code is not null and level_1_code is not null
    )

    select
        field_code, level_code, region_code, year,
        sum(value) filter (where measure = 'places') as places,
        sum(value) filter (where measure = 'first_choice_applicants') as first_choice_applicants_persons,
        sum(value) filter (where measure = 'started') as started_persons
    from parts
    where region_code != 'unknown'
    group by all
"""
"""Of several applications a person has one first choice, so first choices may be added up."""
LONG_TERM = ("forecast_employment", "forecast_education_balance", "education_demand_supply")


def foresee_employment(platform: Platform) -> dict[str, pl.DataFrame]:
    """Employment and openings by occupation, supply and balance by education, in every scenario; docs/methods/long_term.md.

    Returns:
        forecast_employment, forecast_education_balance, scenario_sensitivity and education_demand_supply, as their contracts
        say; kept for dbt. Without employment by age (recordings have none) the forecasts are empty and what is known of
        educations stands alone.
    """
    warehouse, settings = Warehouse(platform), platform.settings.long_term
    with material(warehouse) as connection:
        ages, graduates, young = (connection.sql(sql).pl() for sql in (AGES, GRADUATES, YOUNG))
        asked, taught, employed = (connection.sql(sql).pl() for sql in (ASKED, TAUGHT, EMPLOYED))
        applicants = connection.sql(APPLICANTS).pl()
    ages = five_year_groups(ages)
    supply = _supply(graduates, young, asked, taught, sorted(set(ages["occupation_code"])), settings)
    totals = ages.group_by("occupation_code", "year").agg(pl.col("persons").sum())
    employment, balance, moved = [], [], []
    scenarios = read_scenarios(settings.scenarios or FOLDER)
    for scenario in scenarios.values() if len(ages) else ():
        draws = simulate_employment(totals, ages, scenario, settings)
        employment.append(employment_forecast(draws, scenario))
        balance.append(education_balance(draws, supply, scenario, settings))
    for variation in variations(scenarios) if len(ages) else ():
        draws = simulate_employment(totals, ages, variation.changed, settings)
        moved.append(sensitivity_rows(variation, balance[0], education_balance(draws, supply, variation.changed, settings)))
    found = {
        name: pl.concat(frames) if frames else published_table(name).empty()
        for name, frames in zip(LONG_TERM, (employment, balance), strict=False)
    }
    openings, given = (_baseline(frame, measure) for frame, measure in zip(found.values(), ("openings", "supply"), strict=True))
    found["scenario_sensitivity"] = pl.concat(moved) if moved else published_table("scenario_sensitivity").empty()
    found["education_demand_supply"] = education_gap(
        applicants,
        graduates.select(*EDUCATION, "region_code", "year", "graduates_persons"),
        regional_openings(openings, employed, supply.links.shares()),
        regional_supply(given, graduates),
    )
    return kept(warehouse, found)


def _supply(
    graduates: pl.DataFrame,
    young: pl.DataFrame,
    asked: pl.DataFrame,
    taught: pl.DataFrame,
    occupations: list[str],
    settings: LongTermSettings,
) -> Supply:
    """What education gives, of the newest years' graduates in the whole country."""
    country = graduates.filter(region_code=WHOLE_COUNTRY).filter(pl.col("year") > pl.col("year").max() - settings.graduate_years)
    completed, works = pl.col("graduates_persons").sum(), pl.col("employed_persons").sum()
    placement = (
        country.group_by(EDUCATION)
        .agg(employed_share=(works / completed).clip(0, 1))
        .filter(pl.col("employed_share").is_finite())
    )
    working = country.group_by(EDUCATION).agg(persons=pl.col("employed_persons").mean())
    return Supply(
        graduates=country.select(*EDUCATION, "year", persons=pl.col("graduates_persons").fill_null(0)),
        placement=placement,
        links=education_links(asked, taught, working, occupations, settings),
        young=young,
    )


def _baseline(frame: pl.DataFrame, measure: str) -> pl.DataFrame:
    """Mean of a measure in the baseline, by the series' keys and year."""
    keys = [name for name in ("occupation_code", *EDUCATION) if name in frame.columns]
    chosen = frame.filter((pl.col("scenario") == BASELINE) & (pl.col("measure") == measure))
    return chosen.filter(pl.col(keys[0]) != WHOLE_COUNTRY).select(*keys, year="target_year", persons="mean")
