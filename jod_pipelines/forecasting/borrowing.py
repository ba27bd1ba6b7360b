"""Models that borrow from the other series of a group: the season they share and the way they all go.

A series of a few vacancies says little of its own season, and less of where the market goes; all of them together say it well.
Everything here is in arrays of series x periods; an origin only uses what was known at it.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from jod_pipelines.forecasting.smoothing import Numbers, mean_of_known

MEMBERS = ("common_trend", "common_season", "average_season")
OWN_SEASONS = 3
"""Newest seasons a series' own average season is made of."""
KEPT_OF_TREND = 0.5
"""What is left of the common trend a season later: it fades, as a damped trend does."""


def borrow(
    y: Numbers, group: NDArray[np.str_], season: int, origins: list[int], horizon: int, level: Numbers
) -> dict[str, Numbers]:
    """Point forecasts from every origin.

    Args:
        y: series x periods; NaN where not known.
        group: series that share a season and a trend.
        season: periods of a season, 1 without.
        origins: how many periods are known at each origin.
        horizon: periods ahead.
        level: series x origins x horizon, forecasts of each series' own level and season.

    Returns:
        By member, series x origins x horizon. `common_trend`: the level, moved as the group has moved in a year.
        `common_season`: half a season's mean with the season of the group, moved alike. `average_season`: a season's mean
        with the series' own average season, moved alike. NaN where a series knew nothing in its last season.
    """
    found = {member: np.full((len(y), len(origins), horizon), np.nan) for member in MEMBERS}
    for name, (at, origin) in product(np.unique(group), enumerate(origins)):
        rows = np.flatnonzero(group == name)
        known = y[rows, :origin]
        size = mean_of_known(known, 1)
        moved = _moved(known, season, horizon)
        found["common_trend"][rows, at] = level[rows, at] + moved
        shared = size[:, None] * _common_season(known, size, season)
        found["common_season"][rows, at] = _ahead(known, shared, max(season // 2, 1), horizon) + moved
        found["average_season"][rows, at] = _ahead(known, _average_season(known, season), season, horizon) + moved
    return found


def _ahead(known: Numbers, pattern: Numbers, window: int, horizon: int) -> Numbers:
    """The mean of the newest `window` periods less their season, with the season of the periods ahead."""
    season, window = pattern.shape[1], min(window, known.shape[1])
    newest = known[:, -window:] - pattern[:, season - window :]
    return mean_of_known(newest, 1)[:, None] + pattern[:, np.arange(horizon) % season]


def _moved(known: Numbers, season: int, horizon: int) -> Numbers:
    """How far each series goes with its group: the group's change from a season before, in parts of each series' size."""
    window = max(season // 4, 1)
    if known.shape[1] < season + window:
        return np.zeros((len(known), horizon))
    size = mean_of_known(known[:, -2 * season :], 1)
    change = mean_of_known(known[:, -window:], 1) - mean_of_known(known[:, -season - window : -season], 1)
    fine = np.isfinite(change)
    whole = float(size[fine].sum())
    common = float(change[fine].sum()) / whole if whole > 0 else 0.0
    path: Numbers = np.cumsum(KEPT_OF_TREND ** (np.arange(1, horizon + 1) / season)) / season
    moved: Numbers = common * np.nan_to_num(size)[:, None] * path
    return moved


def _common_season(known: Numbers, size: Numbers, season: int) -> Numbers:
    """What each period of the coming season is above its season's mean, in parts of the series' size."""
    sizes = np.where(np.isfinite(known), np.nan_to_num(size)[:, None], 0.0).sum(axis=0)
    total = np.where(np.isfinite(known), known, 0.0).sum(axis=0)
    curve = np.divide(total, sizes, out=np.full(len(total), np.nan), where=sizes > 0)
    shared: Numbers = _average_season(curve[None], season, seasons=len(curve) // season)[0]
    return shared


def _average_season(known: Numbers, season: int, seasons: int = OWN_SEASONS) -> Numbers:
    """Mean over the newest seasons of what each period is above its season's mean: series x season, the next period first."""
    seasons = min(seasons, known.shape[1] // season)
    if not seasons:
        return np.zeros((len(known), season))
    newest = known[:, -seasons * season :].reshape(len(known), seasons, season)
    return np.nan_to_num(mean_of_known(newest - mean_of_known(newest, 2)[:, :, None], 1))
