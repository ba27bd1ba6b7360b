"""A planted working life: people of single ages enter young, age, and leave by age and occupation, year after year.

Occupations grow along trends of their own that never end, with yearly errors of their own and common ones. The model under test
sees five-year groups and rounded persons, and assumes trends that fade: it is right only as far as its intervals say.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

AGES = np.arange(15, 70)
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
    total = random.lognormal(10, 0.8, occupations)
    slope = random.normal(0.003, 0.015, occupations)
    by_age = np.select([AGES < 50, AGES < 55, AGES < 60, AGES < 63, AGES < 65], [0, 0.005, 0.02, 0.07, 0.25], 0.45)
    hazard = np.clip(by_age * random.lognormal(0, 0.25, (occupations, 1)), 0, 0.9)
    bell = np.exp(-(((AGES - 42) / 16) ** 2))
    stock = total[:, None] * bell / bell.sum()
    for _ in range(30):
        stock, _left = _year(stock, total, hazard)
    seen, employed, leavers = [], [], []
    for year in range(YEARS + AHEAD):
        total = total * np.exp(slope + random.normal(0, 0.012, occupations) + random.normal(0, 0.006))
        stock, left = _year(stock, total, hazard)
        if year < YEARS:
            seen.append(stock.reshape(occupations, -1, 5).sum(axis=2).round())
        else:
            employed.append(total)
            leavers.append(left)
    groups = AGES[::5].tolist()
    ages = pl.DataFrame(
        {
            "occupation_code": np.tile(np.repeat(codes, len(groups)), YEARS),
            "age_from": groups * (YEARS * occupations),
            "year": np.repeat(np.arange(FIRST_YEAR, FIRST_YEAR + YEARS), occupations * len(groups)),
            "persons": np.concatenate([each.ravel() for each in seen]),
        }
    )
    return Planted(
        ages.group_by("occupation_code", "year").agg(pl.col("persons").sum()), ages, np.array(employed), np.array(leavers)
    )


def _year(stock: np.ndarray, total: np.ndarray, hazard: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    left = (stock * hazard).sum(axis=1) + (stock * (1 - hazard))[:, -1]
    staying = np.concatenate([np.zeros((len(stock), 1)), (stock * (1 - hazard))[:, :-1]], axis=1)
    entry = np.where(AGES < 35, np.exp(-(((AGES - 24) / 5) ** 2)), 0)
    missing = (total - staying.sum(axis=1))[:, None]
    shrunk = staying * (total / staying.sum(axis=1))[:, None]
    return np.where(missing >= 0, staying + missing * entry / entry.sum(), shrunk), left
