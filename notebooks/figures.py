"""How the figures of these notebooks look: a headline, the unit, words beside the lines, the source below; no legends.

Colours are Okabe and Ito's, which people with colour vision deficiencies tell apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.ticker import FuncFormatter

INK, SOFT, LINE = "#1b2733", "#5d6b78", "#d5dce2"
BLUE, ORANGE, GREEN, SKY, VERMILION = "#0072b2", "#e69f00", "#009e73", "#56b4e9", "#d55e00"

plt.rcParams.update(
    {
        "figure.dpi": 110,
        "font.size": 10,
        "text.color": INK,
        "axes.edgecolor": SOFT,
        "axes.labelcolor": SOFT,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.grid.axis": "y",
        "axes.axisbelow": True,
        "grid.color": LINE,
        "grid.linewidth": 0.8,
        "xtick.color": SOFT,
        "ytick.color": SOFT,
        "lines.linewidth": 1.8,
        "hatch.color": "white",
    }
)


def panels(rows: int = 1, columns: int = 1, *, width: float = 9.0, height: float = 3.6, **options: Any) -> tuple[Any, list[Any]]:
    """A figure and its axes, row by row. `height` is of one row, in inches."""
    figure, axes = plt.subplots(rows, columns, figsize=(width, height * rows + 1.2), squeeze=False, **options)
    return figure, list(axes.flat)


def finish(figure: Any, headline: str, unit: str, source: str) -> None:
    """Write the headline and the unit above, the source below."""
    height = figure.get_figheight()
    figure.tight_layout(rect=(0, 0.32 / height, 1, 1 - 0.75 / height))
    figure.text(0.01, 1 - 0.12 / height, headline, fontsize=13, fontweight="bold", va="top")
    figure.text(0.01, 1 - 0.42 / height, unit, color=SOFT, va="top")
    figure.text(0.01, 0.08 / height, source, fontsize=8, color=SOFT, va="bottom")


def beside(axes: Any, x: Any, y: float, text: str, color: str = INK, **options: Any) -> None:
    """A word to the right of a point."""
    place = {"textcoords": "offset points", "va": "center", "annotation_clip": False} | options
    axes.annotate(text, (x, y), place.pop("xytext", (6, 0)), color=color, **place)


def bars(axes: Any, names: Sequence[str], values: Sequence[float], texts: Sequence[str], color: Any = BLUE) -> None:
    """Horizontal bars, the first one on top, each with its text at its end."""
    drawn = axes.barh(range(len(names)), values, color=color, height=0.7)
    axes.bar_label(drawn, texts, padding=4, color=INK, fontsize=9)
    axes.set_yticks(range(len(names)), names, color=INK)
    axes.invert_yaxis()
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(left=False, bottom=False, labelbottom=False)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.grid(visible=False)
    axes.margins(x=0.15)


def grouped(value: float) -> str:
    """A number with its thousands apart: 22 680."""
    return f"{value:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def from_zero(axes: Any) -> None:
    """A scale that begins at nothing, with thousands apart."""
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: grouped(value)))
