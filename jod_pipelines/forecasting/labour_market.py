"""Vacancies and jobseekers by occupation group and region, months ahead.

Country, regions, occupation groups and their cells are forecast as series of their own, one model and one pool of errors
to each of these four groups, and then made to add up (see `coherence`). Published totals are used as they are;
confidential cells are unknown, never zero, and nothing is summed around them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from jod_pipelines.errors import ForecastError
from jod_pipelines.forecasting.backtest import NAIVE, Backtest, Issued, run_backtest, with_intervals
from jod_pipelines.forecasting.coherence import coherent_points
from jod_pipelines.forecasting.evaluation import APART, ISSUED, evaluate_backtest
from jod_pipelines.forecasting.panel import SEASONS, Panel, present, to_panel
from jod_pipelines.forecasting.peers import judge_beside_auto_ets
from jod_pipelines.forecasting.reconciliation import CLOSE
from jod_pipelines.settings import ForecastSettings

MEASURES = {
    "vacancies": ("open_vacancies", "vacancies"),
    "new_vacancies": ("new_vacancies", "vacancies"),
    "jobseekers": ("unemployed_jobseekers", "persons"),
}
"""Measure and unit of each forecast; the dataset is `forecast_` and its name."""
TOTAL = "SSS"
FREQUENCY = "1mo"
DECIMALS = 6
"""Fewer would open gaps between totals and their parts."""
CLOSE_ENOUGH = 0.01
"""Gap between a total and its cells that counts as none in what is only judged."""
LONGEST_GAP = 3
"""Missing months filled by a straight line; a longer gap breaks a series."""
OUTPUT = [
    "region_code",
    "occupation_code",
    "scenario",
    "origin",
    "target_month",
    "horizon_months",
    "mean",
    "q2_5",
    "q10",
    "q50",
    "q90",
    "q97_5",
    "model",
    "unit",
]


@dataclass(frozen=True)
class MonthlyForecast:
    """Forecasts (columns OUTPUT), their evaluation, and the series that could not be forecast with the reason."""

    forecasts: pl.DataFrame
    evaluation: pl.DataFrame
    left_out: pl.DataFrame


def forecast_monthly(cells: pl.DataFrame, unit: str, settings: ForecastSettings) -> MonthlyForecast:
    """Forecast a measure of the employment service statistics.

    Cells of regions and occupations that cannot be made to add up are left out, with the reason; totals are not.

    Args:
        cells: region_code, occupation_code (`SSS` = total), month, value (null when not a number).
        unit: what is counted.
    """
    series, left_out = usable_series(cells, settings.min_history_months)
    if series.is_empty():
        empty = pl.DataFrame(schema={column: pl.String() for column in OUTPUT})
        return MonthlyForecast(empty, pl.DataFrame(), left_out)
    panel = to_panel(series, FREQUENCY)
    found = run_backtest(
        panel.y,
        panel.group,
        SEASONS[FREQUENCY],
        settings.horizon_months,
        settings.backtest_origins,
        settings.backtest_step_months,
    )
    issued = with_intervals(found)
    coherent, reason = add_up(panel, found, issued)
    cells_left_out = _cells_of(series, reason) if reason else left_out.clear()
    left_out = pl.concat([left_out, cells_left_out]).sort("unique_id")
    forecasts = (
        present(panel, found, coherent, FREQUENCY)
        .join(cells_left_out, on="unique_id", how="anti")
        .with_columns(
            region_code=pl.col("unique_id").str.split("/").list.first(),
            occupation_code=pl.col("unique_id").str.split("/").list.last(),
            scenario=pl.lit("baseline"),
            origin=pl.lit(panel.periods[-1]),
            target_month=pl.col("ds"),
            horizon_months=(pl.int_range(pl.len()) + 1).over("unique_id", order_by="ds").cast(pl.Int32),
            unit=pl.lit(unit),
        )
        .with_columns(pl.col("mean", "q2_5", "q10", "q50", "q90", "q97_5").round(DECIMALS))
        .select(OUTPUT)
        .sort("region_code", "occupation_code", "target_month")
    )
    season = SEASONS[FREQUENCY]
    evaluation = pl.concat(
        [evaluate_backtest(found, coherent), judged_apart(found, issued), judge_beside_auto_ets(found, coherent, season)]
    )
    return MonthlyForecast(forecasts, evaluation, left_out)


def judged_apart(found: Backtest, issued: Issued) -> pl.DataFrame:
    """Figures of what was issued before it was made to add up, as model APART."""
    base = replace(found, models={NAIVE: found.models[NAIVE]})
    return evaluate_backtest(base, issued).filter(model=ISSUED).with_columns(model=pl.lit(APART))


def _cells_of(series: pl.DataFrame, reason: str) -> pl.DataFrame:
    cells = series.filter(group="occupation_region").select("unique_id").unique()
    return cells.with_columns(reason=pl.lit(reason))


def add_up(panel: Panel, found: Backtest, issued: Issued) -> tuple[Issued, str]:
    """What is issued at each origin with totals and parts that add up; quantiles move by the factor of their mean.

    At earlier origins only series that could be judged then take part, and gaps of less than a hundredth of what is counted
    are let be: they teach how what is published does, and nobody adds them up.

    Returns:
        What is issued, and why the cells of the newest origin could not be made to add up (empty where they could). Cells
        that could not, of any origin, have no forecast there (NaN).
    """
    points, limits, reason = issued.points.copy(), issued.limits.copy(), ""
    cells = np.array([TOTAL not in name.split("/") for name in panel.names])
    for at, origin in enumerate(found.origins):
        newest = at == len(found.origins) - 1
        rows = np.flatnonzero(newest | np.isfinite(found.scale[:, at]))
        names, known, base = [panel.names[row] for row in rows], panel.y[rows, :origin], issued.points[rows, at]
        try:
            fitted, reason = coherent_points(names, known, base, close=CLOSE if newest else CLOSE_ENOUGH), ""
        except ForecastError as error:
            fitted, reason = coherent_points(names, known, base, with_cells=False), str(error)
            fitted[cells[rows]] = np.nan
        factor = np.divide(fitted, base, out=np.ones_like(base), where=base > 0)
        moved = issued.limits[rows, at] * factor[:, :, None]
        low, high = np.minimum(moved[..., :2], fitted[..., None]), np.maximum(moved[..., 2:], fitted[..., None])
        points[rows, at], limits[rows, at] = fitted, np.concatenate([low, high], axis=-1)
    return replace(issued, points=points, limits=limits), reason


def usable_series(cells: pl.DataFrame, needed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Series long enough to forecast, with short gaps filled, and those left out with the reason.

    The last month is the newest one up to which most series are whole: a lone newer observation of a few series does
    not decide for all.

    Returns:
        (unique_id, group, ds, y; unique_id, reason).
    """
    known = cells.filter(
        pl.col("occupation_code").str.contains(r"^(\d{4}|SSS)$") & pl.col("region_code").str.contains(r"^(\d{2}|SSS)$")
    ).select(
        unique_id=pl.format("{}/{}", "region_code", "occupation_code"),
        group=_group(),
        ds=pl.col("month"),
        y=pl.col("value"),
    )
    known = known.drop_nulls("y").sort("unique_id", "ds")
    if known.is_empty():
        return known, pl.DataFrame(schema={"unique_id": pl.String(), "reason": pl.String()})
    counts = known.filter(pl.col("group") != "occupation_region").group_by("ds").len().sort("ds")
    typical = float(counts.select(pl.col("len").median()).item())
    last = counts.filter(pl.col("len") >= typical / 2)["ds"].max()
    months = pl.DataFrame({"ds": pl.date_range(known["ds"].min(), last, "1mo", eager=True)})  # type: ignore[arg-type]
    grid = known.select("unique_id", "group").unique().join(months, how="cross")
    full = grid.join(known, on=["unique_id", "group", "ds"], how="left").sort("unique_id", "ds")
    run = pl.col("y").is_null().rle_id().over("unique_id")
    full = full.with_columns(gap=pl.len().over("unique_id", run), missing=pl.col("y").is_null())
    short = pl.col("missing") & (pl.col("gap") <= LONGEST_GAP)
    full = full.with_columns(
        y=pl.when(short).then(pl.col("y").interpolate().over("unique_id")).otherwise("y"),
    )
    after_gap = pl.when(pl.col("y").is_null()).then(pl.col("ds")).max().over("unique_id")
    full = full.filter(after_gap.is_null() | (pl.col("ds") > after_gap)).drop("gap", "missing")
    lengths = full.group_by("unique_id").agg(pl.len(), pl.col("ds").max().alias("end"), pl.col("y").max().alias("largest"))
    fine = lengths.filter((pl.col("len") >= needed) & (pl.col("end") == last) & (pl.col("largest") > 0))
    kept = full.join(fine.select("unique_id"), on="unique_id", how="semi")
    names = known.select("unique_id").unique()
    reason = pl.lit(f"fewer than {needed} consecutive months up to {last!s}, or nothing but zeros")
    left_out = names.join(fine, on="unique_id", how="anti").with_columns(reason=reason).sort("unique_id")
    return kept.sort("unique_id", "ds"), left_out


def _group() -> pl.Expr:
    whole, every = pl.col("region_code") == TOTAL, pl.col("occupation_code") == TOTAL
    return (
        pl.when(whole & every)
        .then(pl.lit("country"))
        .when(every)
        .then(pl.lit("region"))
        .when(whole)
        .then(pl.lit("occupation"))
        .otherwise(pl.lit("occupation_region"))
    )
