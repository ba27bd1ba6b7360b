"""A well-known model from the same origins on some of the same series, so that readers can tell how good ours is.

AutoETS (Hyndman & Khandakar 2008, as in statsforecast) takes some 60 ms a series, so it is made for a sample, and what was
issued is judged on that sample too.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from jod_pipelines.forecasting.backtest import NAIVE, Backtest, Issued
from jod_pipelines.forecasting.evaluation import ISSUED, evaluate_backtest
from jod_pipelines.forecasting.smoothing import Numbers

AUTO_ETS, ON_SAMPLE = "auto_ets", "issued_on_sample"
"""Models of the rows: the peer, and what was issued for the same series from the same origins."""
SERIES_OF_A_GROUP = 8
ORIGINS = 2


def judge_beside_auto_ets(found: Backtest, issued: Issued, season: int) -> pl.DataFrame:
    """Figures of AutoETS and of what was issued, on evenly spaced series and origins.

    The origins are of the later half of those whose whole horizon has come: at earlier ones our own models had seen little.

    Returns:
        The columns of `evaluate_backtest`, models AUTO_ETS and ON_SAMPLE; empty when no whole horizon has come.
    """
    come = [at for at in range(len(found.origins)) if np.isfinite(found.actual[:, at, -1]).any()]
    later = come[len(come) // 2 :]
    origins = [later[place] for place in _evenly(len(later), ORIGINS)]
    groups = [
        np.flatnonzero((found.group == name) & np.isfinite(found.scale[:, origins]).all(axis=1))
        for name in np.unique(found.group)
    ]
    series = np.concatenate([rows[_evenly(len(rows), SERIES_OF_A_GROUP)] for rows in groups])
    if not origins or not len(series):
        return evaluate_backtest(found, issued).clear()
    cells = np.ix_(series, np.array(origins))
    sample = replace(
        found,
        y=found.y[series],
        group=found.group[series],
        origins=[found.origins[at] for at in origins],
        models={NAIVE: found.models[NAIVE][cells]},
        actual=found.actual[cells],
        scale=found.scale[cells],
    )
    own = Issued(issued.points[cells], issued.limits[cells], issued.model[cells])
    peer = _auto_ets(sample, season)
    judged = ((ON_SAMPLE, own), (AUTO_ETS, peer))
    return pl.concat(
        evaluate_backtest(sample, each).filter(model=ISSUED).with_columns(model=pl.lit(name)) for name, each in judged
    )


def _evenly(count: int, wanted: int) -> list[int]:
    """Places of at most `wanted` of `count`, the last among them."""
    return sorted({round((number + 1) * count / min(wanted, count)) - 1 for number in range(min(wanted, count))})


def _auto_ets(sample: Backtest, season: int) -> Issued:
    """From each origin, with intervals of 80 and 95 %; gaps are filled by a straight line."""
    from statsforecast.models import AutoETS

    horizon = sample.actual.shape[2]
    points, limits = np.empty(sample.actual.shape), np.empty((*sample.actual.shape, 4))
    for row, y in enumerate(sample.y):
        for at, origin in enumerate(sample.origins):
            said = AutoETS(season_length=season).forecast(_whole(y[:origin]), h=horizon, level=[80, 95])
            points[row, at] = said["mean"]
            limits[row, at] = np.stack([said[name] for name in ("lo-95", "lo-80", "hi-80", "hi-95")], axis=1)
    clipped = np.clip(points, 0, None), np.clip(limits, 0, None)
    return Issued(*clipped, np.full(points.shape[:2], AUTO_ETS))


def _whole(y: Numbers) -> Numbers:
    known = np.flatnonzero(np.isfinite(y))
    return np.interp(np.arange(known[0], len(y)), known, y[known])
