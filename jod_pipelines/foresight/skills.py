"""Skills asked for and taught, month by month, and which of them emerge or fade."""

from __future__ import annotations

import duckdb
import polars as pl

from jod_pipelines.forecasting.emerging import EMERGING, FADING, skill_trends
from jod_pipelines.forecasting.skill_demand import skill_demand_forecast
from jod_pipelines.forecasting.skill_gap import skill_gap
from jod_pipelines.foresight.material import kept, material
from jod_pipelines.platform import Platform
from jod_pipelines.warehouse.build import Warehouse

EXAMPLES = 5
"""Postings shown with an alarm, the newest first."""


def foresee_skills(platform: Platform) -> dict[str, pl.DataFrame]:
    """Trends of skills over the last months, the gap between what is asked for and what is taught, and demand in a year.

    Returns:
        skill_trend, skill_demand_supply and forecast_skill_demand, as their contracts say; kept for dbt to take over.
    """
    warehouse, settings = Warehouse(platform), platform.settings.skill_trends
    with material(warehouse) as connection:
        asked = connection.sql(
            """
            select skill_uri, occupation_code, month, count(*) as postings
            from asked inner join posting using (posting_id)
            group by all
            """
        ).pl()
        postings = connection.sql("select occupation_code, month, count(*) as postings from posting group by all").pl()
        months = sorted(postings["month"].unique())[-settings.shown_months :]
        trends = pl.concat([skill_trends(asked, postings, settings, month) for month in months or [None]])
        newest = connection.sql("select max(published_at)::date from labour_market.fct_job_posting").fetchone()
        found = {"skill_trend": _with_examples(connection, trends), "skill_demand_supply": _gap(connection, trends)}
    found["forecast_skill_demand"] = skill_demand_forecast(asked, newest[0] if newest else None, settings)
    return kept(warehouse, found)


def _with_examples(connection: duckdb.DuckDBPyConnection, trends: pl.DataFrame) -> pl.DataFrame:
    """Adds posting_ids: the newest postings behind each alarm, as of its month."""
    alarms = trends.filter(pl.col("trend").is_in([EMERGING, FADING])).select("skill_uri", "month", "occupation_codes")
    examples = _about(
        connection,
        alarms,
        f"""
        select skill_uri, alarm.month, list(posting_id order by posting.month desc, posting_id)[:{EXAMPLES}] as posting_ids
        from frame as alarm
        join asked using (skill_uri)
        join posting using (posting_id)
        where posting.month <= alarm.month and list_contains(alarm.occupation_codes, posting.occupation_code)
        group by all
        """,
    )
    return trends.join(examples, on=["skill_uri", "month"], how="left").with_columns(pl.col("posting_ids").fill_null([]))


def _gap(connection: duckdb.DuckDBPyConnection, trends: pl.DataFrame) -> pl.DataFrame:
    """See `skill_gap`."""
    months = trends.select("month").unique()
    postings = """
        from (select * exclude (region_codes), unnest(list_distinct(region_codes)) as region_code from posting) as posting
        semi join frame using (month)
    """
    programmes = "from (select programme_oid, unnest(list_distinct(region_codes)) as region_code from programme) as programme"
    counted = "count(*) as postings", "count(*) as programmes"
    return skill_gap(
        _about(
            connection,
            months,
            f"select skill_uri, region_code, month, {counted[0]} {postings} join asked using (posting_id) group by all",
        ),
        _about(connection, months, f"select region_code, month, {counted[0]} {postings} group by all"),
        connection.sql(
            f"select skill_uri, region_code, {counted[1]} {programmes} "
            "join fct_programme_skill using (programme_oid) group by all"
        ).pl(),
        connection.sql(f"select region_code, {counted[1]} {programmes} group by all").pl(),
        trends,
    )


def _about(connection: duckdb.DuckDBPyConnection, frame: pl.DataFrame, sql: str) -> pl.DataFrame:
    """The answer to a query that reads `frame`."""
    connection.register("frame", frame.to_arrow())
    try:
        return connection.sql(sql).pl()
    finally:
        connection.unregister("frame")
