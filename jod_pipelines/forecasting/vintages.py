"""What was forecast when, never overwritten, and how it did once the months had come.

A vintage holds what a release says of a series and month where that differs from what was said last, so an unchanged night adds
nothing and a new month adds one row for each series and month ahead.
"""

from __future__ import annotations

import polars as pl

from jod_pipelines.forecasting.evaluation import DIGITS, EVALUATION_BANDS

PUBLISHED = "published"
"""Model of the rows that judge what releases said."""
KEYS = ["forecast", "region_code", "occupation_code"]
SERIES = [*KEYS, "scenario"]
FIGURES = ["mean", "q2_5", "q10", "q50", "q90", "q97_5"]
YEAR = 12


def append_vintage(before: pl.DataFrame, forecasts: pl.DataFrame, release_id: str) -> pl.DataFrame:
    """All that was ever said, with what this release says anew.

    Args:
        before: what earlier releases said: release_number, release_id, and the columns of `forecasts`.
        forecasts: SERIES, origin, target_month, horizon_months, FIGURES, model, unit.

    Returns:
        The columns of `before`; a release made twice says its part once.
    """
    earlier = before.filter(pl.col("release_id") != release_id)
    number = 1 + max(earlier["release_number"].to_list(), default=0)
    said = (
        earlier.sort("release_number")
        .unique([*SERIES, "target_month"], keep="last")
        .select(*SERIES, "target_month", *(pl.col(name).name.suffix("_said") for name in ("origin", "model", *FIGURES)))
    )
    new = forecasts.join(said, on=[*SERIES, "target_month"], how="left").filter(
        pl.col("origin_said").is_null()
        | pl.any_horizontal(pl.col(name) != pl.col(f"{name}_said") for name in ("origin", "model", *FIGURES))
    )
    row = new.with_columns(release_id=pl.lit(release_id), release_number=pl.lit(number))
    return pl.concat([earlier, row.select(before.columns).cast(before.schema)])


def track_record(vintages: pl.DataFrame, actual: pl.DataFrame) -> pl.DataFrame:
    """How what releases said did, over months that have come since, beside repeating the newest year known at the origin.

    Args:
        vintages: see `append_vintage`.
        actual: forecast, region_code, occupation_code, month, value (null where unknown).

    Returns:
        forecast and the columns of `evaluate_backtest` with the model PUBLISHED; empty while no month forecast has come. Errors
        are divided by the mean yearly change of their series, as far as it is known now.
    """
    known = actual.drop_nulls("value").select(*KEYS, "month", "value")
    years_back = (pl.col("horizon_months") - 1) // YEAR + 1
    a_year_on = known.with_columns(month=pl.col("month").dt.offset_by("1y")).rename({"value": "a_year_before"})
    scale = (
        known.join(a_year_on, on=[*KEYS, "month"])
        .group_by(KEYS)
        .agg(scale=(pl.col("value") - pl.col("a_year_before")).abs().mean())
        .filter(pl.col("scale") > 0)
    )
    come = (
        vintages.join(known, left_on=[*KEYS, "target_month"], right_on=[*KEYS, "month"])
        .with_columns(month=pl.col("target_month").dt.offset_by(pl.format("-{}y", years_back)))
        .join(known.rename({"value": "naive"}), on=[*KEYS, "month"])
        .join(scale, on=KEYS)
    )
    error, naive = (pl.col("value") - pl.col("mean")) / pl.col("scale"), (pl.col("value") - pl.col("naive")) / pl.col("scale")
    rows = []
    for start, end in EVALUATION_BANDS:
        band = come.filter(pl.col("horizon_months").is_between(start, end))
        rows.append(
            band.group_by("forecast", series_group=_group()).agg(
                model=pl.lit(PUBLISHED),
                horizon_from=pl.lit(start),
                horizon_to=pl.col("horizon_months").max(),
                series=pl.struct(KEYS).n_unique(),
                origins=pl.col("origin").n_unique(),
                mase=error.abs().mean(),
                rmsse=(error**2).mean().sqrt(),
                wis=(_interval_score() / pl.col("scale")).mean(),
                coverage_80_pct=100 * pl.col("value").is_between("q10", "q90").mean(),
                coverage_95_pct=100 * pl.col("value").is_between("q2_5", "q97_5").mean(),
                mase_seasonal_naive=naive.abs().mean(),
            )
        )
    return pl.concat(rows).with_columns(pl.col(pl.Float64).round(DIGITS)).sort("forecast", "series_group", "horizon_from")


def _group() -> pl.Expr:
    whole, every = pl.col("region_code") == "SSS", pl.col("occupation_code") == "SSS"
    word = pl.when(whole & every).then(pl.lit("country")).when(every).then(pl.lit("region"))
    return word.when(whole).then(pl.lit("occupation")).otherwise(pl.lit("occupation_region"))


def _interval_score() -> pl.Expr:
    """WIS over the median and the intervals of 80 and 95 % (Bracher et al. 2021)."""
    y, total = pl.col("value"), 0.5 * (pl.col("value") - pl.col("q50")).abs()
    for alpha, low, high in ((0.2, "q10", "q90"), (0.05, "q2_5", "q97_5")):
        outside = (pl.col(low) - y).clip(0) + (y - pl.col(high)).clip(0)
        total = total + alpha / 2 * (pl.col(high) - pl.col(low)) + outside
    return total / 2.5
