"""What postings ask for beside what programmes teach, skill by skill.

A count of postings and a count of programmes cannot be subtracted; their shares can. A gap of 10 says: of the postings of
the region and month, 10 percentage points more ask for the skill than of its programmes teach it.
"""

from __future__ import annotations

import polars as pl

WHOLE_COUNTRY = "SSS"
GAP = {
    "skill_uri": pl.String(),
    "region_code": pl.String(),
    "month": pl.Date(),
    "demanded_postings": pl.Int64(),
    "demanded_share_pct": pl.Float64(),
    "supplied_programmes": pl.Int64(),
    "supplied_share_pct": pl.Float64(),
    "gap_pct_points": pl.Float64(),
    "trend": pl.String(),
    "is_emerging": pl.Boolean(),
}


def skill_gap(
    asked: pl.DataFrame, postings: pl.DataFrame, taught: pl.DataFrame, programmes: pl.DataFrame, trends: pl.DataFrame
) -> pl.DataFrame:
    """Demand and supply of each skill by region and month.

    Args:
        asked: skill_uri, region_code (`SSS` the whole country), month, postings that ask for the skill.
        postings: region_code, month, postings in all.
        taught: skill_uri, region_code, programmes that teach the skill now.
        programmes: region_code, programmes whose skills are known at all.
        trends: skill_uri, month, trend, as of the whole country; see `emerging.skill_trends`.

    Returns:
        Columns GAP: one row per skill, region and month in which the skill is asked for, or was not though the region
        teaches it. Shares are per cent of the region's postings of the month, and of its programmes; supply is null
        where no programme's skills are known. trend is that of the whole country, null where it was not looked at.
    """
    keys = ["skill_uri", "region_code", "month"]
    months = postings.select("region_code", "month").filter(pl.col("month").is_in(trends["month"].unique().to_list()))
    cells = pl.concat([asked.select(keys), taught.join(months, on="region_code").select(keys)]).unique()
    share = 100 * pl.col("postings").fill_null(0) / pl.col("all_postings")
    supplied = pl.when(pl.col("all_programmes") > 0).then(pl.col("programmes").fill_null(0))
    return (
        cells.join(asked, on=keys, how="left")
        .join(postings.rename({"postings": "all_postings"}), on=["region_code", "month"])
        .join(taught, on=["skill_uri", "region_code"], how="left")
        .join(programmes.rename({"programmes": "all_programmes"}), on="region_code", how="left")
        .join(trends.select("skill_uri", "month", "trend"), on=["skill_uri", "month"], how="left")
        .with_columns(
            demanded_postings=pl.col("postings").fill_null(0),
            demanded_share_pct=share.round(3),
            supplied_programmes=supplied,
            supplied_share_pct=(100 * supplied / pl.col("all_programmes")).round(3),
        )
        .with_columns(
            gap_pct_points=(pl.col("demanded_share_pct") - pl.col("supplied_share_pct")).round(3),
            is_emerging=(pl.col("trend") == "emerging").fill_null(value=False),
        )
        .select(list(GAP))
        .cast(GAP)  # type: ignore[arg-type]
        .sort(keys)
    )
