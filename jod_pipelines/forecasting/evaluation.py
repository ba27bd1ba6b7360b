"""How forecasts did on the past: MASE, RMSSE, weighted interval score and coverage, beside seasonal naive."""

from __future__ import annotations

import numpy as np
import polars as pl

from jod_pipelines.forecasting.panel import BAND, LEVELS, add_intervals, interval_widths

DIGITS = 6
"""Figures are rounded: a sum of many numbers differs in its last bits with the order threads add them in."""
ORDER = ("group", "model", "unique_id", "origin", "horizon")
EVALUATION_BANDS = ((1, 12), (13, 24), (25, 36))


def evaluate_backtest(errors: pl.DataFrame, chosen: pl.DataFrame, horizon: int) -> pl.DataFrame:
    """Figures by group, model and band of the horizon.

    Intervals are judged fairly: those of an origin are made from the errors of the other origins.

    Args:
        errors: group, unique_id, origin, horizon, model, yhat, y, scale.
        chosen: group, model; intervals exist for these only.

    Returns:
        series_group, model, horizon_from, horizon_to, series, origins, mase, rmsse, wis, coverage_80_pct,
        coverage_95_pct, mase_seasonal_naive.
    """
    judged = errors.filter(pl.col("scale") > 0).sort(*ORDER)
    judged = judged.with_columns(error=(pl.col("y") - pl.col("yhat")) / pl.col("scale"))
    intervals = _held_out_intervals(judged.join(chosen, on=["group", "model"]), horizon)
    rows = []
    for start, end in EVALUATION_BANDS:
        if start > horizon:
            continue
        inside = pl.col("horizon").is_between(start, end)
        part = judged.filter(inside)
        naive = (
            part.filter(model="seasonal_naive")
            .group_by("group", maintain_order=True)
            .agg(mase_seasonal_naive=pl.col("error").abs().mean())
        )
        points = part.group_by("group", "model", maintain_order=True).agg(
            series=pl.col("unique_id").n_unique().cast(pl.Int32),
            origins=pl.col("origin").n_unique().cast(pl.Int32),
            mase=pl.col("error").abs().mean(),
            rmsse=(pl.col("error") ** 2).mean().sqrt(),
        )
        spread = (
            intervals.filter(inside)
            .group_by("group", "model", maintain_order=True)
            .agg(
                wis=pl.col("wis").mean(),
                coverage_80_pct=100 * pl.col("y").is_between(pl.col("q10"), pl.col("q90")).mean(),
                coverage_95_pct=100 * pl.col("y").is_between(pl.col("q2_5"), pl.col("q97_5")).mean(),
            )
        )
        rows.append(
            points.join(spread, on=["group", "model"], how="left")
            .join(naive, on="group")
            .with_columns(horizon_from=pl.lit(start, pl.Int32), horizon_to=pl.lit(min(end, horizon), pl.Int32))
        )
    figures = pl.concat(rows).with_columns(pl.col(pl.Float64).round(DIGITS))
    return figures.rename({"group": "series_group"}).sort("series_group", "model", "horizon_from")


def weighted_interval_score(frame: pl.DataFrame) -> pl.Expr:
    """WIS over the median and the 80 and 95 % intervals, divided by `scale` (Bracher et al. 2021)."""
    y, total = pl.col("y"), 0.5 * (pl.col("y") - pl.col("q50")).abs()
    for level, low, high in ((80, "q10", "q90"), (95, "q2_5", "q97_5")):
        alpha = 1 - level / 100
        below = (pl.col(low) - y).clip(lower_bound=0)
        above = (y - pl.col(high)).clip(lower_bound=0)
        total = total + alpha / 2 * ((pl.col(high) - pl.col(low)) + 2 / alpha * below + 2 / alpha * above)
    return total / (len(LEVELS) + 0.5) / pl.col("scale")


def _held_out_intervals(errors: pl.DataFrame, horizon: int) -> pl.DataFrame:
    errors = errors.with_columns(band=(pl.col("horizon") - 1) // BAND)
    groups = errors["group"].unique().to_list()
    parts = []
    for origin in errors["origin"].unique().sort():
        widths = interval_widths(errors.filter(pl.col("origin") != origin), groups, horizon)
        parts.append(add_intervals(errors.filter(pl.col("origin") == origin), widths))
    held_out = pl.concat(parts).sort(*ORDER) if parts else errors
    return held_out.with_columns(wis=weighted_interval_score(held_out))


def mean_scaled_error(errors: pl.DataFrame, model: str) -> float:
    """MASE of one model over all series, origins and horizons of a backtest."""
    part = errors.filter((pl.col("model") == model) & (pl.col("scale") > 0))
    return float(np.abs((part["y"] - part["yhat"]) / part["scale"]).mean())
