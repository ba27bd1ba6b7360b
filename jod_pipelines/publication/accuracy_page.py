"""The page on how forecasts did: on the past, beside seasonal naive and AutoETS, and what releases said against what came."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from jod_pipelines.forecasting.evaluation import ISSUED
from jod_pipelines.forecasting.labour_market import MEASURES
from jod_pipelines.forecasting.peers import AUTO_ETS, ON_SAMPLE
from jod_pipelines.forecasting.vintages import PUBLISHED
from jod_pipelines.publication.plots import pairs_plot
from jod_pipelines.publication.wording import NAMES, TEXTS, number

FORECASTS = (*MEASURES, "applicants")
GROUPS = ("country", "region", "occupation", "occupation_region", "education", "education_region")
NAIVE = "seasonal_naive"
FIGURES = ("months", "series", "mase", "naive", "less_error", "rmsse", "wis", "inside_80", "inside_95")
"""Columns of a table after the level, by their words."""
BESIDE = (
    "months",
    "series",
    "mase_ours",
    "mase_auto_ets",
    "naive",
    "wis_ours",
    "wis_auto_ets",
    "inside_80_ours",
    "inside_80_auto_ets",
)


def accuracy_parts(folder: Path, datasets: dict[str, pl.DataFrame], language: str) -> list[dict[str, Any]]:
    """Draw how each forecast did; what the page says of each: title, who publishes, plot, tables."""
    t, names, parts = TEXTS[language], NAMES[language], []
    for forecast in FORECASTS:
        rows = datasets["forecast_evaluation"].filter(forecast=forecast)
        own = _ordered(rows.filter(model=ISSUED))
        if own.is_empty():
            continue
        file = f"accuracy_{forecast}.{language}.svg"
        labels = [f"{names[row['series_group']]}, {_months(row)} {t['months_short']}" for row in own.to_dicts()]
        words = {"ours": t["ours"], "peer": names[NAIVE]}
        values = {"ours": own["mase"].to_list(), "peer": own["mase_seasonal_naive"].to_list()}
        (folder / file).write_bytes(pairs_plot(labels, values, words, language))
        came = _ordered(rows.filter(model=PUBLISHED))
        tables = [_table(t["on_the_past"], FIGURES, own, language)]
        if len(beside := _beside_auto_ets(rows)):
            tables.append(_table(t["beside_auto_ets"], BESIDE, beside, language) | {"note": t["beside_auto_ets_note"]})
        if len(came):
            tables.append(_table(t["said_and_came"], FIGURES, came, language))
        part = {"title": names[forecast], "plot": file, "caption": t["accuracy_caption"], "alt": t["same_in_table"]}
        told = _who_publishes(datasets[f"forecast_{forecast}"], language)
        parts.append(part | {"publishes": told, "tables": tables, "none_came": came.is_empty()})
    return parts


def _who_publishes(forecasts: pl.DataFrame, language: str) -> str:
    """For how many series the model lost to seasonal naive, which is published then."""
    series = forecasts.unique([name for name in forecasts.columns if name.endswith("_code")])
    lost = len(series.filter(model=NAIVE))
    text = TEXTS[language]["naive_publishes" if lost else "model_publishes"]
    return text.format(lost=number(lost, language), series=number(len(series), language))


def _ordered(rows: pl.DataFrame) -> pl.DataFrame:
    order = {name: place for place, name in enumerate(GROUPS)}
    return rows.sort(pl.col("series_group").replace_strict(order, return_dtype=pl.Int32), "horizon_from")


def _beside_auto_ets(rows: pl.DataFrame) -> pl.DataFrame:
    """What was issued and what AutoETS said for the same series, in one row."""
    keys = ["series_group", "horizon_from", "horizon_to"]
    own, peer = (rows.filter(model=name) for name in (ON_SAMPLE, AUTO_ETS))
    return _ordered(own.join(peer, on=keys, suffix="_auto_ets"))


def _table(caption: str, columns: tuple[str, ...], rows: pl.DataFrame, language: str) -> dict[str, Any]:
    t, names = TEXTS[language], NAMES[language]
    cells = [[_cell(column, row, language) for column in columns] for row in rows.to_dicts()]
    levels = [names[group] for group in rows["series_group"]]
    heads = [t[f"accuracy_{column}"] for column in columns]
    return {"caption": caption, "heads": heads, "rows": list(zip(levels, cells, strict=True)), "note": ""}


def _cell(column: str, row: dict[str, Any], language: str) -> str:
    if column == "months":
        return _months(row)
    if column == "less_error":
        return number(100 * (1 - row["mase"] / row["mase_seasonal_naive"]), language, 1)
    if column == "naive":
        return number(row["mase_seasonal_naive"], language, 2)
    name = column.removesuffix("_ours").replace("inside_80", "coverage_80_pct").replace("inside_95", "coverage_95_pct")
    if name == "coverage_80_pct_auto_ets":
        return number(row["coverage_80_pct_auto_ets"], language, 1)
    return number(row[name], language, 0 if name == "series" else 1 if name.startswith("coverage") else 2)


def _months(row: dict[str, Any]) -> str:
    return f"{row['horizon_from']}–{row['horizon_to']}"
