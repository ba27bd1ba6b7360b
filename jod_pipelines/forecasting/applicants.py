"""First-choice applicants by education and region, one to three years ahead.

A handful of years cannot tell models apart series by series, so a group of series (country, regions, educations, their cells)
shares one simple model, chosen by how well it told the next year before, and one pool of its errors. Intervals are split
conformal (Vovk et al. 2005) for one year and widen with the square root of the years, as those of a random walk do. What is
forecast adds up from the top down (see `coherence`).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from jod_pipelines.forecasting.backtest import LEVELS, NAIVE, Backtest, Issued
from jod_pipelines.forecasting.evaluation import evaluate_backtest
from jod_pipelines.forecasting.labour_market import DECIMALS, MonthlyForecast, add_up, judged_apart
from jod_pipelines.forecasting.panel import present, to_panel
from jod_pipelines.forecasting.smoothing import Numbers

TOTAL, UNKNOWN = "SSS", "unknown"
FREQUENCY = "1y"
HORIZON_YEARS = 3
LEAST_YEARS = 4
"""Fewer leave two yearly changes to learn from."""
DAMPING = 0.5
"""What is left of a growth a year later."""
FEW = 10
"""Added to counts before their logarithm: a change of few people is no large change."""
LEAST_ERRORS = 20
"""A group with fewer errors uses those of all series that are totals."""
MONTHS = 12
GROUPS = {
    (True, True): "country",
    (True, False): "education",
    (False, True): "region",
    (False, False): "education_region",
}
"""Group of a series by whether it is of the whole country and of all educations."""
MODELS: dict[str, Callable[[Numbers], Numbers]] = {
    NAIVE: lambda logs: np.repeat(logs[:, -1:], HORIZON_YEARS, axis=1),
    "mean_of_two_years": lambda logs: np.repeat(logs[:, -2:].mean(axis=1, keepdims=True), HORIZON_YEARS, axis=1),
    "damped_growth": lambda logs: (
        logs[:, -1:] + np.diff(logs, axis=1).mean(axis=1, keepdims=True) * np.cumsum(DAMPING ** np.arange(1, HORIZON_YEARS + 1))
    ),
}
"""Logarithms years ahead from those known, series x years; repeating the last year is what the others must beat."""


def forecast_applicants(cells: pl.DataFrame) -> MonthlyForecast:
    """Forecast applicants; a year in which nobody applied to what others applied to is zero.

    Args:
        cells: region_code (`unknown` counts in totals only), field_code, level_code, year, persons: the parts, without totals.

    Returns:
        forecasts: region_code, field_code, level_code (SSS for all), scenario, origin_year, target_year, horizon_years, mean,
        q2_5, q10, q50, q90, q97_5, model, unit. The evaluation has years as months. Without LEAST_YEARS years both are empty.
    """
    series = _series(cells)
    names = series.select("unique_id").unique().sort("unique_id")
    if series["ds"].n_unique() < LEAST_YEARS:
        few = pl.lit(f"fewer than {LEAST_YEARS} years of applicants")
        return MonthlyForecast(pl.DataFrame(), pl.DataFrame(), names.with_columns(reason=few))
    panel = to_panel(series, FREQUENCY)
    found, issued = _rolled(panel.y, panel.group)
    coherent, reason = add_up(panel, found, issued)
    cells = series.filter(pl.col("group") == "education_region", pl.lit(bool(reason))).select("unique_id").unique()
    left_out = cells.with_columns(reason=pl.lit(reason))
    parts = pl.col("unique_id").str.split("/").list
    education = parts.last().str.split("-").list
    origin = panel.periods[-1].year
    forecasts = (
        present(panel, found, coherent, FREQUENCY)
        .join(left_out, on="unique_id", how="anti")
        .select(
            region_code=parts.first(),
            field_code=education.first(),
            level_code=education.last(),
            scenario=pl.lit("baseline"),
            origin_year=pl.lit(origin, dtype=pl.Int32),
            target_year=pl.col("ds").dt.year(),
            horizon_years=pl.col("ds").dt.year() - origin,
            **{name: pl.col(name).round(DECIMALS) for name in ("mean", "q2_5", "q10", "q50", "q90", "q97_5")},
            model="model",
            unit=pl.lit("persons"),
        )
        .sort("region_code", "field_code", "level_code", "target_year")
    )
    evaluation = pl.concat([evaluate_backtest(found, coherent), judged_apart(found, issued)])
    evaluation = evaluation.with_columns(horizon_to=pl.col("horizon_to") * MONTHS)
    return MonthlyForecast(forecasts, evaluation, left_out)


def _rolled(y: Numbers, group: NDArray[np.str_]) -> tuple[Backtest, Issued]:
    """What was or would have been said each year from LEAST_YEARS - 1 on; the last is the present."""
    origins = list(range(LEAST_YEARS - 1, y.shape[1] + 1))
    shape = (len(y), len(origins), HORIZON_YEARS)
    points, limits, actual = np.empty(shape), np.empty((*shape, 2 * len(LEVELS))), np.full(shape, np.nan)
    naive, scale = np.empty(shape), np.empty(shape[:2])
    model = np.empty(shape[:2], dtype="<U32")
    for at, origin in enumerate(origins):
        known, came = y[:, :origin], y[:, origin : origin + HORIZON_YEARS]
        naive[:, at], actual[:, at, : came.shape[1]] = known[:, -1:], came
        scale[:, at] = np.abs(np.diff(known, axis=1)).mean(axis=1)
        points[:, at], limits[:, at], model[:, at] = _said(known, group)
    found = Backtest(y, group, origins, {NAIVE: naive}, actual, np.where(scale > 0, scale, np.nan))
    return found, Issued(points, limits, model)


def _said(y: Numbers, group: NDArray[np.str_]) -> tuple[Numbers, Numbers, NDArray[np.str_]]:
    """Points (series x years ahead), limits (x 4, as of `Issued`) and the model of each series."""
    logs = np.log(y + FEW)
    years = range(2, logs.shape[1])
    errors = {
        name: np.abs(np.stack([logs[:, at] - say(logs[:, :at])[:, 0] for at in years], axis=1)) for name, say in MODELS.items()
    }
    ahead, width = np.empty((len(y), HORIZON_YEARS)), np.empty((len(y), len(LEVELS)))
    model = np.empty(len(y), dtype="<U32")
    totals = np.isin(group, ["country", "region", "education"])
    for name in np.unique(group):
        rows = group == name
        chosen = min(MODELS, key=lambda each: round(float(errors[each][rows].mean()), 9))
        pool = errors[chosen][rows if rows.sum() * len(years) >= LEAST_ERRORS else totals].ravel()
        ranks = np.minimum(np.ceil((len(pool) + 1) * LEVELS) - 1, len(pool) - 1).astype(int)
        ahead[rows], width[rows], model[rows] = MODELS[chosen](logs[rows]), np.sort(pool)[ranks], chosen
    away = np.concatenate([-width[:, ::-1], width], axis=1)[:, None, :] * np.sqrt(np.arange(1, HORIZON_YEARS + 1))[:, None]
    limits = np.exp(ahead[..., None] + away) - FEW
    return np.clip(np.exp(ahead) - FEW, 0, None), np.clip(limits, 0, None), model


def _series(cells: pl.DataFrame) -> pl.DataFrame:
    """unique_id (`region/field-level`, SSS for all), group, ds, y: parts and totals; a year without a row of a series is zero."""
    education = pl.format("{}-{}", "field_code", "level_code")
    parts = cells.drop_nulls().with_columns(education=education)
    both = pl.concat([parts, parts.with_columns(region_code=pl.lit(TOTAL))])
    every = pl.concat([both, both.with_columns(education=pl.lit(TOTAL))])
    summed = every.group_by("region_code", "education", "year").agg(y=pl.col("persons").sum().cast(pl.Float64))
    years = cells.select(pl.col("year").unique())
    grid = summed.select("region_code", "education").unique().join(years, how="cross")
    grid = grid.filter(pl.col("region_code") != UNKNOWN)
    whole, all_of_it = pl.col("region_code") == TOTAL, pl.col("education") == TOTAL
    group = pl.coalesce(
        pl.when((whole == country) & (all_of_it == total)).then(pl.lit(name)) for (country, total), name in GROUPS.items()
    )
    return (
        grid.join(summed, on=["region_code", "education", "year"], how="left")
        .select(
            unique_id=pl.format("{}/{}", "region_code", "education"),
            group=group,
            ds=pl.date("year", 1, 1),
            y=pl.col("y").fill_null(0),
        )
        .sort("unique_id", "ds")
    )
