"""Monthly series two years ahead: this platform's panel with quantiles beside statsforecast's AutoETS."""

from __future__ import annotations

import time

import numpy as np
import polars as pl

from jod_pipelines.bench import Result
from jod_pipelines.forecasting import forecast
from jod_pipelines.sandbox import build_world
from jod_pipelines.settings import load_settings

HORIZON, SERIES = 24, 40


def run() -> list[Result]:
    """Both forecast the last two years of planted demand from the years before."""
    world = build_world(load_settings(sources="sandbox", scale="small"))
    own = world.numbers(99)
    frames = [
        pl.DataFrame({"unique_id": f"s{number:03d}", "ds": world.months, "y": own.poisson(world.demand[number]).astype(float)})
        for number in range(min(SERIES, len(world.demand)))
    ]
    series = pl.concat(frames)
    split = world.months[-HORIZON]
    known, truth = series.filter(pl.col("ds") < split), series.filter(pl.col("ds") >= split)
    forecast(known.filter(pl.col("unique_id") == "s000"), horizon=HORIZON)  # imports happen before the clock starts
    started = time.perf_counter()
    ours = forecast(known, horizon=HORIZON)
    seconds = time.perf_counter() - started
    started = time.perf_counter()
    peer = _auto_ets(known)
    peer_seconds = time.perf_counter() - started
    return [
        Result("jod forecast (backtest, quantiles)", seconds, len(frames), "series", _mase(ours, truth, known)),
        Result("statsforecast AutoETS (one fit, intervals)", peer_seconds, len(frames), "series", _mase(peer, truth, known)),
    ]


def _auto_ets(known: pl.DataFrame) -> pl.DataFrame:
    from statsforecast import StatsForecast
    from statsforecast.models import AutoETS

    engine = StatsForecast(models=[AutoETS(season_length=12, alias="mean")], freq="1mo", n_jobs=1)
    found = engine.forecast(df=known.with_columns(pl.col("ds").cast(pl.Datetime("us"))), h=HORIZON, level=[80, 95])
    return pl.DataFrame(found).with_columns(pl.col("ds").cast(pl.Date))


def _mase(found: pl.DataFrame, truth: pl.DataFrame, known: pl.DataFrame) -> str:
    scale = (
        known.sort("unique_id", "ds").group_by("unique_id").agg((pl.col("y") - pl.col("y").shift(12)).abs().mean().alias("scale"))
    )
    joined = found.join(truth, on=["unique_id", "ds"]).join(scale, on="unique_id")
    error = np.abs(joined["mean"].to_numpy() - joined["y"].to_numpy()) / joined["scale"].to_numpy()
    return f"MASE {error.mean():.3f}"
