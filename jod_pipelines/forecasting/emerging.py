"""Skills that employers begin to ask for, or stop asking for, with few false alarms.

A skill's share of an occupation's postings is compared between the newest months and the months before them, in all
occupations at once (Cochran-Mantel-Haenszel): an occupation that grows does not make its skills emerge. Postings come in
copies, so the tests are widened by how much the skills scatter as a whole (Devlin and Roeder's genomic control), and the
share of false alarms among the alarms is held by Benjamini and Hochberg's procedure.
"""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import polars as pl

from jod_pipelines.settings import SkillTrendSettings

MEDIAN_CHI2 = 0.4549
"""Median of the chi-squared distribution with one degree of freedom."""
FEWEST_FOR_SCATTER = 30
"""Skills whose median tells how much they scatter; of fewer, those that change would hide themselves."""
EMERGING, FADING, STEADY, TOO_FEW = "emerging", "fading", "steady", "too_few"
TRENDS = {
    "skill_uri": pl.String(),
    "month": pl.Date(),
    "trend": pl.String(),
    "share_ratio": pl.Float64(),
    "q_value": pl.Float64(),
    "recent_postings": pl.Int64(),
    "expected_postings": pl.Float64(),
    "occupation_codes": pl.List(pl.String()),
}


def skill_trends(
    asked: pl.DataFrame, postings: pl.DataFrame, settings: SkillTrendSettings, month: date | None = None
) -> pl.DataFrame:
    """Whether each skill emerges or fades.

    Args:
        asked: skill_uri, occupation_code, month (first day), postings: how many postings of the occupation published in
            the month ask for the skill. A combination that does not occur has no row.
        postings: occupation_code, month, postings: how many there are in all.
        settings: windows and thresholds.
        month: the newest month to look at; default the newest of `postings`.

    Returns:
        Columns TRENDS, one row per skill asked for in the windows, sorted. trend: emerging, fading, steady, or too_few
        when there is too little to tell. recent_postings ask for the skill in the newest months; expected_postings would,
        had no occupation changed; share_ratio is the one over the other. q_value: the smallest accepted share of false
        alarms at which this would be an alarm. occupation_codes: where most of the change is.
    """
    newest = month or postings["month"].max()
    if newest is None or asked.is_empty():
        return pl.DataFrame(schema=TRENDS)
    assert isinstance(newest, date)
    strata = _strata(asked, postings, newest, settings)
    tested = _tested(strata)
    if tested.is_empty():
        return pl.DataFrame(schema=TRENDS)
    enough = tested.filter(pl.max_horizontal("recent_postings", "expected_postings") >= settings.least_postings)
    judged = _judged(enough, settings)
    few = tested.join(judged, on="skill_uri", how="anti").with_columns(
        q_value=pl.lit(None, dtype=pl.Float64), trend=pl.lit(TOO_FEW)
    )
    where = _where(strata, settings.shown_occupations)
    return (
        pl.concat([judged, few.select(judged.columns)])
        .join(where, on="skill_uri", how="left")
        .with_columns(pl.col("share_ratio", "expected_postings").round(6), pl.col("q_value").round(9), month=pl.lit(newest))
        .select(list(TRENDS))
        .cast(TRENDS)  # type: ignore[arg-type]
        .sort("skill_uri")
    )


def _strata(asked: pl.DataFrame, postings: pl.DataFrame, newest: date, settings: SkillTrendSettings) -> pl.DataFrame:
    """Per skill and occupation: postings with the skill (k) and in all (n), newest months (1) and before (0)."""
    age = (newest.year - pl.col("month").dt.year()) * 12 + newest.month - pl.col("month").dt.month()
    within = age.is_between(0, settings.recent_months + settings.earlier_months - 1)
    recent = age < settings.recent_months

    def counted(frame: pl.DataFrame, keys: list[str], name: str) -> pl.DataFrame:
        return (
            frame.filter(within)
            .group_by(keys)
            .agg(
                pl.col("postings").filter(recent).sum().cast(pl.Float64).alias(f"{name}1"),
                pl.col("postings").filter(~recent).sum().cast(pl.Float64).alias(f"{name}0"),
            )
        )

    whole = counted(postings, ["occupation_code"], "n").filter((pl.col("n1") > 0) & (pl.col("n0") > 0))
    # sums of decimals depend on their order
    return (
        counted(asked, ["skill_uri", "occupation_code"], "k")
        .join(whole, on="occupation_code")
        .sort("skill_uri", "occupation_code")
    )


def _tested(strata: pl.DataFrame) -> pl.DataFrame:
    """The Cochran-Mantel-Haenszel test per skill, and how many times its share of before it has now (halves added)."""
    n1, n0, k1, k0 = (pl.col(name) for name in ("n1", "n0", "k1", "k0"))
    total, with_skill = n1 + n0, k1 + k0
    variance = n1 * n0 * with_skill * (total - with_skill) / (total**2 * (total - 1).clip(1))
    return (
        strata.group_by("skill_uri", maintain_order=True)
        .agg(
            recent_postings=k1.sum(),
            expected_postings=(n1 * k0 / n0).sum(),
            difference=(k1 - n1 * with_skill / total).sum(),
            variance=variance.sum(),
        )
        .filter(pl.col("variance") > 0)
        .with_columns(
            share_ratio=(pl.col("recent_postings") + 0.5) / (pl.col("expected_postings") + 0.5),
            chi2=(pl.col("difference").abs() - 0.5).clip(0) ** 2 / pl.col("variance"),
        )
        .sort("skill_uri")
    )


def _judged(tested: pl.DataFrame, settings: SkillTrendSettings) -> pl.DataFrame:
    """Adds q_value and trend; see the module for the methods."""
    chi2 = tested["chi2"].to_numpy()
    scatter = max(1.0, float(np.median(chi2)) / MEDIAN_CHI2) if len(chi2) >= FEWEST_FOR_SCATTER else 1.0
    p_values = np.array([math.erfc(math.sqrt(value / scatter / 2)) for value in chi2])
    ratio = pl.col("share_ratio")
    alarm = pl.col("q_value") <= settings.false_alarm_share
    return tested.with_columns(q_value=pl.Series(_false_alarm_shares(p_values), dtype=pl.Float64)).with_columns(
        trend=pl.when(alarm & (ratio >= settings.least_ratio))
        .then(pl.lit(EMERGING))
        .when(alarm & (ratio <= 1 / settings.least_ratio))
        .then(pl.lit(FADING))
        .otherwise(pl.lit(STEADY))
    )


def _false_alarm_shares(p_values: np.ndarray) -> np.ndarray:
    """Benjamini and Hochberg's adjusted p-values."""
    from scipy.stats import false_discovery_control

    return np.asarray(false_discovery_control(p_values)) if len(p_values) else p_values


def _where(strata: pl.DataFrame, shown: int) -> pl.DataFrame:
    """The occupations in which a skill's count moved most."""
    moved = (pl.col("k1") - pl.col("n1") * pl.col("k0") / pl.col("n0")).abs()
    return (
        strata.with_columns(moved=moved)
        .sort("skill_uri", "moved", "occupation_code", descending=[False, True, False])
        .group_by("skill_uri", maintain_order=True)
        .agg(occupation_codes=pl.col("occupation_code").head(shown))
    )
