"""Exponential smoothing of a whole panel at once: one pass over time, all series and all parameters side by side.

Damped additive Holt-Winters (Gardner & McKenzie 1985) over a grid of parameters; each series takes the parameters with
the smallest one-step errors so far. A missing value leaves the state as it is and it goes on along its trend, so gaps
and confidential values need no filling. States are read at every origin of a backtest in the same pass: a backtest
costs little more than one fit, and an origin knows nothing of what came after it.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

INITIAL_SEASONS = 3
"""The first seasons of a series set its initial level and seasonal pattern."""
MEMBERS = ("seasonal_naive", "level", "damped_trend")
GRID = np.array(
    [
        (alpha, beta, gamma, damping)
        for alpha, gamma in product((0.05, 0.15, 0.3, 0.5, 0.75), (0.05, 0.2, 0.5))
        for beta, damping in ((0.0, 1.0), (0.03, 0.95), (0.1, 0.95), (0.1, 0.85), (0.3, 0.85))
    ]
)
"""alpha, beta, gamma, damping; without beta there is no trend."""


def smooth(y: Numbers, season: int, origins: list[int], horizon: int) -> dict[str, Numbers]:
    """Point forecasts of every model from every origin.

    Args:
        y: series x periods; NaN before a series starts and where a value is not known.
        season: periods of a season, 1 without.
        origins: how many periods are known at each origin, ascending.
        horizon: periods ahead.

    Returns:
        model to array of series x origins x horizon; NaN where a series knew nothing in its last season.
    """
    start, level, pattern = _initial(y, season)
    alpha, beta, gamma, damping = GRID.T
    level = np.repeat(level[:, None], len(GRID), axis=1)
    trend = np.zeros_like(level)
    seasonal = np.repeat(pattern.T[:, :, None], len(GRID), axis=2)
    loss = np.zeros_like(level)
    found = {model: np.full((len(y), len(origins), horizon), np.nan) for model in MEMBERS}
    for period in range(max(origins)):
        place = period % season
        known = (np.isfinite(y[:, period]) & (period >= start))[:, None]
        ahead = level + damping * trend
        error = np.where(known, np.nan_to_num(y[:, period])[:, None] - ahead - seasonal[place], 0.0)
        running = (period >= start)[:, None]
        trend = np.where(running, damping * trend + alpha * beta * error, trend)
        level = np.where(running, ahead + alpha * error, level)
        if season > 1:
            seasonal[place] += gamma * (1 - alpha) * error
        loss += error**2
        if period + 1 in origins:
            at = origins.index(period + 1)
            for model, values in _ahead(y[:, : period + 1], level, trend, seasonal, loss, horizon).items():
                found[model][:, at] = values
    return found


def _initial(y: Numbers, season: int) -> tuple[NDArray[np.int64], Numbers, Numbers]:
    """First known period of each series, its level, and the pattern of its season (series x season, by period % season)."""
    known = np.isfinite(y)
    start = np.where(known.any(axis=1), known.argmax(axis=1), y.shape[1])
    width = min(INITIAL_SEASONS * season, y.shape[1]) // season * season
    if not width:
        return start, np.zeros(len(y)), np.zeros((len(y), season))
    places = start[:, None] + np.arange(width)
    first = np.where(places < y.shape[1], np.take_along_axis(y, np.minimum(places, y.shape[1] - 1), axis=1), np.nan)
    years = first.reshape(len(y), -1, season)
    middle = mean_of_known(years, 2)
    from_start = np.nan_to_num(mean_of_known(years - middle[:, :, None], 1))
    pattern = np.zeros((len(y), season))
    np.put_along_axis(pattern, places[:, :season] % season, from_start - from_start.mean(axis=1, keepdims=True), axis=1)
    return start, np.nan_to_num(middle[:, 0]), pattern


def _ahead(y: Numbers, level: Numbers, trend: Numbers, seasonal: Numbers, loss: Numbers, horizon: int) -> dict[str, Numbers]:
    """Every model's forecasts from the states at one origin: series x horizon."""
    rows, season, steps = np.arange(len(y)), len(seasonal), np.arange(1, horizon + 1)
    places = (y.shape[1] - 1 + steps) % season
    flat = np.flatnonzero(GRID[:, 1] == 0)
    best, plain = loss.argmin(axis=1), flat[loss[:, flat].argmin(axis=1)]
    damping = GRID[best, 3][:, None]
    path = np.cumsum(damping**steps, axis=1)
    pattern = seasonal[places][:, rows, plain].T
    return {
        "seasonal_naive": _last_season(y, season)[:, (steps - 1) % season],
        "level": level[rows, plain][:, None] + pattern,
        "damped_trend": level[rows, best][:, None] + trend[rows, best][:, None] * path + seasonal[places][:, rows, best].T,
    }


def _last_season(y: Numbers, season: int) -> Numbers:
    """The last known value of each period of the season, in the order of the periods to come (one season back at most two)."""
    latest = y[:, -season:]
    if y.shape[1] < 2 * season:
        return latest
    before = y[:, -2 * season : -season]
    return np.where(np.isfinite(latest), latest, before)


def mean_of_known(values: Numbers, axis: int) -> Numbers:
    """Mean of the values that are known; NaN where none is."""
    known = np.isfinite(values)
    count = known.sum(axis=axis)
    result: Numbers = np.divide(np.nan_to_num(values).sum(axis=axis), count, out=np.full(count.shape, np.nan), where=count > 0)
    return result
