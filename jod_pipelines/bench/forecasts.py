"""Monthly series a year ahead: this platform's panel with quantiles beside statsforecast's AutoETS.

How hard: levels from 3 to 3 000, seasons that move slowly, a trend that turns twice, Poisson noise and a common business
cycle; a tenth of the series have a break of level. No method knows any of it.
"""

from __future__ import annotations

import time
from datetime import date

import numpy as np
import polars as pl

from jod_pipelines.bench import Result
from jod_pipelines.forecasting import forecast

HORIZON, MONTHS, SEED = 12, 108, 6
SIZES = {"small": 200, "national": 10_000}


def run(scale: str = "small") -> list[Result]:
    """Both forecast the last year of the same planted series from the eight years before.

    Args:
        scale: small (200 series), national (10 000) or a number of series.
    """
    series = planted(SIZES.get(scale) or int(scale))
    split = series["ds"].unique().sort()[-HORIZON]
    known, truth = series.filter(pl.col("ds") < split), series.filter(pl.col("ds") >= split)
    few = known.filter(pl.col("unique_id") == known["unique_id"][0])
    forecast(few, horizon=HORIZON)  # imports happen before the clocks start
    _auto_ets(few)
    started = time.perf_counter()
    ours = forecast(known, horizon=HORIZON)
    seconds = time.perf_counter() - started
    started = time.perf_counter()
    peer = _auto_ets(known)
    peer_seconds = time.perf_counter() - started
    count = series["unique_id"].n_unique()
    named = peer.rename({"mean-lo-95": "q2_5", "mean-lo-80": "q10", "mean-hi-80": "q90", "mean-hi-95": "q97_5"})
    return [
        Result("jod forecast (backtest, quantiles)", seconds, count, "series", _quality(ours, truth, known)),
        Result("statsforecast AutoETS (one fit, intervals)", peer_seconds, count, "series", _quality(named, truth, known)),
    ]


def planted(count: int) -> pl.DataFrame:
    """unique_id, ds, y of `count` series of MONTHS months; see the module for how hard they are."""
    dice = np.random.default_rng(SEED)
    time_axis = np.arange(MONTHS)
    level = np.exp(dice.uniform(np.log(3), np.log(3000), count))[:, None]
    slopes = np.repeat(dice.normal(0, 0.006, (count, 3)), MONTHS // 3, axis=1)
    cycle = np.cumsum(dice.normal(0, 0.02, MONTHS))
    shift = (
        (dice.random(count) < 0.1)[:, None]
        * dice.normal(0, 0.5, (count, 1))
        * (time_axis > dice.integers(24, MONTHS, (count, 1)))
    )
    phase, strength = dice.uniform(0, 12, (count, 1)), dice.uniform(0, 0.5, (count, 1))
    season = strength * np.sin(2 * np.pi * (time_axis + phase + dice.normal(0, 0.01, (count, 1)) * time_axis) / 12)
    y = dice.poisson(level * np.exp(np.cumsum(slopes, axis=1) + cycle + shift + season)).astype(float)
    months = pl.date_range(date(2017, 1, 1), date(2025, 12, 1), "1mo", eager=True)
    names = [f"s{number:05d}" for number in range(count)]
    return pl.DataFrame({"unique_id": np.repeat(names, MONTHS), "ds": months.to_list() * count, "y": y.ravel()})


def _auto_ets(known: pl.DataFrame) -> pl.DataFrame:
    from statsforecast import StatsForecast
    from statsforecast.models import AutoETS

    engine = StatsForecast(models=[AutoETS(season_length=12, alias="mean")], freq="1mo", n_jobs=1)
    found = engine.forecast(df=known.with_columns(pl.col("ds").cast(pl.Datetime("us"))), h=HORIZON, level=[80, 95])
    return pl.DataFrame(found).with_columns(pl.col("ds").cast(pl.Date))


def _quality(found: pl.DataFrame, truth: pl.DataFrame, known: pl.DataFrame) -> str:
    scale = (
        known.sort("unique_id", "ds").group_by("unique_id").agg((pl.col("y") - pl.col("y").shift(12)).abs().mean().alias("scale"))
    )
    joined = found.join(truth, on=["unique_id", "ds"]).join(scale, on="unique_id")
    inside_80, inside_95, mase = joined.select(
        (100 * pl.col("y").is_between("q10", "q90").mean()).alias("inner"),
        (100 * pl.col("y").is_between("q2_5", "q97_5").mean()).alias("outer"),
        ((pl.col("mean") - pl.col("y")).abs() / pl.col("scale")).mean().alias("mase"),
    ).row(0)
    return f"MASE {mase:.3f}, coverage {inside_80:.1f} of 80, {inside_95:.1f} of 95"
