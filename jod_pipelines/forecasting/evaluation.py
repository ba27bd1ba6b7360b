"""How forecasts did on the past: MASE, RMSSE, weighted interval score and coverage, beside seasonal naive."""

from __future__ import annotations

import warnings

import numpy as np
import polars as pl

from jod_pipelines.forecasting.backtest import LEVELS, NAIVE, Backtest, Issued, inside
from jod_pipelines.forecasting.smoothing import Numbers

DIGITS = 6
"""Figures are rounded: a sum of many numbers differs in its last bits with the order threads add them in."""
EVALUATION_BANDS = ((1, 12), (13, 24), (25, 36))
ISSUED = "issued"
"""What would have been published: at each origin the model that was chosen with what was known then, added up."""
APART = "before_adding_up"
"""The same before totals and parts were made to add up."""


def evaluate_backtest(found: Backtest, issued: Issued, first_origin: int = 0) -> pl.DataFrame:
    """Figures by group, model and band of the horizon, over outcomes known by the present.

    Args:
        first_origin: number of the first origin that is judged; earlier ones only teach.

    Returns:
        series_group, model, horizon_from, horizon_to, series, origins, mase, rmsse, wis, coverage_80_pct,
        coverage_95_pct, mase_seasonal_naive. Intervals exist for what was issued only, every limit made from errors
        that had been seen at its origin.
    """
    errors = {model: found.errors(model) for model in found.models}
    errors[ISSUED] = (found.actual - issued.points) / found.scale[:, :, None]
    scores = interval_scores(found, issued)
    held = inside(found.actual, issued.limits)
    rows = []
    for name in np.unique(found.group):
        members = np.flatnonzero(found.group == name)
        for start, end in EVALUATION_BANDS:
            steps = np.arange(start - 1, min(end, found.actual.shape[2]))
            part = np.ix_(members, np.arange(first_origin, len(found.origins)), steps)
            fine = np.isfinite(errors[NAIVE][part]) & np.isfinite(errors[ISSUED][part])
            if start > found.actual.shape[2] or not fine.any():
                continue
            naive = float(np.abs(errors[NAIVE][part][fine]).mean())
            for model, error in errors.items():
                judged = error[part][fine & np.isfinite(error[part])]
                wis, coverage_80, coverage_95 = (
                    (float(np.nanmean(scores[part][fine])), *(100 * np.nanmean(held[part][fine], axis=0)))
                    if model == ISSUED
                    else (None, None, None)
                )
                rows.append(
                    {
                        "series_group": str(name),
                        "model": model,
                        "horizon_from": start,
                        "horizon_to": min(end, found.actual.shape[2]),
                        "series": int(fine.any(axis=(1, 2)).sum()),
                        "origins": int(fine.any(axis=(0, 2)).sum()),
                        "mase": float(np.abs(judged).mean()),
                        "rmsse": float(np.sqrt((judged**2).mean())),
                        "wis": wis,
                        "coverage_80_pct": coverage_80,
                        "coverage_95_pct": coverage_95,
                        "mase_seasonal_naive": naive,
                    }
                )
    schema = {
        "series_group": pl.String(),
        "model": pl.String(),
        **dict.fromkeys(("horizon_from", "horizon_to", "series", "origins"), pl.Int32()),
        **dict.fromkeys(("mase", "rmsse", "wis", "coverage_80_pct", "coverage_95_pct", "mase_seasonal_naive"), pl.Float64()),
    }
    return (
        pl.DataFrame(rows, schema=schema)
        .with_columns(pl.col(pl.Float64).round(DIGITS))
        .sort("series_group", "model", "horizon_from")
    )


def interval_scores(found: Backtest, issued: Issued) -> Numbers:
    """WIS over the median and the intervals, divided by the scale (Bracher et al. 2021): series x origins x horizon."""
    y, total = found.actual, 0.5 * np.abs(found.actual - issued.points)
    for place, level in enumerate(LEVELS):
        alpha = 1 - level
        low, high = issued.limits[..., len(LEVELS) - 1 - place], issued.limits[..., len(LEVELS) + place]
        outside = np.clip(low - y, 0, None) + np.clip(y - high, 0, None)
        total = total + alpha / 2 * (high - low) + outside
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.asarray(total / (len(LEVELS) + 0.5) / found.scale[:, :, None])
