"""Forecasts of many series at once, with quantiles and a rolling-origin backtest.

Models are Dynamic Optimised Theta, damped additive ETS and their mean (which led a public competition of some 3 000
series), and seasonal naive, which every choice must beat: a group of series in which it wins is forecast by it.
Quantiles are split-conformal: errors of the backtest, scaled by each series' own seasonal-naive error and pooled over
the series of a group, because native intervals are too narrow and one series has too few errors of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

SEASON = 12
BAND = 6
"""Months of the horizon whose errors are pooled."""
LEVELS = (80, 95)
MODELS = ("seasonal_naive", "theta", "damped_ets", "theta_ets_mean")
POOL_AT_LEAST = 100
"""A group with fewer backtest errors in a band uses those of all groups."""
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
class Backtest:
    """What the models said about the past, and what came.

    `errors`: unique_id, group, origin, ds, horizon, model, yhat, y, scale; `scale` is the mean absolute
    seasonal-naive error of the series before the origin.
    """

    errors: pl.DataFrame


def forecast(
    df: pl.DataFrame,
    freq: str = "1mo",
    horizon: int = 24,
    levels: tuple[int, ...] = LEVELS,
    *,
    origins: int = 4,
    step: int = 6,
) -> pl.DataFrame:
    """Forecast monthly series.

    Args:
        df: unique_id, ds (first day of month), y (non-negative), optionally group (series whose errors are pooled and
            for which one model is chosen). Every series needs consecutive months and the same last month as the rest.
        freq: `1mo`; other frequencies are refused.
        horizon: months ahead.
        levels: interval levels; 80 and 95 give the quantile columns.
        origins: origins of the backtest.
        step: months between origins.

    Returns:
        unique_id, ds, mean, q2_5, q10, q50, q90, q97_5, model.

    Raises:
        ValueError: another frequency or levels, or a series too short for the backtest.
    """
    if freq != "1mo" or tuple(levels) != LEVELS:
        raise ValueError("this method makes monthly forecasts with levels 80 and 95")
    future, backtest = run_panel(df, horizon, origins=origins, step=step)
    return with_quantiles(future, backtest, horizon).select(list(FORECAST))


def run_panel(df: pl.DataFrame, horizon: int, *, origins: int, step: int) -> tuple[pl.DataFrame, Backtest]:
    """Point forecasts from the newest month by every model, and the backtest.

    Returns:
        (unique_id, group, ds, horizon, model, yhat, scale; the backtest).
    """
    if "group" not in df.columns:
        df = df.with_columns(group=pl.lit("all"))
    df = df.select("unique_id", "group", "ds", "y").sort("unique_id", "ds")
    last = df["ds"].max()
    cuts = [0, *(horizon + step * back for back in range(origins - 1, -1, -1))]
    shortest = int(df.group_by("unique_id").len().select(pl.col("len").min()).item() or 0)
    if shortest < max(cuts) + 2 * SEASON:
        raise ValueError(f"the shortest series has {shortest} months; the backtest needs {max(cuts) + 2 * SEASON}")
    parts = []
    for cut in cuts:
        origin = pl.select(pl.lit(last).dt.offset_by(f"-{cut}mo")).item()
        known = df.filter(pl.col("ds") <= origin)
        parts.append(_point_forecasts(known, horizon).join(_scales(known), on="unique_id").with_columns(origin=pl.lit(origin)))
    everything = pl.concat(parts).join(df.select("unique_id", "group").unique(), on="unique_id")
    future = everything.filter(pl.col("origin") == last).drop("origin")
    past = everything.filter(pl.col("origin") < last).join(df.select("unique_id", "ds", "y"), on=["unique_id", "ds"])
    return future, Backtest(past)


def best_models(backtest: Backtest) -> pl.DataFrame:
    """The model with the lowest mean absolute scaled error of each group; naive wins a tie."""
    order = pl.col("model").replace_strict({model: place for place, model in enumerate(MODELS)}, default=len(MODELS))
    scored = (
        backtest.errors.filter(pl.col("scale") > 0)
        .sort("group", "model", "unique_id", "origin", "horizon")
        .group_by("group", "model", maintain_order=True)
        .agg(((pl.col("y") - pl.col("yhat")).abs() / pl.col("scale")).mean().round(9).alias("mase"))
    )
    return scored.sort("group", "mase", order).group_by("group", maintain_order=True).first().select("group", "model")


def with_quantiles(future: pl.DataFrame, backtest: Backtest, horizon: int) -> pl.DataFrame:
    """The chosen model's forecasts with conformal quantiles: columns of FORECAST and group, horizon."""
    chosen = best_models(backtest)
    points = future.join(chosen, on=["group", "model"]).with_columns(band=_band("horizon"))
    errors = backtest.errors.join(chosen, on=["group", "model"]).with_columns(band=_band("horizon"))
    widths = interval_widths(errors, future["group"].unique().to_list(), horizon)
    return add_intervals(points, widths).select([*FORECAST, "group", "horizon"]).sort("unique_id", "ds")


def interval_widths(errors: pl.DataFrame, groups: list[str], horizon: int) -> pl.DataFrame:
    """Half-widths of the 80 and 95 % intervals in units of `scale`, by group and band of the horizon.

    Args:
        errors: group, band, y, yhat, scale of the chosen models.
    """
    scored = errors.filter(pl.col("scale") > 0).with_columns(
        score=((pl.col("y") - pl.col("yhat")).abs() / pl.col("scale")),
    )
    rows: list[dict[str, Any]] = []
    for band in range((horizon + BAND - 1) // BAND):
        everyone = scored.filter(pl.col("band") == band)["score"].to_numpy()
        for group in sorted(groups):
            own = scored.filter((pl.col("band") == band) & (pl.col("group") == group))["score"].to_numpy()
            pool = own if len(own) >= POOL_AT_LEAST else everyone
            rows.append({"group": group, "band": band} | {f"width_{level}": _conformal(pool, level) for level in LEVELS})
    return pl.DataFrame(
        rows, schema={"group": pl.String(), "band": pl.Int64(), "width_80": pl.Float64(), "width_95": pl.Float64()}
    )


def add_intervals(points: pl.DataFrame, widths: pl.DataFrame) -> pl.DataFrame:
    """Quantile columns around `yhat`; nothing is below zero."""
    joined = points.join(widths, on=["group", "band"], how="left")
    half_80 = pl.col("width_80") * pl.col("scale")
    half_95 = pl.max_horizontal(pl.col("width_95") * pl.col("scale"), half_80)
    mean = pl.col("yhat").clip(lower_bound=0)
    return joined.with_columns(
        mean=mean,
        q2_5=(mean - half_95).clip(lower_bound=0),
        q10=(mean - half_80).clip(lower_bound=0),
        q50=mean,
        q90=mean + half_80,
        q97_5=mean + half_95,
    )


def _point_forecasts(known: pl.DataFrame, horizon: int) -> pl.DataFrame:
    """unique_id, ds, horizon, model, yhat by every model."""
    from statsforecast import StatsForecast
    from statsforecast.models import AutoETS, DynamicOptimizedTheta, SeasonalNaive

    models = [
        SeasonalNaive(season_length=SEASON, alias="seasonal_naive"),
        DynamicOptimizedTheta(season_length=SEASON, alias="theta"),
        AutoETS(season_length=SEASON, model="AAA", damped=True, alias="damped_ets"),
    ]
    engine = StatsForecast(
        models=models, freq="1mo", n_jobs=1, fallback_model=SeasonalNaive(season_length=SEASON, alias="seasonal_naive")
    )
    series = known.select("unique_id", pl.col("ds").cast(pl.Datetime("us")), "y")
    wide = pl.DataFrame(engine.forecast(df=series, h=horizon)).with_columns(
        pl.col("ds").cast(pl.Date),
        horizon=(pl.int_range(pl.len()) + 1).over("unique_id"),
        theta_ets_mean=(pl.col("theta") + pl.col("damped_ets")) / 2,
    )
    long = wide.unpivot(on=list(MODELS), index=["unique_id", "ds", "horizon"], variable_name="model", value_name="yhat")
    return long.with_columns(pl.col("yhat").clip(lower_bound=0), pl.col("horizon").cast(pl.Int64))


def _scales(known: pl.DataFrame) -> pl.DataFrame:
    difference = (pl.col("y") - pl.col("y").shift(SEASON)).abs().mean()
    return known.group_by("unique_id").agg(difference.fill_null(0.0).alias("scale"))


def _band(column: str) -> pl.Expr:
    return (pl.col(column) - 1) // BAND


def _conformal(scores: np.ndarray, level: int) -> float:
    """The split-conformal quantile: the ceil((n+1) level)-th smallest score, the largest when there are too few."""
    if not len(scores):
        return 0.0
    rank = int(np.ceil((len(scores) + 1) * level / 100))
    return float(np.sort(scores)[min(rank, len(scores)) - 1])
