"""Forecasts of totals and parts that add up.

A published total is a series of its own. Where some of its parts are confidential or not published, what is left of the
total is one more part (`rest`), so that no sum is taken around a hidden cell.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jod_pipelines.errors import ForecastError
from jod_pipelines.forecasting.smoothing import Numbers

RIDGE = 1e-6
CLOSE = 1e-7
"""Largest gap between a total and its parts that counts as none."""
MOST_ROUNDS = 2000


def rest_of(total: Numbers, parts: Numbers) -> Numbers:
    """What the known parts leave of a published total, by period; NaN where the total is not known.

    Args:
        total: periods.
        parts: parts x periods; a NaN part is inside the rest of that period.
    """
    return np.asarray(total - np.nan_to_num(parts).sum(axis=0))


def reconcile(base: Numbers, sums: Numbers, errors: Numbers) -> Numbers:
    """MinT with shrunk covariance (Wickramasuriya, Athanasopoulos & Hyndman 2019): the nearest forecasts that add up.

    Negative parts are set to zero and the totals summed anew.

    Args:
        base: nodes x steps, forecasts of each node by itself.
        sums: nodes x parts, 1 where a part belongs to a node.
        errors: nodes x cases, actual less base of the past; NaN where not known.

    Returns:
        nodes x steps, where every node is the sum of its parts.
    """
    weights = np.linalg.inv(shrunk_covariance(errors))
    parts = np.linalg.solve(sums.T @ weights @ sums, sums.T @ weights @ base)
    return np.asarray(sums @ np.clip(parts, 0, None))


def shrunk_covariance(errors: Numbers) -> Numbers:
    """Second moments of errors, correlations shrunk towards none (Schäfer & Strimmer 2005), positive definite.

    Args:
        errors: nodes x cases; NaN counts as no error.
    """
    size = np.sqrt(np.nan_to_num(errors**2).sum(axis=1) / np.maximum(np.isfinite(errors).sum(axis=1), 1))
    size = np.where(size > 0, size, np.nanmax(size[size > 0], initial=1.0) * RIDGE**0.5)
    scaled = np.nan_to_num(errors) / size[:, None]
    cases = errors.shape[1]
    correlation = scaled @ scaled.T / cases
    spread = ((scaled**2) @ (scaled**2).T / cases - correlation**2) / max(cases - 1, 1)
    np.fill_diagonal(spread, 0.0)
    off = correlation - np.diag(np.diag(correlation))
    shrinkage = min(1.0, spread.sum() / (off**2).sum()) if (off**2).sum() else 1.0
    mixed = (1 - shrinkage) * off + np.diag(np.ones(len(size)) + RIDGE)
    return np.asarray(mixed * np.outer(size, size))


def round_to_sum(parts: Numbers, total: NDArray[np.int64]) -> NDArray[np.int64]:
    """Whole numbers next to the parts that add up to whole totals: largest remainders.

    Args:
        parts: parts x steps, non-negative, adding up to within half of `total`.
        total: steps.

    Returns:
        parts x steps; ties go to the earlier part.
    """
    down = np.floor(parts).astype(np.int64)
    missing = total - down.sum(axis=0)
    place = np.argsort(np.argsort(-(parts - down), axis=0, kind="stable"), axis=0, kind="stable")
    return np.asarray(down + (place < missing))


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
