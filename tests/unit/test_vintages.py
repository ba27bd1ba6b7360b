"""What was forecast when, kept for good, and how it did."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from jod_pipelines.contracts.model import published_table
from jod_pipelines.forecasting.vintages import append_vintage, track_record

EMPTY = published_table("forecast_vintage").empty()
FIRST = date(2026, 1, 1)


def forecasts(origin=FIRST, mean=10.0, months=2, model="level"):
    targets = [
        date(origin.year + (origin.month - 1 + ahead) // 12, (origin.month - 1 + ahead) % 12 + 1, 1)
        for ahead in range(1, months + 1)
    ]
    return pl.DataFrame(
        {
            "forecast": ["jobseekers"] * months,
            "region_code": ["01"] * months,
            "occupation_code": ["SSS"] * months,
            "scenario": ["baseline"] * months,
            "origin": [origin] * months,
            "target_month": targets,
            "horizon_months": list(range(1, months + 1)),
            "mean": [mean] * months,
            **{
                name: [mean + shift] * months for name, shift in (("q2_5", -4), ("q10", -2), ("q50", 0), ("q90", 2), ("q97_5", 4))
            },
            "model": [model] * months,
            "unit": ["vacancies"] * months,
        }
    )


def test_nothing_said_is_ever_lost_and_an_unchanged_night_says_nothing():
    one = append_vintage(EMPTY, forecasts(), "a")
    assert one.select("release_id", "release_number").unique().rows() == [("a", 1)]
    assert append_vintage(one, forecasts(), "b").equals(one), "the same again is no news"
    assert append_vintage(one, forecasts(), "a").sort(one.columns).equals(one.sort(one.columns)), "a release made twice"
    two = append_vintage(one, forecasts(mean=12.0), "b")
    assert two.filter(release_id="a").equals(one)
    assert two.filter(release_id="b")["mean"].to_list() == [12.0, 12.0]
    three = append_vintage(two, forecasts(origin=date(2026, 2, 1), mean=12.0), "c")
    assert three.filter(release_id="c")["target_month"].to_list() == [date(2026, 3, 1), date(2026, 4, 1)]
    assert three["release_number"].to_list() == [1, 1, 2, 2, 3, 3]
    back = append_vintage(two, forecasts(), "c")
    assert back.filter(release_id="c")["mean"].to_list() == [10.0, 10.0], "going back to what was said first is news too"


def actual(months, values):
    keys = {"forecast": "jobseekers", "region_code": "01", "occupation_code": "SSS"}
    frame = pl.DataFrame({"month": months, "value": values}, schema_overrides={"value": pl.Float64})
    return frame.with_columns(pl.lit(value).alias(name) for name, value in keys.items())


def test_a_month_that_has_come_judges_what_was_said_of_it():
    said = append_vintage(EMPTY, forecasts(), "a")
    past = [date(2024, 2, 1), date(2025, 2, 1), date(2025, 3, 1)]
    assert track_record(said, actual(past, [4.0, 6.0, 8.0])).is_empty(), "no month forecast has come"
    found = track_record(said, actual([*past, date(2026, 2, 1), date(2026, 3, 1)], [4.0, 6.0, 8.0, 11.0, None]))
    (row,) = found.rows(named=True)
    scale = (2.0 + 5.0) / 2  # yearly changes of the series: 4 to 6, 6 to 11
    assert (row["series_group"], row["model"], row["horizon_from"], row["horizon_to"]) == ("region", "published", 1, 1)
    assert row["mase"] == pytest.approx(1.0 / scale, abs=1e-6)
    assert row["mase_seasonal_naive"] == pytest.approx(5.0 / scale, abs=1e-6)
    assert (row["coverage_80_pct"], row["coverage_95_pct"]) == (100.0, 100.0)
    assert row["wis"] == pytest.approx((0.5 * 1 + 0.1 * 4 + 0.025 * 8) / 2.5 / scale, abs=1e-6)
    missed = track_record(said, actual([*past, date(2026, 2, 1)], [4.0, 6.0, 8.0, 13.0]))
    assert missed.select("coverage_80_pct", "coverage_95_pct").row(0) == (0.0, 100.0)


def test_two_years_ahead_is_held_against_the_year_known_at_the_origin():
    said = append_vintage(EMPTY, forecasts(months=13), "a")
    months = [date(2024, 2, 1), date(2025, 2, 1), date(2026, 2, 1), date(2027, 2, 1)]
    found = track_record(said, actual(months, [4.0, 6.0, 9.0, 13.0]))
    far = found.filter(horizon_from=13).row(0, named=True)
    scale = (2.0 + 3.0 + 4.0) / 3
    assert far["mase_seasonal_naive"] == pytest.approx((13.0 - 6.0) / scale, abs=1e-6)
