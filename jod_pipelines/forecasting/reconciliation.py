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
    done = np.array(seeds, dtype=float)
    left, table = np.arange(len(seeds)), done
    of_rows, of_columns = np.ones_like(rows), np.ones_like(columns)
    gaps, over_columns = np.zeros(len(seeds)), table.sum(axis=2)
    for _ in range(MOST_ROUNDS):
        of_rows = _factors(of_rows, rows, over_columns)
        of_columns = _factors(of_columns, columns, (of_rows[:, None, :] @ table)[:, 0])
        over_columns = (table @ of_columns[:, :, None])[:, :, 0]
        gaps = np.nan_to_num(np.abs(of_rows * over_columns - rows)).max(axis=1)
        if (met := gaps < close).any():
            done[left[met]] *= of_rows[met, :, None] * of_columns[met, None, :]
            if met.all():
                return done
            left, of_rows, of_columns = left[~met], of_rows[~met], of_columns[~met]
            table, rows, columns, over_columns = table[~met], rows[~met], columns[~met], over_columns[~met]
    raise ForecastError(f"forecasts do not add up: {gaps.max():.6f} left between a total and its parts in {MOST_ROUNDS} rounds")


def _factors(before: Numbers, wanted: Numbers, unscaled: Numbers) -> Numbers:
    """What brings sums to their totals; those without a total or anything to scale keep what they have."""
    scaled = np.isfinite(wanted) & (unscaled > 0)
    return np.divide(wanted, unscaled, out=before.copy(), where=scaled)
