from datetime import date

import numpy as np
import polars as pl
import pytest

from jod_pipelines.forecasting import forecast
from jod_pipelines.forecasting.evaluation import evaluate_backtest
from jod_pipelines.forecasting.panel import FORECAST, Backtest, best_models, interval_widths
from jod_pipelines.forecasting.vacancies import forecast_vacancies, usable_series
from jod_pipelines.settings import ForecastSettings

MONTHS = pl.date_range(date(2014, 1, 1), date(2025, 12, 1), "1mo", eager=True)


def series(name, level=100.0, trend=0.5, noise=5.0, seed=1):
    dice = np.random.default_rng(seed)
    steps = np.arange(len(MONTHS))
    values = level + trend * steps + level * 0.3 * np.sin(2 * np.pi * steps / 12) + dice.normal(0, noise, len(MONTHS))
    return pl.DataFrame({"unique_id": name, "ds": MONTHS, "y": np.clip(values, 0, None)})


@pytest.fixture(scope="module")
def frame():
    return pl.concat([series(f"s{n}", level=50 + 30 * n, seed=n) for n in range(6)])


@pytest.mark.slow
def test_forecasts_are_whole_ordered_and_repeatable(frame):
    found = forecast(frame, horizon=12)
    assert list(found.schema) == list(FORECAST)
    assert len(found) == 6 * 12
    assert found["ds"].min() == date(2026, 1, 1)
    ordered = found.select(
        (pl.col("q2_5") <= pl.col("q10"))
        & (pl.col("q10") <= pl.col("q50"))
        & (pl.col("q50") <= pl.col("q90"))
        & (pl.col("q90") <= pl.col("q97_5"))
    )
    assert ordered.to_series().all()
    assert (found["q2_5"] >= 0).all()
    assert found.equals(forecast(frame.sample(fraction=1, shuffle=True, seed=3), horizon=12))


@pytest.mark.slow
def test_trend_and_season_beat_naive(frame):
    known, truth = frame.filter(pl.col("ds") < date(2025, 1, 1)), frame.filter(pl.col("ds") >= date(2025, 1, 1))
    found = forecast(known, horizon=12).join(truth, on=["unique_id", "ds"])
    last_year = known.filter(pl.col("ds") >= date(2024, 1, 1)).select("unique_id", pl.col("ds").dt.offset_by("12mo"), naive="y")
    both = found.join(last_year, on=["unique_id", "ds"])
    assert (both["mean"] - both["y"]).abs().mean() < 0.7 * (both["naive"] - both["y"]).abs().mean()
    inside = both["y"].is_between(both["q2_5"], both["q97_5"]).mean()
    assert inside > 0.8


def test_other_frequencies_and_short_series_are_refused(frame):
    with pytest.raises(ValueError, match="monthly"):
        forecast(frame, freq="1q")
    with pytest.raises(ValueError, match="the backtest needs"):
        forecast(frame.filter(pl.col("ds") > date(2024, 1, 1)))


def errors(model, error, group="g", scale=1.0):
    rows = [
        (f"s{n}", group, date(2020, 1 + o, 1), date(2021, h, 1), h, model, 10.0, 10.0 + error, scale)
        for n in range(40)
        for o in range(3)
        for h in range(1, 7)
    ]
    names = ["unique_id", "group", "origin", "ds", "horizon", "model", "yhat", "y", "scale"]
    return pl.DataFrame(rows, schema=names, orient="row").with_columns(pl.col("horizon").cast(pl.Int64))


def test_a_model_that_loses_to_naive_is_not_chosen():
    both = pl.concat([errors("theta", 3.0), errors("seasonal_naive", 2.0), errors("damped_ets", 2.0)])
    assert best_models(Backtest(both))["model"].to_list() == ["seasonal_naive"]


def test_interval_widths_are_the_errors_quantiles():
    dice = np.random.default_rng(0)
    scored = errors("theta", 0.0).with_columns(band=pl.lit(0, pl.Int64))
    scored = scored.with_columns(y=pl.Series(10 + dice.normal(0, 1, len(scored))))
    widths = interval_widths(scored, ["g"], 6).row(0, named=True)
    assert widths["width_80"] == pytest.approx(1.28, abs=0.12)
    assert widths["width_95"] == pytest.approx(1.96, abs=0.2)


def test_evaluation_knows_what_is_right():
    table = evaluate_backtest(
        pl.concat([errors("theta", 2.0), errors("seasonal_naive", 4.0)]), pl.DataFrame({"group": ["g"], "model": ["theta"]}), 6
    )
    row = table.filter(model="theta").row(0, named=True)
    assert (row["mase"], row["rmsse"], row["mase_seasonal_naive"]) == (2.0, 2.0, 4.0)
    assert row["coverage_80_pct"] == 100.0
    assert (row["series"], row["origins"]) == (40, 3)
    assert table.filter(model="seasonal_naive")["wis"].to_list() == [None]


def vacancies(values, occupation="2512", region="SSS"):
    return pl.DataFrame({"region_code": region, "occupation_code": occupation, "month": MONTHS, "open_vacancies": values})


def test_a_confidential_cell_is_a_gap_not_a_zero():
    values = [float(n + 1) for n in range(len(MONTHS))]
    gaps = list(values)
    gaps[50] = None
    kept, _ = usable_series(vacancies(gaps), 60)
    assert kept["y"].to_list() == values
    for place in range(60, 66):
        gaps[place] = None
    kept, _ = usable_series(vacancies(gaps), 60)
    assert kept["ds"].min() == MONTHS[66]


def test_series_that_cannot_be_forecast_are_named():
    frame = pl.concat(
        [vacancies([1.0] * len(MONTHS)), vacancies([0.0] * len(MONTHS), "7212"), vacancies([1.0] * len(MONTHS), "X011")]
    )
    kept, left_out = usable_series(frame, 60)
    assert kept["unique_id"].unique().to_list() == ["SSS/2512"]
    assert left_out["unique_id"].to_list() == ["SSS/7212"]


def test_a_lone_newer_observation_does_not_move_the_origin():
    frame = pl.concat([vacancies([1.0 + n for n in range(len(MONTHS))], code) for code in ("2512", "7212", "5120")])
    newer = pl.DataFrame(
        {"region_code": ["SSS"], "occupation_code": ["2512"], "month": [date(2030, 1, 1)], "open_vacancies": [5.0]}
    )
    kept, _ = usable_series(pl.concat([frame, newer]), 60)
    assert kept["ds"].max() == MONTHS[-1]


@pytest.mark.slow
def test_cells_follow_their_occupation_by_share():
    total = series("x", level=400)["y"]
    frame = pl.concat(
        [vacancies(total), vacancies(total * 0.25, region="01"), vacancies(total * 0.75, region="02"), vacancies(total, "SSS")]
    )
    result = forecast_vacancies(frame, ForecastSettings(horizon_months=12))
    means = result.forecasts.group_by("region_code", "occupation_code").agg(pl.col("mean").sum())
    by_key = {(r, o): m for r, o, m in means.iter_rows()}
    assert by_key["01", "2512"] == pytest.approx(0.25 * by_key["SSS", "2512"], rel=0.02)
    assert set(result.forecasts["model"]) <= {"theta", "damped_ets", "theta_ets_mean", "share_of_occupation", "seasonal_naive"}
    assert set(result.evaluation["series_group"]) == {"country", "occupation", "occupation_region"}
