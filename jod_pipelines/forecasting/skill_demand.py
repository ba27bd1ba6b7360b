"""How many postings will ask for a skill, month by month."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from jod_pipelines.forecasting.panel import forecast
from jod_pipelines.settings import SkillTrendSettings

LATE_DAYS = 3
"""A month whose newest posting is older than this at its end is not over yet."""
OUTPUT = {
    "skill_uri": pl.String(),
    "scenario": pl.String(),
    "origin": pl.Date(),
    "target_month": pl.Date(),
    "horizon_months": pl.Int32(),
    **dict.fromkeys(("mean", "q2_5", "q10", "q50", "q90", "q97_5"), pl.Float64()),
    "model": pl.String(),
    "unit": pl.String(),
}


def skill_demand_forecast(asked: pl.DataFrame, newest: date | None, settings: SkillTrendSettings) -> pl.DataFrame:
    """Forecast postings that ask for each skill.

    A month without such a posting counts as 0, since postings are known whole. Skills that fewer than
    `forecast_least_postings` postings of the last two years ask for are left out: their forecast would be noise.

    Args:
        asked: skill_uri, month, postings (several rows of a month are added up).
        newest: the day of the newest posting.
        settings: months ahead, months of history needed, postings needed.

    Returns:
        Columns OUTPUT; without rows when there are fewer months than needed.
    """
    monthly = asked.group_by("skill_uri", "month").agg(pl.col("postings").sum())
    over = monthly.filter(_end_of(pl.col("month")) <= (newest or date.min) + timedelta(days=LATE_DAYS))
    months = pl.DataFrame({"month": []}, schema={"month": pl.Date})
    if len(over):
        months = pl.DataFrame({"month": pl.date_range(over["month"].min(), over["month"].max(), "1mo", eager=True)})  # type: ignore[arg-type]
    if len(months) < settings.forecast_least_months:
        return pl.DataFrame(schema=OUTPUT)
    recent = over.filter(pl.col("month") > pl.lit(months["month"].max()).dt.offset_by("-2y"))
    frequent = recent.group_by("skill_uri").agg(pl.col("postings").sum())
    frequent = frequent.filter(pl.col("postings") >= settings.forecast_least_postings).select("skill_uri")
    series = frequent.join(months, how="cross").join(over, on=["skill_uri", "month"], how="left").sort("skill_uri", "month")
    if series.is_empty():
        return pl.DataFrame(schema=OUTPUT)
    found = forecast(
        series.select(unique_id="skill_uri", ds="month", y=pl.col("postings").fill_null(0).cast(pl.Float64)),
        horizon=settings.forecast_months,
        origins=settings.forecast_origins,
        step=1,
    )
    return (
        found.rename({"unique_id": "skill_uri", "ds": "target_month"})
        .with_columns(
            scenario=pl.lit("baseline"),
            origin=pl.lit(months["month"].max()),
            horizon_months=(pl.int_range(pl.len()) + 1).over("skill_uri", order_by="target_month").cast(pl.Int32),
            unit=pl.lit("postings"),
        )
        .with_columns(pl.col("mean", "q2_5", "q10", "q50", "q90", "q97_5").round(3))
        .select(list(OUTPUT))
        .sort("skill_uri", "target_month")
    )


def _end_of(month: pl.Expr) -> pl.Expr:
    return month.dt.month_end()
