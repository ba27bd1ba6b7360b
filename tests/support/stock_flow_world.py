"""Planted working lives for the long-term model: single ages, own and common errors, trends that never end.

The model sees five-year groups and rounded persons, and assumes trends that fade: it is right only as far as its intervals say.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from jod_pipelines.sandbox.working_life import AGES, GROUP, live

FIRST_YEAR, YEARS, AHEAD = 2010, 14, 15


@dataclass(frozen=True)
class Planted:
    """What the model may see, and what then came: arrays of years ahead x occupations."""

    employed: pl.DataFrame
    ages: pl.DataFrame
    future_employed: np.ndarray
    future_leavers: np.ndarray


def plant(seed: int, occupations: int = 40) -> Planted:
    """One world."""
    random = np.random.default_rng(seed)
    codes = [str(11 + place) for place in range(occupations)]
    shape = (YEARS + AHEAD, occupations)
    growth = random.normal(0.003, 0.015, occupations) + random.normal(0, 0.012, shape) + random.normal(0, 0.006, (shape[0], 1))
    totals = random.lognormal(10, 0.8, occupations) * np.exp(np.cumsum(growth, axis=0))
    stocks, leavers = live(totals, random)
    groups = AGES[::GROUP].tolist()
    ages = pl.DataFrame(
        {
            "occupation_code": np.tile(np.repeat(codes, len(groups)), YEARS),
            "age_from": groups * (YEARS * occupations),
            "year": np.repeat(np.arange(FIRST_YEAR, FIRST_YEAR + YEARS), occupations * len(groups)),
            "persons": stocks[:YEARS].round().ravel(),
        }
    )
    employed = ages.group_by("occupation_code", "year").agg(pl.col("persons").sum())
    return Planted(employed, ages, totals[YEARS:], leavers[YEARS:])
