"""Open vacancies by occupation group and region, months ahead.

Country, regions and occupation groups are forecast as series of their own. A cell of occupation and region is too
small for a model of its own: it takes its occupation's forecast times its share of the last year, and its intervals
come from how that did in the backtest. Published totals are used as they are; confidential cells are unknown, never
zero, and nothing is summed around them.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from jod_pipelines.forecasting.evaluation import evaluate_backtest
from jod_pipelines.forecasting.panel import Backtest, best_models, run_panel, with_quantiles
from jod_pipelines.settings import ForecastSettings

TOTAL = "SSS"
CELL_MODEL = "share_of_occupation"
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
class VacancyForecast:
    """Forecasts (columns OUTPUT), their evaluation, and the series that could not be forecast with the reason."""

    forecasts: pl.DataFrame
    evaluation: pl.DataFrame
    left_out: pl.DataFrame


def forecast_vacancies(vacancies: pl.DataFrame, settings: ForecastSettings) -> VacancyForecast:
    """Forecast open vacancies.

    Args:
        vacancies: region_code, occupation_code (`SSS` = total), month, open_vacancies (null when not a number).
    """
    needed = max(
        settings.min_history_months,
        settings.horizon_months + settings.backtest_step_months * (settings.backtest_origins - 1) + 24,
    )
    series, left_out = usable_series(vacancies, needed)
    if series.is_empty():
        empty = pl.DataFrame(schema={column: pl.String() for column in OUTPUT})
        return VacancyForecast(empty, pl.DataFrame(), left_out)
    upper = series.filter(pl.col("group") != "occupation_region")
    future, backtest = run_panel(
        upper, settings.horizon_months, origins=settings.backtest_origins, step=settings.backtest_step_months
    )
    cells = series.filter(pl.col("group") == "occupation_region")
    if not cells.is_empty():
        cell_future, cell_errors = _cells(cells, future, backtest)
        future = pl.concat([future, cell_future])
        backtest = Backtest(pl.concat([backtest.errors, cell_errors.select(backtest.errors.columns)]))
    quantiles = with_quantiles(future, backtest, settings.horizon_months)
    origin = series["ds"].max()
    forecasts = (
        quantiles.with_columns(
            region_code=pl.col("unique_id").str.split("/").list.first(),
            occupation_code=pl.col("unique_id").str.split("/").list.last(),
            scenario=pl.lit("baseline"),
            origin=pl.lit(origin),
            target_month=pl.col("ds"),
            horizon_months=pl.col("horizon").cast(pl.Int32),
            unit=pl.lit("vacancies"),
        )
        .with_columns(pl.col("mean", "q2_5", "q10", "q50", "q90", "q97_5").round(3))
        .select(OUTPUT)
        .sort("region_code", "occupation_code", "target_month")
    )
    evaluation = evaluate_backtest(backtest.errors, best_models(backtest), settings.horizon_months)
    return VacancyForecast(forecasts, evaluation, left_out)


def usable_series(vacancies: pl.DataFrame, needed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Series long enough to forecast, with short gaps filled, and those left out with the reason.

    The last month is the newest one up to which most series are whole: a lone newer observation of a few series does
    not decide for all.

    Returns:
        (unique_id, group, ds, y; unique_id, reason).
    """
    known = vacancies.filter(
        pl.col("occupation_code").str.contains(r"^(\d{4}|SSS)$") & pl.col("region_code").str.contains(r"^(\d{2}|SSS)$")
    ).select(
        unique_id=pl.format("{}/{}", "region_code", "occupation_code"),
        group=_group(),
        ds=pl.col("month"),
        y=pl.col("open_vacancies"),
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


def _cells(cells: pl.DataFrame, future: pl.DataFrame, backtest: Backtest) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Forecasts and backtest errors of occupation x region cells from their occupation's and their share.

    Also seasonal naive of each cell itself, so that the choice between the two is made by the backtest.
    """
    parent = pl.format("SSS/{}", pl.col("unique_id").str.split("/").list.last())
    cells = cells.with_columns(parent=parent)
    chosen = best_models(backtest).filter(pl.col("group") == "occupation")
    last = cells["ds"].max()
    tops_future = future.join(chosen, on=["group", "model"]).with_columns(origin=pl.lit(last))
    tops_past = backtest.errors.join(chosen, on=["group", "model"])
    columns = ["unique_id", "origin", "ds", "horizon", "yhat"]
    tops = pl.concat([tops_future.select(columns), tops_past.select(columns)])
    totals = cells.group_by("parent", "ds").agg(pl.col("y").sum().alias("total"))
    parts = []
    for origin in tops["origin"].unique().sort():
        window = cells.filter(pl.col("ds").is_between(pl.lit(origin).dt.offset_by("-11mo"), pl.lit(origin)))
        shares = (
            window.join(totals, on=["parent", "ds"])
            .group_by("unique_id", "parent", "group")
            .agg(share=pl.col("y").sum() / pl.col("total").sum().clip(lower_bound=1))
        )
        before = cells.filter(pl.col("ds") <= origin)
        scale = before.group_by("unique_id").agg((pl.col("y") - pl.col("y").shift(12)).abs().mean().fill_null(0).alias("scale"))
        top = tops.filter(pl.col("origin") == origin).rename({"unique_id": "parent"})
        by_share = shares.join(top, on="parent").with_columns(yhat=pl.col("yhat") * pl.col("share"), model=pl.lit(CELL_MODEL))
        year = before.filter(pl.col("ds") > pl.lit(origin).dt.offset_by("-12mo")).select(
            "unique_id", month=pl.col("ds").dt.month(), naive="y"
        )
        naive = by_share.with_columns(month=pl.col("ds").dt.month()).join(year, on=["unique_id", "month"])
        naive = naive.with_columns(yhat=pl.col("naive"), model=pl.lit("seasonal_naive"))
        keep = ["unique_id", "group", "origin", "ds", "horizon", "model", "yhat"]
        parts.append(pl.concat([by_share.select(keep), naive.select(keep)]).join(scale, on="unique_id"))
    everything = pl.concat(parts)
    cell_future = everything.filter(pl.col("origin") == last).select(future.columns)
    errors = everything.filter(pl.col("origin") < last).join(cells.select("unique_id", "ds", "y"), on=["unique_id", "ds"])
    return cell_future, errors
