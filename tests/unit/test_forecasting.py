from datetime import date

import numpy as np
import polars as pl
import pytest

from jod_pipelines.errors import ForecastError
from jod_pipelines.forecasting import forecast
from jod_pipelines.forecasting.backtest import NAIVE, PANEL, Backtest, _few_outcomes, choose, inside, run_backtest, with_intervals
from jod_pipelines.forecasting.evaluation import ISSUED, evaluate_backtest
from jod_pipelines.forecasting.labour_market import forecast_monthly, usable_series
from jod_pipelines.forecasting.panel import FORECAST, to_panel
from jod_pipelines.forecasting.smoothing import smooth
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


def check_whole(found, names, horizon):
    assert list(found.schema.items()) == list(FORECAST.items())
    assert found["unique_id"].unique().sort().to_list() == sorted(names)
    assert len(found) == len(names) * horizon
    assert not found.null_count().pipe(lambda f: f.sum_horizontal()[0])
    assert found.select(pl.any_horizontal(pl.col(pl.Float64).is_nan()).any()).item() is False
    limits = found.select("q2_5", "q10", "q50", "q90", "q97_5").to_numpy()
    assert (np.diff(limits, axis=1) >= 0).all()
    assert (limits >= 0).all()


def test_forecasts_are_whole_ordered_and_repeatable(frame):
    found = forecast(frame, horizon=12)
    check_whole(found, [f"s{n}" for n in range(6)], 12)
    assert found["ds"].min() == date(2026, 1, 1)
    assert found.equals(forecast(frame.sample(fraction=1, shuffle=True, seed=3), horizon=12))


def test_trend_and_season_beat_naive(frame):
    known, truth = frame.filter(pl.col("ds") < date(2025, 1, 1)), frame.filter(pl.col("ds") >= date(2025, 1, 1))
    found = forecast(known, horizon=12).join(truth, on=["unique_id", "ds"])
    last_year = known.filter(pl.col("ds") >= date(2024, 1, 1)).select("unique_id", pl.col("ds").dt.offset_by("12mo"), naive="y")
    both = found.join(last_year, on=["unique_id", "ds"])
    assert (both["mean"] - both["y"]).abs().mean() < 0.8 * (both["naive"] - both["y"]).abs().mean()
    assert both["y"].is_between(both["q2_5"], both["q97_5"]).mean() > 0.8


def test_short_broken_empty_and_confidential_series_are_forecast_or_left_out(frame):
    short = series("short").tail(7)
    zeros = series("zeros").with_columns(y=pl.lit(0.0))
    broken = series("broken").filter(~pl.col("ds").is_between(date(2020, 3, 1), date(2022, 6, 1)))
    hidden = series("hidden").with_columns(y=pl.when(pl.int_range(pl.len()) % 3 > 0).then("y"))
    ended = series("ended").filter(pl.col("ds") < date(2022, 1, 1))
    unknown = series("unknown").with_columns(y=pl.lit(None, pl.Float64))
    found = forecast(pl.concat([frame, short, zeros, broken, hidden, ended, unknown]), horizon=18)
    check_whole(found, [*[f"s{n}" for n in range(6)], "short", "zeros", "broken", "hidden", "ended"], 18)
    assert found.filter(unique_id="zeros")["mean"].max() == 0
    truth = 100 + 0.5 * len(MONTHS)
    for name in ("broken", "hidden"):
        assert found.filter(unique_id=name)["mean"].mean() == pytest.approx(truth, rel=0.15)


@pytest.mark.parametrize(("freq", "span"), [("1q", "3mo"), ("1y", "1y")])
def test_quarters_and_years(frame, freq, span):
    sums = frame.group_by("unique_id", pl.col("ds").dt.truncate(freq)).agg(pl.col("y").sum())
    found = forecast(sums, freq=freq, horizon=3)
    check_whole(found, [f"s{n}" for n in range(6)], 3)
    assert (
        found["ds"].max() == pl.select(pl.lit(sums["ds"].max()).dt.offset_by(span).dt.offset_by(span).dt.offset_by(span)).item()
    )


def test_what_cannot_be_forecast_is_refused_with_its_reason(frame):
    with pytest.raises(ForecastError, match="frequencies 1mo, 1q, 1y"):
        forecast(frame, freq="1w")
    with pytest.raises(ForecastError, match="missing: y"):
        forecast(frame.drop("y"))
    with pytest.raises(ForecastError, match="s0 has a period twice: 2014-01-01"):
        forecast(pl.concat([frame, frame.head(1)]))
    with pytest.raises(ForecastError, match="below zero"):
        forecast(frame.with_columns(y=-pl.col("y")))
    assert forecast(frame.clear()).is_empty()


def test_an_origin_knows_nothing_of_what_came_after_it(frame):
    panel = to_panel(frame, "1mo")
    changed = panel.y.copy()
    changed[:, 120:] *= 7
    one, other = (with_intervals(run_backtest(y, panel.group, 12, 12, 24, 1)) for y in (panel.y, changed))
    assert np.array_equal(one.limits[:, 0], other.limits[:, 0])
    assert not np.allclose(one.limits[:, -1], other.limits[:, -1])


def test_a_gap_leaves_the_state_as_it_was():
    y = np.tile(10.0 + 5 * np.sin(2 * np.pi * np.arange(12) / 12), 8)[None, :]
    gap = y.copy()
    gap[0, 60:64] = np.nan
    whole, broken = (smooth(values, 12, [96], 12)["level"][0, 0] for values in (y, gap))
    assert whole == pytest.approx(y[0, :12], abs=0.01)
    assert broken == pytest.approx(whole, abs=0.01)


def constructed(naive_error, model_error, series_count=40, origins=6, horizon=6):
    shape = (series_count, origins, horizon)
    known = [40 + n for n in range(origins)]
    actual = np.full(shape, 10.0)
    actual[:, -1] = np.nan
    model = np.full(shape, 10.0 - model_error)
    models = {NAIVE: np.full(shape, 10.0 - naive_error), "level": model, PANEL: model}
    return Backtest(np.full((series_count, 45), 10.0), np.array(["g"] * series_count), known, models, actual, np.ones(shape[:2]))


def test_models_that_do_not_beat_naive_are_not_chosen():
    assert choose(constructed(2.0, 2.0), 5) == {"g": NAIVE}
    assert choose(constructed(2.0, 3.0), 5) == {"g": NAIVE}
    assert choose(constructed(2.0, 1.0), 5) == {"g": PANEL}
    assert choose(constructed(2.0, 1.0), 0) == {"g": NAIVE}


def test_evaluation_knows_what_is_right():
    found = constructed(4.0, 2.0)
    table = evaluate_backtest(found, with_intervals(found), first_origin=1)
    row = table.filter(model=PANEL).row(0, named=True)
    assert (row["mase"], row["rmsse"], row["mase_seasonal_naive"]) == (2.0, 2.0, 4.0)
    assert (row["series"], row["origins"]) == (40, 4)
    issued = table.filter(model=ISSUED).row(0, named=True)
    assert issued["coverage_80_pct"] is not None
    assert table.filter(model=NAIVE)["wis"].to_list() == [None]


def test_intervals_have_a_width_before_any_error_is_known(frame):
    found = forecast(frame.filter(pl.col("ds") >= date(2024, 6, 1)), horizon=24)
    check_whole(found, [f"s{n}" for n in range(6)], 24)
    assert (found["q97_5"] > found["q90"]).all()
    assert (found["q90"] > found["q50"]).all()


def test_intervals_hold_as_often_as_they_say_on_independent_noise():
    dice = np.random.default_rng(0)
    y = np.clip(100 + dice.normal(0, 10, (200, 180)), 0, None)
    found = run_backtest(y, np.array(["g"] * 200), 12, 6, 80, 1)
    held = inside(found.actual, with_intervals(found).limits)[:, 30:]
    assert 100 * np.nanmean(held, axis=(0, 1, 2)) == pytest.approx([80, 95], abs=2)


def test_a_mixture_leaves_out_the_highest_and_the_lowest_model():
    y = np.random.default_rng(1).poisson(40, (5, 80)).astype(float)
    models = run_backtest(y, np.array(["g"] * 5), 12, 3, 2, 1).models
    single = np.sort(np.stack([values for name, values in models.items() if name != PANEL]), axis=0)
    assert models[PANEL] == pytest.approx(single[1:-1].mean(axis=0))


def test_a_new_occupation_group_is_not_one_that_was_empty():
    dice = np.random.default_rng(2)
    new = dice.poisson(100, 60).astype(float)
    long = np.concatenate([np.zeros(84), new])
    groups = np.array(["g"])
    found = run_backtest(long[None], groups, 12, 12, 8, 3)
    alone = run_backtest(new[None], groups, 12, 12, 8, 3)
    assert found.scale == pytest.approx(alone.scale, abs=0.01)
    nothing = run_backtest(np.zeros((1, 80)), groups, 12, 12, 8, 3)
    assert (nothing.models[PANEL] == 0).all()


def shaken(series, shared):
    """White noise of 100 around 1 000 over fifteen years, of which `shared` is the same for all series."""
    dice = np.random.default_rng(3)
    noise = np.sqrt(shared) * dice.normal(0, 100, 180) + np.sqrt(1 - shared) * dice.normal(0, 100, (series, 180))
    return run_backtest(1000 + noise, np.array(["g"] * series), 12, 24, 20, 3)


def test_intervals_are_wider_where_few_independent_outcomes_are_known():
    many, few = shaken(60, 0.0), shaken(60, 1.0)
    seen = many.seen(len(many.origins) - 1, 23)
    wider = [_few_outcomes(found.errors(PANEL)[:, seen, 23], found, seen, 23) for found in (many, few)]
    assert wider[0] == pytest.approx([1.0, 1.0], abs=0.03)
    assert wider[1] == pytest.approx([1.36, 1.86], abs=0.05)  # Student's t of 2.4: as often 24 months fit into the outcomes
    assert (wider[1] > 1).all()
    one = few.errors(PANEL)[:1, seen, 23]
    assert _few_outcomes(one, few, seen, 23) == pytest.approx(wider[1], abs=0.05)
    assert _few_outcomes(one[:, :0], few, [], 23) == pytest.approx([1, 1])


def vacancies(values, occupation="2512", region="SSS"):
    return pl.DataFrame({"region_code": region, "occupation_code": occupation, "month": MONTHS, "value": values})


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
    newer = pl.DataFrame({"region_code": ["SSS"], "occupation_code": ["2512"], "month": [date(2030, 1, 1)], "value": [5.0]})
    kept, _ = usable_series(pl.concat([frame, newer]), 60)
    assert kept["ds"].max() == MONTHS[-1]


def test_country_occupations_and_cells_are_forecast_each_in_its_group():
    total = series("x", level=400)["y"]
    frame = pl.concat(
        [vacancies(total), vacancies(total * 0.25, region="01"), vacancies(total * 0.75, region="02"), vacancies(total, "SSS")]
    )
    result = forecast_monthly(frame, "vacancies", ForecastSettings(horizon_months=12))
    means = result.forecasts.group_by("region_code", "occupation_code").agg(pl.col("mean").sum())
    by_key = {(r, o): m for r, o, m in means.iter_rows()}
    assert by_key["01", "2512"] == pytest.approx(0.25 * by_key["SSS", "2512"], rel=0.05)
    assert result.forecasts["horizon_months"].unique().sort().to_list() == list(range(1, 13))
    assert set(result.evaluation["series_group"]) == {"country", "occupation", "occupation_region"}
