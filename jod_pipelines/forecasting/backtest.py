"""What every model said from past origins, beside what came: arrays, so that ten thousand series fit in memory.

An origin only uses what was known at it: states come from values and widths of intervals from errors that had been seen by
then. The same functions give the forecast (from the newest origin) and its evaluation (from the others).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm as normal
from scipy.stats import t as student

from jod_pipelines.forecasting.borrowing import MEMBERS as BORROWING
from jod_pipelines.forecasting.borrowing import borrow
from jod_pipelines.forecasting.smoothing import INITIAL_SEASONS, Numbers, mean_of_known, smooth

NAIVE, PANEL = "seasonal_naive", "panel_of_models"
MODELS = (NAIVE, "level", "damped_trend", "damped_trend_of_roots", *BORROWING, PANEL)
LEVELS = np.array([0.8, 0.95])
LEAST_ERRORS = 100
"""A group with fewer known errors at a horizon uses those of all groups."""
RATE = 0.1
"""How far the aim of a level moves with each origin's outcome."""
WIDTH_UNKNOWN = np.array([1.606, 2.456])
"""Widths while no error is known yet, in units of the scale: normal errors as large as those of seasonal naive."""
SURE_STEPS = 12
"""Beyond them few outcomes are known, and widths grow at least as GROWTH says."""
GROWTH = 0.75
"""Power of the steps: 0.5 is a random walk's, 1 a trend nobody saw (chosen on real series: docs/methods/short_term.md)."""
LEAST_AIM, MOST_AIM = LEVELS - 0.15, np.array([0.97, 0.998])


@dataclass(frozen=True)
class Backtest:
    """Forecasts of each model (series x origins x horizon); the last origin is the present.

    `y` series x periods, `origins` periods known at each origin, `actual` what came (NaN where not known), `scale`
    the mean absolute seasonal-naive error of each series before each origin, `group` of each series.
    """

    y: Numbers
    group: NDArray[np.str_]
    origins: list[int]
    models: dict[str, Numbers]
    actual: Numbers
    scale: Numbers

    def errors(self, model: str) -> Numbers:
        """Actual less forecast, in units of the scale."""
        return (self.actual - self.models[model]) / self.scale[:, :, None]

    def seen(self, at: int, step: int) -> list[int]:
        """Earlier origins whose outcome `step` (from 0) ahead was known at origin number `at`."""
        return [past for past in range(at) if self.origins[past] + step < self.origins[at]]


@dataclass(frozen=True)
class Issued:
    """What is or would have been published at each origin.

    `points` series x origins x horizon, `limits` the same x 4 (outer low, inner low, inner high, outer high),
    `model` series x origins.
    """

    points: Numbers
    limits: Numbers
    model: NDArray[np.str_]


def run_backtest(y: Numbers, group: NDArray[np.str_], season: int, horizon: int, origins: int, step: int) -> Backtest:
    """Forecast from the present and from up to `origins` earlier ones, `step` periods apart.

    Args:
        y: series x periods, non-negative; NaN where not known.
        group: series whose errors are pooled.
        season: periods of a season, 1 without.
    """
    y = _begun(y)
    last, first = y.shape[1], INITIAL_SEASONS * season
    known = [last - step * back for back in range(origins, -1, -1) if last - step * back >= first] or [last]
    models = _members(y, group, season, known, horizon)
    actual = np.full((len(y), len(known), horizon), np.nan)
    for at, origin in enumerate(known):
        came = y[:, origin : origin + horizon]
        actual[:, at, : came.shape[1]] = came
    return Backtest(y, group, known, models | {PANEL: _mixture(models)}, actual, _scales(y, season, known))


def choose(found: Backtest, at: int) -> dict[str, str]:
    """The panel for each group where it beat naive by the mean scaled error known at origin number `at`, else naive.

    Not the best model so far: which single one did best says little of the next year (docs/methods/short_term.md).
    """
    seen = _seen_mask(found, at)[:at]

    def error(model: str, rows: NDArray[np.bool_]) -> float:
        return _mean_absolute(found.errors(model)[rows, :at][:, seen])

    groups = {str(name): found.group == name for name in np.unique(found.group)}
    return {name: PANEL if error(PANEL, rows) < error(NAIVE, rows) - 1e-9 else NAIVE for name, rows in groups.items()}


def with_intervals(found: Backtest) -> Issued:
    """The chosen forecasts of every origin and their intervals.

    Split conformal (Vovk et al. 2005): the absolute scaled errors known at the origin, pooled over the series of a
    group, per step of the horizon. Which of their quantiles is taken follows how often earlier issued intervals held
    (adaptive conformal, Gibbs & Candes 2021): a common shock such as 2009 or 2020 hits all series of a few origins, and
    the pool alone would be too narrow for years. Both sides are equally wide: a shock's direction does not repeat.
    """
    horizon = found.actual.shape[2]
    points = np.full(found.actual.shape, np.nan)
    limits = np.full((*found.actual.shape, 2 * len(LEVELS)), np.nan)
    model = np.full((len(found.y), len(found.origins)), NAIVE, dtype="<U32")
    unit = np.where(np.isfinite(found.scale), found.scale, _size_of_counts(found)[:, None])
    groups = [found.group == name for name in np.unique(found.group)]
    aims = [np.tile(LEVELS, (horizon, 1)) for _ in groups]
    told: set[tuple[int, int]] = set()
    for at in range(len(found.origins)):
        chosen = choose(found, at)
        scored = np.full(found.actual.shape, np.nan)
        for rows, best in zip(groups, chosen.values(), strict=True):
            scored[rows], points[rows, at], model[rows, at] = found.errors(best)[rows], found.models[best][rows, at], best
        sure: dict[int, Numbers] = {}
        unknown = ~np.isfinite(points[:, at]).all(axis=1)
        points[unknown, at], model[unknown, at] = found.models["level"][unknown, at], "level"
        for step in range(horizon):
            seen = found.seen(at, step)
            for place, (rows, aim) in enumerate(zip(groups, aims, strict=True)):
                for past in [past for past in seen if (past, step) not in told]:
                    aim[step] += RATE * (LEVELS - _share_inside(found.actual[rows, past, step], limits[rows, past, step]))
                aim[step] = np.clip(aim[step], LEAST_AIM, MOST_AIM)
                pool = _pool(scored[:, seen, step], rows)
                width = _width(np.abs(pool[np.isfinite(pool)]), aim[step]) * _few_outcomes(pool, found, seen, step)
                if step < SURE_STEPS:
                    sure[place] = width
                else:
                    width = np.maximum(width, sure[place] * ((step + 1) / SURE_STEPS) ** GROWTH)
                half = np.concatenate([-width[::-1], width])
                limits[rows, at, step] = points[rows, at, step, None] + half * unit[rows, at, None]
            told |= {(past, step) for past in seen}
    return Issued(points, np.clip(limits, 0, None), model)


def inside(actual: Numbers, limits: Numbers) -> Numbers:
    """Whether each outcome fell into the interval of each of LEVELS (last axis): 1, 0, or NaN where either is not known."""
    low, high = limits[..., len(LEVELS) - 1 :: -1], limits[..., len(LEVELS) :]
    held = (actual[..., None] >= low) & (actual[..., None] <= high)
    return np.where(np.isfinite(actual)[..., None] & np.isfinite(low), held, np.nan)


def _begun(y: Numbers) -> Numbers:
    """Nothing is known of a series before its first value above zero (as in M5): a new occupation group was absent, not empty."""
    above = np.nan_to_num(y) > 0
    begins = np.where(above.any(axis=1), above.argmax(axis=1), 0)
    return np.where(np.arange(y.shape[1]) < begins[:, None], np.nan, y)


def _size_of_counts(found: Backtest) -> Numbers:
    """Unit of a series too short or too even for a scale of its own: the spread of counts of its size (Poisson)."""
    known = np.isfinite(found.y)
    size: Numbers = np.sqrt(1 + np.nan_to_num(found.y).sum(axis=1) / np.maximum(known.sum(axis=1), 1))
    return size


def _share_inside(actual: Numbers, limits: Numbers) -> Numbers:
    held = inside(actual, limits)
    fine = np.isfinite(held).all(axis=1)
    return held[fine].mean(axis=0) if fine.any() else LEVELS


def _pool(scored: Numbers, rows: NDArray[np.bool_]) -> Numbers:
    own = scored[rows]
    return own if np.isfinite(own).sum() >= LEAST_ERRORS else scored


def _few_outcomes(pool: Numbers, found: Backtest, seen: list[int], step: int) -> Numbers:
    """How much wider intervals are because few outcomes are known: Student's t over the normal quantile of each level.

    Errors `step` periods ahead from neighbouring origins share most of their periods, and series share shocks: two years ahead
    eleven years of 150 occupations are some sixty independent outcomes, and those of one country five. Origins count as many
    times as the horizon fits between the first and the last of them, series by the design effect of their common error (Kish).
    """
    known = np.isfinite(pool)
    series = int(known.any(axis=1).sum())
    if not series:
        return np.ones(len(LEVELS))
    whole = float((pool[known] ** 2).mean())
    common = mean_of_known(pool[:, known.any(axis=0)], 0)
    shared = float((common**2).mean()) / whole if whole > 0 else 1.0
    correlation = min(max((shared - 1 / series) / (1 - 1 / series), 0.0), 1.0) if series > 1 else 1.0
    times = (found.origins[seen[-1]] - found.origins[seen[0]]) / (step + 1) + 1
    independent = times * series / (1 + (series - 1) * correlation)
    return np.asarray(student.ppf((1 + LEVELS) / 2, independent) / normal.ppf((1 + LEVELS) / 2))


def _width(pool: Numbers, aim: Numbers) -> Numbers:
    """The ceil((n+1) level)-th smallest score, the largest when there are too few."""
    if not len(pool):
        return WIDTH_UNKNOWN
    ranks = np.clip(np.ceil((len(pool) + 1) * aim) - 1, 0, len(pool) - 1).astype(int)
    return np.maximum.accumulate(np.partition(pool, ranks)[ranks])


def _members(y: Numbers, group: NDArray[np.str_], season: int, known: list[int], horizon: int) -> dict[str, Numbers]:
    """The models as they are, and those of counts on square roots, where their errors are of one size."""
    plain = smooth(y, season, known, horizon)
    rooted = smooth(np.sqrt(y), season, known, horizon)
    borrowed = borrow(np.sqrt(y), group, season, known, horizon, rooted["level"])

    def positive(values: Numbers, back: Callable[[Numbers], Numbers] = lambda v: v) -> Numbers:
        return back(np.clip(values, 0, None))

    return {
        NAIVE: positive(plain[NAIVE]),
        "level": positive(rooted["level"], np.square),
        "damped_trend": positive(plain["damped_trend"]),
        "damped_trend_of_roots": positive(rooted["damped_trend"], np.square),
        **{model: positive(values, np.square) for model, values in borrowed.items()},
    }


def _mixture(models: dict[str, Numbers]) -> Numbers:
    """Mean of the models without the highest and the lowest (Jose & Winkler 2008); the level where one of them knows nothing.

    Weights learned from known errors did worse where a shock was among them, and no better on the whole.
    """
    inner = np.sort(np.stack(list(models.values())), axis=0)[1:-1]
    mixed = inner.mean(axis=0)
    return np.where(np.isfinite(mixed), mixed, models["level"])


def _seen_mask(found: Backtest, at: int) -> NDArray[np.bool_]:
    """Origins x horizon: outcomes known at origin number `at`."""
    steps = np.arange(found.actual.shape[2])
    return np.array(found.origins)[:, None] + steps < found.origins[at]


def _mean_absolute(errors: Numbers) -> float:
    fine = errors[np.isfinite(errors)]
    return round(float(np.abs(fine).mean()), 9) if len(fine) else float("nan")


def _scales(y: Numbers, season: int, known: list[int]) -> Numbers:
    """Mean absolute seasonal difference before each origin; NaN where there is none or it is zero."""
    change = np.abs(y[:, season:] - y[:, :-season])
    fine = np.isfinite(change)
    total = np.cumsum(np.where(fine, change, 0.0), axis=1)
    count = np.cumsum(fine, axis=1)
    at = [origin - season - 1 for origin in known]
    scale = np.divide(total[:, at], count[:, at], out=np.full((len(y), len(at)), np.nan), where=count[:, at] > 0)
    return np.where(scale > 0, scale, np.nan)
