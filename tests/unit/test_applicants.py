"""Applicants of the years to come add up, stay positive, and are no surer than the few years allow."""

import duckdb
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jod_pipelines.forecasting.applicants import LEAST_YEARS, forecast_applicants
from jod_pipelines.foresight.labour_market import APPLICANTS

QUANTILES = ["q2_5", "q10", "q50", "q90", "q97_5"]


def world(years=8, seed=1, growth=0.0, spread=0.1):
    """Five regions with six educations each, a yearly shock of their own and one of all."""
    dice = np.random.default_rng(seed)
    rows = []
    for region in ("01", "02", "05", "06", "09"):
        for field in ("04", "07", "09"):
            for level in ("3", "6"):
                log = np.log(dice.uniform(20, 900)) + np.cumsum(growth + spread * dice.normal(size=years))
                keys = {"region_code": region, "field_code": field, "level_code": level}
                rows += [keys | {"year": 2015 + at, "persons": round(np.exp(value))} for at, value in enumerate(log)]
    return pl.DataFrame(rows)


def test_every_series_has_three_years_and_parts_add_up():
    cells = world()
    found = forecast_applicants(cells)
    assert found.left_out.is_empty()
    assert found.forecasts.group_by("region_code", "field_code", "level_code").len()["len"].unique().to_list() == [3]
    assert len(found.forecasts) == 3 * (5 + 1) * (6 + 1)
    assert set(found.forecasts["target_year"]) == {2023, 2024, 2025}
    total = found.forecasts.filter(pl.col("region_code") == "SSS", pl.col("field_code") == "SSS").sort("target_year")["mean"]
    for parts in (pl.col("region_code") == "SSS", pl.col("field_code") == "SSS"):
        summed = found.forecasts.filter(parts, pl.col("region_code") + pl.col("field_code") != "SSSSSS")
        by_year = summed.group_by("target_year").agg(pl.col("mean").sum()).sort("target_year")["mean"]
        assert by_year.to_list() == pytest.approx(total.to_list(), abs=1e-3)


@settings(max_examples=25, deadline=None)
@given(st.integers(LEAST_YEARS, 9), st.integers(0, 500), st.floats(-0.3, 0.3), st.floats(0.0, 0.6))
def test_quantiles_are_in_order_and_positive_and_widen(years, seed, growth, spread):
    forecasts = forecast_applicants(world(years, seed, growth, spread)).forecasts
    values = forecasts.select(QUANTILES).to_numpy()
    assert np.isfinite(values).all() and (values >= 0).all()
    assert (np.diff(values, axis=1) >= -1e-9).all()
    whole = forecasts.filter(pl.col("region_code") == "SSS", pl.col("field_code") == "SSS").sort("target_year")
    width = (whole["q90"] / whole["q10"].clip(1)).to_list()
    assert width == sorted(width)


def test_intervals_hold_about_what_they_say():
    inside = []
    for seed in range(20):
        cells = world(11, seed)
        found = forecast_applicants(cells.filter(pl.col("year") < 2023)).forecasts
        came = cells.rename({"year": "target_year"}).with_columns(pl.col("target_year").cast(pl.Int32))
        keys = ["region_code", "field_code", "level_code", "target_year"]
        joined = found.join(came, on=keys)
        held = {f"{low}": pl.col("persons").is_between(low, high).mean() for low, high in (("q10", "q90"), ("q2_5", "q97_5"))}
        inside.append(joined.select(**held).row(0))
    assert np.mean(inside, axis=0) == pytest.approx((0.8, 0.95), abs=0.05)


def test_last_year_is_said_unless_another_did_better():
    steady = forecast_applicants(world(9, spread=0.15)).forecasts
    growing = forecast_applicants(world(9, growth=0.2, spread=0.02)).forecasts
    assert steady.filter(pl.col("region_code") != "SSS")["model"].unique().to_list() == ["seasonal_naive"]
    assert "damped_growth" in growing["model"].unique()
    last = world(9, growth=0.2, spread=0.02).filter(pl.col("year") == 2023)["persons"].sum()
    total = growing.filter(pl.col("region_code") == "SSS", pl.col("field_code") == "SSS").sort("target_year")["mean"]
    assert total[2] > total[0] > last


def test_a_year_without_applicants_is_zero_and_too_few_years_are_told():
    cells = world(6).filter(~((pl.col("region_code") == "09") & (pl.col("year") == 2018)))
    found = forecast_applicants(cells).forecasts.filter(pl.col("region_code") == "09", pl.col("field_code") != "SSS")
    assert found["q2_5"].min() == 0, "what vanished for a year may do so again"
    short = forecast_applicants(world(LEAST_YEARS - 1))
    assert short.forecasts.is_empty() and short.evaluation.is_empty()
    assert short.left_out["reason"].unique().to_list() == ["fewer than 4 years of applicants"]


def test_applicants_of_an_unknown_region_count_in_totals_only():
    cells = world()
    found = forecast_applicants(cells.with_columns(pl.col("region_code").replace("09", "unknown"))).forecasts
    assert set(found["region_code"]) == {"SSS", "01", "02", "05", "06"}
    whole = found.filter(pl.col("region_code") == "SSS", pl.col("field_code") == "SSS").sort("target_year")["mean"]
    assert whole.to_list() == pytest.approx(
        forecast_applicants(cells)
        .forecasts.filter(pl.col("region_code") == "SSS", pl.col("field_code") == "SSS")
        .sort("target_year")["mean"]
        .to_list()
    )
    parts = found.filter(pl.col("region_code") != "SSS", pl.col("field_code") == "SSS").group_by("target_year")
    assert (parts.agg(pl.col("mean").sum()).sort("target_year")["mean"] < whole).all()


@pytest.mark.parametrize(("fetched", "newest"), [("2026-08-31", 2025), ("2026-09-01", 2026), ("2027-01-05", 2026)])
def test_a_year_counts_when_its_rounds_are_over(fetched, newest):
    with duckdb.connect() as connection:
        connection.execute("create schema education; create schema platform")
        connection.execute(
            "create table platform.landed as "
            f"select 'vipunen' as source, 'higher' as resource, timestamp '{fetched}' as fetched_at"
        )
        connection.execute(
            """
            create table education.fct_applicants_yearly as
            select '06' as region_code, '09' as field_1_code, '6' as level_1_code, year, 'first_choice_applicants' as measure,
                10.0 as value, 'vipunen/higher' as source_table
            from range(2022, 2028) as years (year)
            """
        )
        assert connection.sql(APPLICANTS).pl()["year"].max() == newest
