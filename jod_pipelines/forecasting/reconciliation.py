"""Tables made to add up to the totals of their rows and columns."""

from __future__ import annotations

import numpy as np

from jod_pipelines.errors import ForecastError
from jod_pipelines.forecasting.smoothing import Numbers

CLOSE = 1e-7
"""Largest gap between a total and its parts that counts as none."""
MOST_ROUNDS = 10_000
"""A few thousand are needed where a total leaves next to nothing for what is not published of it."""


def scale_to_totals(seeds: Numbers, rows: Numbers, columns: Numbers, close: float = CLOSE) -> Numbers:
    """Tables scaled to the totals of their rows and columns in turn (iterative proportional fitting, Deming & Stephan 1940).

    Only the factors of rows and columns are carried from round to round, for all tables at once.

    Args:
        seeds: tables x rows x columns, non-negative; zeros stay zero.
        rows: tables x rows: totals of rows, NaN where there is none to keep.
        columns: tables x columns, likewise.
        close: largest gap that counts as none.

    Raises:
        ForecastError: the totals of a table cannot be met, such as a row of zeros with a total above zero.
    """
    of_rows, of_columns = np.ones_like(rows), np.ones_like(columns)
    left, gaps = np.arange(len(seeds)), np.zeros(len(seeds))
    for _ in range(MOST_ROUNDS):
        table = seeds[left]
        of_rows[left] = _factors(of_rows[left], rows[left], np.einsum("trc,tc->tr", table, of_columns[left]))
        of_columns[left] = _factors(of_columns[left], columns[left], np.einsum("trc,tr->tc", table, of_rows[left]))
        sums = of_rows[left] * np.einsum("trc,tc->tr", table, of_columns[left])
        gaps = np.nan_to_num(np.abs(sums - rows[left])).max(axis=1)
        left = left[gaps >= close]
        if not len(left):
            return np.asarray(seeds * of_rows[:, :, None] * of_columns[:, None, :])
    raise ForecastError(
        f"forecasts do not add up: {gaps.max():.6f} left between a total and its parts after {MOST_ROUNDS} rounds"
    )


def _factors(before: Numbers, wanted: Numbers, unscaled: Numbers) -> Numbers:
    """What brings sums to their totals; those without a total or anything to scale keep what they have."""
    scaled = np.isfinite(wanted) & (unscaled > 0)
    return np.divide(wanted, unscaled, out=before.copy(), where=scaled)
