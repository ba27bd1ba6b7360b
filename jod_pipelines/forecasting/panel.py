"""Forecasts of many series at once, with quantiles: `forecast`, in Nixtla's long format, without the rest of the platform."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from jod_pipelines.errors import ForecastError
from jod_pipelines.forecasting.backtest import Backtest, Issued, run_backtest, with_intervals
from jod_pipelines.forecasting.smoothing import Numbers

SEASONS = {"1mo": 12, "1q": 4, "1y": 1}
"""Frequencies and the periods of their season."""
LEVELS = (80, 95)
FORECAST = {
    "unique_id": pl.String(),
    "ds": pl.Date(),
    "mean": pl.Float64(),
    "q2_5": pl.Float64(),
    "q10": pl.Float64(),
    "q50": pl.Float64(),
    "q90": pl.Float64(),
    "q97_5": pl.Float64(),
    "model": pl.String(),
}


@dataclass(frozen=True)
class Panel:
    """Series side by side: `y` is series (in order of `names`) x `periods`, NaN where not known."""

    names: list[str]
    group: NDArray[np.str_]
    periods: list[date]
    y: Numbers


def forecast(
    df: pl.DataFrame,
    freq: str = "1mo",
    horizon: int = 24,
    levels: tuple[int, ...] = LEVELS,
    *,
    origins: int = 16,
    step: int = 3,
) -> pl.DataFrame:
    """Forecast series of counts or amounts.

    Series may start at different times, have gaps, nulls (confidential is unknown, not zero), many zeros, or be too
    short for a backtest of their own: they then take the model and the scaled errors of their group.

    Args:
        df: unique_id, ds (first day of the period), y (non-negative, null where not known), optionally group (series
            whose errors are pooled and for which one model is chosen).
        freq: `1mo`, `1q` or `1y`.
        horizon: periods ahead of the newest period of any series.
        levels: interval levels; 80 and 95 give the quantile columns.
        origins: earlier origins whose errors choose models and make intervals.
        step: periods between origins.

    Returns:
        unique_id, ds, mean, q2_5, q10, q50, q90, q97_5, model; sorted. The point forecast is mean and median in one.
        A series without any known value has no rows.

    Raises:
        ForecastError: another frequency or levels, a missing column, a value below zero, a period given twice.
    """
    if freq not in SEASONS or tuple(levels) != LEVELS:
        raise ForecastError(f"forecast knows frequencies {', '.join(SEASONS)} and levels 80 and 95, not {freq} and {levels}")
    panel = to_panel(df, freq)
    if not panel.names:
        return pl.DataFrame(schema=FORECAST)
    found = run_backtest(panel.y, panel.group, SEASONS[freq], horizon, origins, step)
    return present(panel, found, with_intervals(found), freq)


def to_panel(df: pl.DataFrame, freq: str) -> Panel:
    """Series as one array over all periods from the first to the last; series without a known value are left out.

    Raises:
        ForecastError: see `forecast`.
    """
    if missing := {"unique_id", "ds", "y"} - set(df.columns):
        raise ForecastError(f"forecast needs the columns unique_id, ds and y; missing: {', '.join(sorted(missing))}")
    group = pl.col("group") if "group" in df.columns else pl.lit("all")
    known = df.select(
        "unique_id",
        group.cast(pl.String).alias("group"),
        pl.col("ds").cast(pl.Date).dt.truncate(freq),
        pl.col("y").cast(pl.Float64).fill_nan(None),
    ).drop_nulls()
    twice = known.filter(pl.struct("unique_id", "ds").is_duplicated())
    below = known.filter((pl.col("y") < 0) | pl.col("y").is_infinite())
    for wrong, what in ((twice, "has a period twice"), (below, "has a value below zero or without end")):
        if len(wrong):
            name, _, when, value = wrong.sort("unique_id", "ds").row(0)
            raise ForecastError(f"series {name} {what}: {when} {value}")
    if known.is_empty():
        return Panel([], np.array([], dtype=str), [], np.zeros((0, 0)))
    start, end = known.select(pl.col("ds").min().alias("start"), pl.col("ds").max().alias("end")).row(0)
    periods = pl.date_range(start, end, freq, eager=True)
    names = known.group_by("unique_id").agg(pl.col("group").first()).sort("unique_id")
    rows = known.join(names.select("unique_id", row=pl.int_range(pl.len())), on="unique_id", maintain_order="left")
    rows = rows.join(pl.DataFrame({"ds": periods}).with_row_index("column"), on="ds", maintain_order="left")
    y = np.full((len(names), len(periods)), np.nan)
    y[rows["row"].to_numpy(), rows["column"].to_numpy()] = rows["y"].to_numpy()
    return Panel(names["unique_id"].to_list(), names["group"].to_numpy().astype(str), periods.to_list(), y)


def present(panel: Panel, found: Backtest, issued: Issued, freq: str) -> pl.DataFrame:
    """What is issued at the newest origin, as rows of FORECAST."""
    horizon = found.actual.shape[2]
    ahead = pl.select(
        ds=pl.date_range(pl.lit(panel.periods[-1]), pl.lit(panel.periods[-1]).dt.offset_by(_span(freq, horizon)), freq)
    )
    points, limits = issued.points[:, -1], issued.limits[:, -1]
    columns = {"mean": points, "q50": points} | {
        name: limits[:, :, place] for place, name in enumerate(("q2_5", "q10", "q90", "q97_5"))
    }
    frame = pl.DataFrame(
        {
            "unique_id": np.repeat(panel.names, horizon),
            "ds": ahead["ds"].to_list()[1:] * len(panel.names),
            "model": np.repeat(issued.model[:, -1], horizon),
            **{name: values.ravel() for name, values in columns.items()},
        }
    )
    return frame.select([pl.col(name).cast(kind) for name, kind in FORECAST.items()])


def _span(freq: str, periods: int) -> str:
    return f"{periods}{freq[1:]}"
