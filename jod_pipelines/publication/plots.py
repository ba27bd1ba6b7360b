"""Plots of a release as SVG or PNG: the same data gives the same bytes."""

from __future__ import annotations

import io
import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from jod_pipelines.publication.wording import number

INK, ACCENT, SOFT, WARM = "#1b2733", "#00629b", "#9ac7e3", "#a15c00"
SIZES_APART = 16
"""Up to so many sizes each is drawn on its own."""
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


def pairs_plot(
    names: list[str], values: Mapping[str, list[float]], words: Mapping[str, str], language: str, *, fmt: str = "svg"
) -> bytes:
    """Two figures for each name on one line, from zero: ours filled, the peer's open; first name on top.

    Args:
        values: figures by `ours` and `peer`.
        words: what each of the two is called; written above the first line.
    """
    figure, axes = _canvas(8, 0.34 * len(names) + 0.9)
    rows = range(len(names))
    axes.hlines(rows, values["ours"], values["peer"], color=SOFT, linewidth=2, zorder=1)
    axes.scatter(values["peer"], rows, s=42, facecolors="white", edgecolors=WARM, linewidth=1.8, zorder=2)
    axes.scatter(values["ours"], rows, s=42, color=ACCENT, zorder=3)
    ours_left = values["ours"][0] <= values["peer"][0]
    for key, color, left in (("ours", ACCENT, ours_left), ("peer", WARM, not ours_left)):
        place, side = (values[key][0], 0), "right" if left else "left"
        axes.annotate(words[key], place, (-4 if left else 4, 9), textcoords="offset points", ha=side, color=color)
    axes.set_yticks(rows, names)
    axes.set_ylim(len(names) - 0.5, -1.1)
    axes.set_xlim(0, 1.12 * max(max(each) for each in values.values()))
    axes.xaxis.set_major_formatter(lambda value, _: number(value, language, 1))
    axes.grid(axis="x", color=INK, alpha=0.12, linewidth=0.7)
    axes.tick_params(left=False)
    axes.spines[["left"]].set_visible(False)
    return _finish(figure, fmt)


def histogram(values: list[float], title: str, label: str, *, fmt: str = "png") -> bytes:
    """How values spread."""
    figure, axes = _canvas(6, 2.8)
    axes.hist(values, bins=min(30, max(5, len(set(values)))), color=ACCENT)
    axes.set_xlabel(label)
    axes.set_title(title, loc="left", fontsize=11, color=INK)
    return _finish(figure, fmt)


def history_plot(names: list[str], series: Mapping[str, list[float | None]], language: str, *, fmt: str = "svg") -> bytes:
    """Figures of releases, oldest first, one line each with its name at its end; from zero up.

    Args:
        names: the releases, as written under the plot.
        series: values by name of the line, None where a release has none.
    """
    figure, axes = _canvas(8, 2.8)
    styles = ((ACCENT, "-", "o"), (WARM, "--", "s"), (INK, ":", "^"))
    ends = []
    for (name, values), (color, line, marker) in zip(series.items(), styles, strict=False):
        known = [(place, value) for place, value in enumerate(values) if value is not None]
        if known:
            axes.plot(*zip(*known, strict=True), color=color, linestyle=line, marker=marker, markersize=4, linewidth=1.8)
            ends.append((known[-1][1], f"{name} {number(known[-1][1], language, 1)}", color))
    top = max((value for values in series.values() for value in values if value is not None), default=1.0) or 1.0
    axes.set_ylim(0, 1.1 * top)
    _beside_all(axes, len(names) - 1, ends, 1.1 * top)
    step = -(-len(names) // 6)
    axes.set_xticks(range(0, len(names), step), names[::step])
    axes.set_xlim(-0.2, max(len(names) - 1, 1) + 0.2)
    axes.yaxis.set_major_formatter(lambda value, _: number(value, language, 0 if top > 5 else 1))
    axes.grid(axis="y", color=INK, alpha=0.12, linewidth=0.7)
    return _finish(figure, fmt)


def sizes_plot(sizes: list[int], language: str, *, fmt: str = "svg") -> bytes:
    """How many opportunities there are of each size; where sizes differ much, each class is twice as wide as the one before."""
    smallest, largest = min(sizes), max(sizes)
    edges = list(range(smallest, largest + 2))
    if len(edges) > SIZES_APART:
        edges = [smallest * 2**step for step in range(int(np.log2(largest / smallest)) + 2)]
    counts, _ = np.histogram(sizes, edges)
    names = [
        number(low, language) if high == low + 1 else f"{number(low, language)}–{number(high - 1, language)}"
        for low, high in itertools.pairwise(edges)
    ]
    figure, axes = _canvas(8, 2.6)
    bars = axes.bar(range(len(counts)), counts, color=ACCENT, width=0.8)
    axes.bar_label(bars, [number(int(count), language) for count in counts], padding=2, color=INK)
    axes.set_xticks(range(len(counts)), names)
    axes.set_xlim(-0.6, max(len(counts), 6) - 0.4)
    axes.tick_params(left=False, bottom=False, labelleft=False)
    axes.spines[["left"]].set_visible(False)
    return _finish(figure, fmt)


def _beside_all(axes: Any, x: float, ends: list[tuple[float, str, str]], top: float) -> None:
    """Words at the ends of lines, moved apart where the lines end close together."""
    lowest = -1.0
    for value, text, color in sorted(ends):
        lowest = max(value, lowest + 0.11 * top)
        _beside(axes, x, lowest, text, color)


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
