"""What was issued is held against AutoETS on the same series and origins, and against nobody where nothing has come."""

import numpy as np
import pytest

from jod_pipelines.forecasting.backtest import run_backtest, with_intervals
from jod_pipelines.forecasting.peers import AUTO_ETS, ON_SAMPLE, SERIES_OF_A_GROUP, _evenly, judge_beside_auto_ets


def seasonal(series=20, months=96, seed=1):
    dice = np.random.default_rng(seed)
    level = dice.uniform(50, 200, (series, 1))
    season = 1 + 0.4 * np.sin(2 * np.pi * np.arange(months) / 12)
    return level * season + dice.normal(0, 4, (series, months))


def judged(y, horizon=12):
    group = np.array(["a"] * (len(y) - 1) + ["b"])
    found = run_backtest(np.clip(y, 0, None), group, 12, horizon, 8, 3)
    return judge_beside_auto_ets(found, with_intervals(found), 12)


def test_both_are_judged_on_the_same_series_and_origins():
    y = seasonal()
    y[3, 40:44] = np.nan
    rows = judged(y)
    assert rows["model"].unique().sort().to_list() == [AUTO_ETS, ON_SAMPLE]
    counted = rows.group_by("model", maintain_order=True).agg("series_group", "series", "origins", "mase_seasonal_naive")
    assert counted.drop("model").unique().height == 1
    assert rows.filter(series_group="a")["series"].to_list() == [SERIES_OF_A_GROUP] * 2
    assert rows.filter(series_group="b")["series"].to_list() == [1, 1]
    peer = rows.filter(model=AUTO_ETS, series_group="a").row(0, named=True)
    assert peer["mase"] < peer["mase_seasonal_naive"], "it knows a season and noise"
    assert 60 < peer["coverage_80_pct"] < peer["coverage_95_pct"]


def test_intervals_and_their_levels_are_not_mixed_up():
    found = run_backtest(seasonal(3), np.array(["a"] * 3), 12, 12, 8, 3)
    rows = judge_beside_auto_ets(found, with_intervals(found), 12)
    peer = rows.filter(model=AUTO_ETS).row(0, named=True)
    assert peer["wis"] < peer["mase"], "an interval about a good forecast costs less than its error"


def test_nothing_is_said_before_a_whole_horizon_has_come():
    assert judged(seasonal(months=30), horizon=24).is_empty()


@pytest.mark.parametrize(("count", "wanted"), [(0, 8), (1, 8), (5, 2), (8, 8), (100, 8)])
def test_places_are_evenly_spread_to_the_last(count, wanted):
    places = _evenly(count, wanted)
    assert len(places) == min(count, wanted)
    assert count == 0 or places[-1] == count - 1
    assert all(0 <= place < count for place in places)
