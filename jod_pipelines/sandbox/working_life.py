"""People of the synthetic world age at work, leave it by age and occupation, and young ones take their places."""

from __future__ import annotations

import numpy as np

AGES = np.arange(15, 70)
GROUP = 5
BURN_IN_YEARS = 30
LEAVING = np.select([AGES < 50, AGES < 55, AGES < 60, AGES < 63, AGES < 65], [0, 0.005, 0.02, 0.07, 0.25], 0.45)
"""Yearly chance to leave work by age; occupations have more or less of it."""
ENTRY = np.where(AGES < 35, np.exp(-(((AGES - 24) / 5) ** 2)), 0)
"""Ages of new people, as weights."""


def live(totals: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Ages behind employment.

    Args:
        totals: employed persons, years x occupations.
        random: draws how readily each occupation is left.

    Returns:
        (persons by year, occupation and five-year group from 15 to 69; persons who leave work by year and occupation).
    """
    hazard = np.clip(LEAVING * random.lognormal(0, 0.25, (totals.shape[1], 1)), 0, 0.9)
    bell = np.exp(-(((AGES - 42) / 16) ** 2))
    stock = totals[0][:, None] * bell / bell.sum()
    for _ in range(BURN_IN_YEARS):
        stock, _left = _year(stock, totals[0], hazard)
    stocks, leavers = [], []
    for total in totals:
        stock, left = _year(stock, total, hazard)
        stocks.append(stock.reshape(len(total), -1, GROUP).sum(axis=2))
        leavers.append(left)
    return np.array(stocks), np.array(leavers)


def _year(stock: np.ndarray, total: np.ndarray, hazard: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    left = (stock * hazard).sum(axis=1) + (stock * (1 - hazard))[:, -1]
    staying = np.concatenate([np.zeros((len(stock), 1)), (stock * (1 - hazard))[:, :-1]], axis=1)
    missing = (total - staying.sum(axis=1))[:, None]
    shrunk = staying * (total / staying.sum(axis=1).clip(1e-9))[:, None]
    return np.where(missing >= 0, staying + missing * ENTRY / ENTRY.sum(), shrunk), left
