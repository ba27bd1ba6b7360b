"""A table made to add up to the totals of its rows and columns."""

from __future__ import annotations

import numpy as np

from jod_pipelines.errors import ForecastError
from jod_pipelines.forecasting.smoothing import Numbers

CLOSE = 1e-7
"""Largest gap between a total and its parts that counts as none."""
MOST_ROUNDS = 10_000
"""A few thousand are needed where a total leaves next to nothing for what is not published of it."""


def scale_to_totals(seed: Numbers, rows: Numbers, columns: Numbers) -> Numbers:
    """A table scaled to the totals of its rows and columns in turn (iterative proportional fitting, Deming & Stephan 1940).

    Args:
        seed: rows x columns, non-negative; zeros stay zero.
        rows: totals of rows, NaN where there is none to keep.
        columns: totals of columns, likewise.

    Raises:
        ForecastError: the totals cannot be met, such as a row of zeros with a total above zero.
    """
    fitted = np.array(seed, dtype=float)
    for _ in range(MOST_ROUNDS):
        fitted *= _factor(rows, fitted.sum(axis=1))[:, None]
        fitted *= _factor(columns, fitted.sum(axis=0))
        if np.nanmax(np.abs(fitted.sum(axis=1) - rows), initial=0.0) < CLOSE:
            return fitted
    gap = float(np.nanmax(np.abs(fitted.sum(axis=1) - rows)))
    raise ForecastError(f"forecasts do not add up: {gap:.6f} left between a total and its parts after {MOST_ROUNDS} rounds")


def _factor(wanted: Numbers, now: Numbers) -> Numbers:
    return np.where(np.isfinite(wanted), np.divide(wanted, now, out=np.ones_like(now), where=now > 0), 1.0)
