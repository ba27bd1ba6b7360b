"""Places, applicants, graduates and openings side by side, by field and level of education, region and year."""

from __future__ import annotations

import polars as pl

WHOLE_COUNTRY = "SSS"
KEYS = ["field_code", "level_code", "region_code", "year"]
COUNTS = [
    "places",
    "first_choice_applicants_persons",
    "started_persons",
    "graduates_persons",
    "openings_persons",
    "supply_persons",
]
TRENDS = ("widening", "narrowing", "steady")
TREND_YEARS = 3
"""Years at either end of the forecast whose means are compared."""
STEADY_SHARE = 0.1
"""A change of the gap below this share of openings is no change."""


def regional_openings(openings: pl.DataFrame, employed: pl.DataFrame, links: pl.DataFrame) -> pl.DataFrame:
    """Openings by education and region: those of an occupation fall where its people work now.

    Args:
        openings: occupation_code, year, persons: mean of the baseline, the whole country.
        employed: occupation_code, region_code (SSS too), persons now; null is confidential.
        links: occupation_code, field_code, level_code, share.

    Returns:
        field_code, level_code, region_code, year, openings_persons. A region whose part of an occupation is confidential is
        left out of that occupation: what cannot be known is not shared out.
    """
    whole = employed.filter(region_code=WHOLE_COUNTRY).select("occupation_code", whole="persons")
    part = (
        employed.drop_nulls("persons")
        .join(whole, on="occupation_code")
        .filter(pl.col("whole") > 0)
        .select("occupation_code", "region_code", part=pl.col("persons") / pl.col("whole"))
    )
    country = openings.select("occupation_code", region_code=pl.lit(WHOLE_COUNTRY), part=pl.lit(1.0)).unique()
    parts = pl.concat([part.filter(pl.col("region_code") != WHOLE_COUNTRY), country])
    return (
        openings.join(parts, on="occupation_code")
        .join(links, on="occupation_code")
        .group_by(KEYS)
        .agg(openings_persons=(pl.col("persons") * pl.col("part") * pl.col("share")).sum())
    )


def regional_supply(supply: pl.DataFrame, graduates: pl.DataFrame) -> pl.DataFrame:
    """Graduates who find work by education and region: as the newest year's graduates who did are spread.

    Args:
        supply: field_code, level_code, year, persons: mean of the baseline, the whole country.
        graduates: field_code, level_code, region_code (SSS too), year, employed_persons.

    Returns:
        field_code, level_code, region_code, year, supply_persons.
    """
    education = KEYS[:2]
    newest = graduates.drop_nulls("employed_persons").filter(pl.col("year") == pl.col("year").max())
    whole = newest.filter(region_code=WHOLE_COUNTRY).select(*education, whole="employed_persons")
    part = (
        newest.join(whole, on=education)
        .filter(pl.col("whole") > 0)
        .select(*education, "region_code", part=pl.col("employed_persons") / pl.col("whole"))
    )
    return supply.join(part, on=education).select(*KEYS, supply_persons=pl.col("persons") * pl.col("part"))


def education_gap(
    applicants: pl.DataFrame, graduates: pl.DataFrame, openings: pl.DataFrame, supply: pl.DataFrame
) -> pl.DataFrame:
    """All of it in one row per education, region and year; what is not known of a year is null, and nothing at all no row.

    Args:
        applicants: KEYS, places, first_choice_applicants_persons, started_persons.
        graduates: KEYS, graduates_persons.
        openings: KEYS, openings_persons.
        supply: KEYS, supply_persons.

    Returns:
        KEYS, COUNTS, gap_persons (openings less supply: above 0, too few are educated) and gap_trend (widening, narrowing,
        steady; null without a forecast).
    """
    frames = [frame.with_columns(pl.col("year").cast(pl.Int32)) for frame in (applicants, graduates, openings, supply)]
    cells = pl.concat([frame.select(KEYS) for frame in frames]).drop_nulls().unique()
    for frame in frames:
        cells = cells.join(frame, on=KEYS, how="left")
    cells = cells.with_columns(gap_persons=pl.col("openings_persons") - pl.col("supply_persons"))
    return (
        cells.filter(pl.any_horizontal(pl.col(count).fill_null(0) > 0 for count in COUNTS))
        .join(_trend(cells), on=KEYS[:3], how="left")
        .with_columns(pl.col(*COUNTS, "gap_persons").round(1))
        .select(*KEYS, *COUNTS, "gap_persons", "gap_trend")
        .sort(KEYS)
    )


def _trend(cells: pl.DataFrame) -> pl.DataFrame:
    """gap_trend by education and region, over the years that have a gap."""
    known = cells.drop_nulls("gap_persons").sort("year")
    change = pl.col("gap_persons").tail(TREND_YEARS).mean() - pl.col("gap_persons").head(TREND_YEARS).mean()
    least = STEADY_SHARE * pl.col("openings_persons").mean()
    word = pl.when(change > least).then(pl.lit("widening")).when(change < -least).then(pl.lit("narrowing"))
    return known.group_by(KEYS[:3]).agg(gap_trend=word.otherwise(pl.lit("steady")))
