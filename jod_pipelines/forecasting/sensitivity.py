"""What each assumption of the scenarios does alone: how far openings and balance move when nothing else is changed.

Every variation is the baseline with one assumption changed, simulated with the same random numbers, so that a difference is the
assumption's and not chance's. General steps come first, then every assumption that a scenario makes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from jod_pipelines.forecasting.scenarios import BASELINE, Scenario, Shift

GROWTH_STEP_PCT_POINTS, LEAVING_STEP, GRADUATES_STEP_PCT = 0.5, 1.1, 10.0
"""Steps tried of what every scenario could assume."""
YEARS = (5, 10, 15)
MEASURES = ("openings", "supply", "balance")
TOTAL = "SSS"
KEYS = ["field_code", "level_code"]
OUTPUT = [
    *("scenario", "assumption", "occupations", "assumed", "assumed_unit", *KEYS, "horizon_years", "measure"),
    *("baseline_persons", "change_persons"),
]


@dataclass(frozen=True)
class Variation:
    """The baseline with one assumption changed.

    Attributes:
        scenario: whose assumption it is; baseline for the general steps.
        assumption: growth, leaving, graduates, or shift (growth of some occupations).
        occupations: beginnings of ISCO codes that a shift is of; empty otherwise.
        assumed: its value, in `unit`.
    """

    scenario: str
    assumption: str
    occupations: str
    assumed: float
    unit: str
    changed: Scenario


def variations(scenarios: Mapping[str, Scenario]) -> list[Variation]:
    """General steps and every assumption of every scenario, each alone."""
    baseline = scenarios[BASELINE]
    everyone = Shift(
        occupations=tuple("0123456789"), growth_pct_points=GROWTH_STEP_PCT_POINTS, reason="a step to see what it does"
    )
    stepped = {"shifts": (*baseline.shifts, everyone)}, {"leaving_factor": baseline.leaving_factor * LEAVING_STEP}
    found = [
        Variation(BASELINE, "growth", "", GROWTH_STEP_PCT_POINTS, "pct_points_year", baseline.model_copy(update=stepped[0])),
        Variation(BASELINE, "leaving", "", LEAVING_STEP, "factor", baseline.model_copy(update=stepped[1])),
        Variation(
            *(BASELINE, "graduates", "", GRADUATES_STEP_PCT, "pct"),
            baseline.model_copy(update={"graduates_pct": baseline.graduates_pct + GRADUATES_STEP_PCT}),
        ),
    ]
    for name, scenario in scenarios.items():
        if name != BASELINE:
            found += _own(name, scenario, baseline)
    return found


def _own(name: str, scenario: Scenario, baseline: Scenario) -> Iterable[Variation]:
    for field, assumption, unit in (
        ("employment_growth_pct", "growth", "pct_year"),
        ("leaving_factor", "leaving", "factor"),
        ("graduates_pct", "graduates", "pct"),
    ):
        value = getattr(scenario, field)
        if value is not None and value != getattr(baseline, field):
            yield Variation(name, assumption, "", value, unit, baseline.model_copy(update={field: value}))
    for shift in scenario.shifts:
        changed = baseline.model_copy(update={"shifts": (*baseline.shifts, shift)})
        codes = ", ".join(shift.occupations)
        yield Variation(name, "shift", codes, shift.growth_pct_points, "pct_points_year", changed)


def sensitivity_rows(variation: Variation, baseline: pl.DataFrame, changed: pl.DataFrame) -> pl.DataFrame:
    """How far a variation moves what is expected, by education and for all of it together.

    Args:
        baseline, changed: balances as `education_balance` gives them.

    Returns:
        OUTPUT: mean of a year over the first `horizon_years` years, persons; change_persons is what the variation adds.
    """
    said = baseline.select(*KEYS, "horizon_years", "measure", baseline_persons="mean")
    both = said.join(changed.select(*KEYS, "horizon_years", "measure", "mean"), on=[*KEYS, "horizon_years", "measure"])
    both = both.with_columns(change_persons=pl.col("mean") - pl.col("baseline_persons")).drop("mean")
    frames = []
    for years in YEARS:
        near = both.filter(pl.col("horizon_years") <= years)
        means = near.group_by(*KEYS, "measure").agg(pl.col("baseline_persons", "change_persons").mean())
        total = means.group_by("measure").agg(pl.col("baseline_persons", "change_persons").sum())
        total = total.with_columns(pl.lit(TOTAL).alias(key) for key in KEYS)
        parts = pl.concat([means, total.select(means.columns)])
        frames.append(parts.with_columns(horizon_years=pl.lit(years, dtype=pl.Int32)))
    return (
        pl.concat(frames)
        .with_columns(
            pl.col("baseline_persons", "change_persons").round(1),
            scenario=pl.lit(variation.scenario),
            assumption=pl.lit(variation.assumption),
            occupations=pl.lit(variation.occupations),
            assumed=pl.lit(round(variation.assumed, 6)),
            assumed_unit=pl.lit(variation.unit),
        )
        .select(OUTPUT)
    )
