"""Vacancies, jobseekers and applicants to come, what was said of them before, and how that did."""

from __future__ import annotations

import polars as pl

from jod_pipelines.contracts.model import published_table
from jod_pipelines.forecasting.applicants import forecast_applicants
from jod_pipelines.forecasting.labour_market import MEASURES, MonthlyForecast, forecast_monthly
from jod_pipelines.forecasting.vintages import append_vintage, track_record
from jod_pipelines.platform import Platform
from jod_pipelines.products import Plan, previous_rows
from jod_pipelines.warehouse.build import Warehouse

APPLICANTS = """
    select region_code, field_1_code as field_code, level_1_code as level_code, year, sum(value) as persons
    from education.fct_applicants_yearly
    inner join platform.landed on source || '/' || resource = source_table
    where
        measure = 'first_choice_applicants' and field_1_code is not null and level_1_code is not null
        and year <= extract(year from fetched_at) - (extract(month from fetched_at) < 9)::integer
    group by all
    order by all
"""
"""Of several applications a person has one first choice, so first choices may be added up. Rounds for studies that start within
a year are over by September: until then, its applicants are only some of them."""


def foresee_labour_market(platform: Platform, plan: Plan) -> dict[str, MonthlyForecast]:
    """Forecast MEASURES and applicants; keep forecasts, what was forecast before and how both did, for dbt to take over."""
    warehouse = Warehouse(platform)
    cells = warehouse.query(
        "select measure, region_code, occupation_code, month, value from labour_market.fct_vacancies_monthly order by all"
    )
    made, known = {}, []
    for name, (measure, unit) in MEASURES.items():
        own = cells.filter(measure=measure).drop("measure")
        made[name] = forecast_monthly(own, unit, platform.settings.forecasts)
        known.append(_named(name, own))
        _keep(warehouse, f"forecast_{name}", made[name].forecasts)
    said = _with_forecast(previous_rows(platform, "forecast_vintage")).filter(pl.col("release_id") != plan.release_id)
    says = [_named(name, result.forecasts) for name, result in made.items() if len(result.forecasts)]
    made["applicants"] = forecast_applicants(warehouse.query(APPLICANTS))
    _keep(warehouse, "forecast_applicants", made["applicants"].forecasts)
    judged = [_named(name, result.evaluation) for name, result in made.items() if len(result.evaluation)]
    judged.append(track_record(said, pl.concat(known)))
    _keep(warehouse, "forecast_vintage", append_vintage(said, pl.concat(says), plan.release_id) if says else said)
    told = [frame for frame in judged if len(frame)] or [pl.DataFrame()]
    _keep(warehouse, "forecast_evaluation", pl.concat(told, how="diagonal_relaxed"))
    return made


def _named(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(forecast=pl.lit(name))


def _with_forecast(vintages: pl.DataFrame) -> pl.DataFrame:
    """Releases made before there were several forecasts spoke of vacancies only."""
    return vintages.with_columns(pl.col("forecast").fill_null("vacancies"))


def _keep(warehouse: Warehouse, name: str, frame: pl.DataFrame) -> None:
    table = published_table(name)
    kept = frame.select(list(table.polars_schema)).cast(table.polars_schema) if len(frame) else table.empty()
    warehouse.write_derived(name, kept.sort(list(table.primary_key)))
