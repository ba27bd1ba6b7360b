"""Plots of a release as SVG or PNG: the same data gives the same bytes."""

from __future__ import annotations

import io
from typing import Any

import polars as pl

INK, ACCENT, SOFT = "#1b2733", "#00629b", "#9ac7e3"
HISTORY_MONTHS = 60


def forecast_plot(history: pl.DataFrame, forecast: pl.DataFrame, title: str, *, fmt: str = "svg") -> bytes:
    """A series and its forecast with 80 and 95 % intervals.

    Args:
        history: month, value.
        forecast: target_month, mean, q2_5, q10, q90, q97_5.
    """
    figure, axes = _canvas(8, 3.2)
    past = history.drop_nulls().sort("month").tail(HISTORY_MONTHS)
    ahead = forecast.sort("target_month")
    if len(past):
        axes.plot(past["month"].to_list(), past["value"].to_list(), color=INK, linewidth=1.6)
    months = ahead["target_month"].to_list()
    axes.fill_between(months, ahead["q2_5"].to_list(), ahead["q97_5"].to_list(), color=SOFT, alpha=0.45, linewidth=0)
    axes.fill_between(months, ahead["q10"].to_list(), ahead["q90"].to_list(), color=SOFT, alpha=0.8, linewidth=0)
    axes.plot(months, ahead["mean"].to_list(), color=ACCENT, linewidth=1.8)
    axes.set_ylim(bottom=0)
    axes.set_title(title, loc="left", fontsize=11, color=INK)
    return _finish(figure, fmt)


def bar_plot(names: list[str], values: list[float], title: str, *, fmt: str = "svg") -> bytes:
    """Horizontal bars, first name on top."""
    figure, axes = _canvas(8, max(1.5, 0.32 * len(names) + 0.6))
    axes.barh(range(len(names)), values, color=ACCENT, height=0.7)
    axes.set_yticks(range(len(names)), [name if len(name) < 60 else name[:57] + "…" for name in names])
    axes.invert_yaxis()
    axes.set_title(title, loc="left", fontsize=11, color=INK)
    return _finish(figure, fmt)


def histogram(values: list[float], title: str, label: str, *, fmt: str = "png") -> bytes:
    """How values spread."""
    figure, axes = _canvas(6, 2.8)
    axes.hist(values, bins=min(30, max(5, len(set(values)))), color=ACCENT)
    axes.set_xlabel(label)
    axes.set_title(title, loc="left", fontsize=11, color=INK)
    return _finish(figure, fmt)


def _canvas(width: float, height: float) -> tuple[Any, Any]:
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams.update({"svg.hashsalt": "jod", "svg.fonttype": "none", "font.size": 9, "font.family": "sans-serif"})
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(width, height))
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=INK)
    return figure, axes


def _finish(figure: Any, fmt: str) -> bytes:
    from matplotlib import pyplot

    body = io.BytesIO()
    figure.tight_layout()
    figure.savefig(body, format=fmt, dpi=110, metadata={"Date": None} if fmt == "svg" else None)
    pyplot.close(figure)
    return body.getvalue()
