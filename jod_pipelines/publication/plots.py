"""Plots of a release as SVG or PNG: the same data gives the same bytes."""

from __future__ import annotations

import io
from typing import Any

import polars as pl

from jod_pipelines.publication.wording import number

INK, ACCENT, SOFT = "#1b2733", "#00629b", "#9ac7e3"
HISTORY_MONTHS = 36
QUANTILES = ("mean", "q2_5", "q10", "q90", "q97_5")


def forecast_plot(
    history: pl.DataFrame, forecast: pl.DataFrame, words: dict[str, str], language: str, *, fmt: str = "svg"
) -> bytes:
    """A series and its forecast with 80 and 95 % intervals, from zero up.

    Args:
        history: month, value; the newest 36 months are drawn, months without a value as gaps.
        forecast: target_month, mean, q2_5, q10, q90, q97_5.
        words: what stands above the two parts: past, forecast.
    """
    figure, axes = _canvas(8, 3.4)
    past = history.sort("month").tail(HISTORY_MONTHS)
    ahead = forecast.sort("target_month").select(pl.col("target_month").alias("month"), *QUANTILES)
    if len(known := past.drop_nulls().tail(1)):
        # the fan opens where the observations end
        ahead = pl.concat([known.select("month", *(pl.col("value").alias(name) for name in QUANTILES)), ahead])
        axes.plot(past["month"].to_list(), past["value"].to_list(), color=INK, linewidth=1.6)
        _above(axes, past["month"].to_list(), words["past"], INK)
    months = ahead["month"].to_list()
    for low, high, level, opacity in (("q2_5", "q97_5", 95, 0.45), ("q10", "q90", 80, 0.8)):
        axes.fill_between(months, ahead[low].to_list(), ahead[high].to_list(), color=SOFT, alpha=opacity, linewidth=0)
        _beside(axes, months[-1], ahead[high][-1], f"{level} %", ACCENT)
    axes.plot(months, ahead["mean"].to_list(), color=ACCENT, linewidth=1.8)
    _above(axes, months, words["forecast"], ACCENT)
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(lambda value, _: number(value, language))
    axes.grid(axis="y", color=INK, alpha=0.12, linewidth=0.7)
    return _finish(figure, fmt)


def bar_plot(names: list[str], values: list[float], language: str, *, fmt: str = "svg") -> bytes:
    """Horizontal bars, first name on top, each with its number at its end."""
    figure, axes = _canvas(8, max(1.5, 0.32 * len(names) + 0.3))
    bars = axes.barh(range(len(names)), values, color=ACCENT, height=0.7)
    axes.bar_label(bars, [number(value, language) for value in values], padding=4, color=INK)
    axes.set_yticks(range(len(names)), [name if len(name) < 60 else name[:57] + "…" for name in names])
    axes.invert_yaxis()
    axes.tick_params(left=False, bottom=False, labelbottom=False)
    axes.spines[["bottom", "left"]].set_visible(False)
    return _finish(figure, fmt)


def histogram(values: list[float], title: str, label: str, *, fmt: str = "png") -> bytes:
    """How values spread."""
    figure, axes = _canvas(6, 2.8)
    axes.hist(values, bins=min(30, max(5, len(set(values)))), color=ACCENT)
    axes.set_xlabel(label)
    axes.set_title(title, loc="left", fontsize=11, color=INK)
    return _finish(figure, fmt)


def _above(axes: Any, months: list[Any], text: str, color: str) -> None:
    """A word above the part of the plot it speaks of, so that no legend has to be looked up."""
    axes.text(months[len(months) // 2], 1.0, text, color=color, ha="center", transform=axes.get_xaxis_transform())


def _beside(axes: Any, x: Any, y: float, text: str, color: str) -> None:
    """A word to the right of a line's end."""
    axes.annotate(text, (x, y), (6, 0), textcoords="offset points", color=color, va="center", annotation_clip=False)


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
