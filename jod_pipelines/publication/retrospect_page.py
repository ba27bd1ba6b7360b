"""The pages on how the models behind a release do: the map, the history of opportunities, a card for each model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import yaml

from jod_pipelines.publication.opportunity_map import map_svg
from jod_pipelines.publication.plots import history_plot, sizes_plot
from jod_pipelines.publication.wording import TEXTS, day, number

KINDS = {"job": "jobs", "education": "education"}
"""Kinds of opportunities and their parts of the pages."""
TEXTS_OF_CARDS = Path(__file__).with_name("model_cards.yaml")
AREAS = Path(__file__).with_name("map_areas.yaml")
NEAREST = 3
RELEASES = 24
"""Newest releases whose figures are drawn."""
STEADY = {"ids_kept_pct": "kept", "members_stayed_pct": "stayed"}
DRIFT = {"size_drift_pct": "size_drift", "skill_drift_pct": "skill_drift"}
FIGURES = (
    *(("opportunities", 0), ("unclustered_pct", 1), ("median_members", 1)),
    *(("ids_kept_pct", 1), ("members_stayed_pct", 1), ("size_drift_pct", 1), ("skill_drift_pct", 1), ("map_moved_pct", 1)),
)
"""Columns of the table of releases, with decimals."""


def write_maps(folder: Path, datasets: dict[str, pl.DataFrame], language: str, page: str) -> dict[str, dict[str, Any]]:
    """Draw the map of each kind of opportunity; file name, the drawing and rows of its table by part of the page.

    Args:
        page: name of the page the maps stand in.
    """
    found = {}
    for kind, part in KINDS.items():
        points = _points(datasets, kind, language)
        if len(points):
            name = f"map_{kind}.{language}.svg"
            t = TEXTS[language]
            words = {"alternative": _alternative(points, language), "members": f"{t['members']}:", "is_new": t["is_new"]}
            drawn = map_svg(points, language, words=words, page=page)
            (folder / name).write_bytes(drawn)
            found[part] = {"file": name, "svg": drawn.decode(), "rows": _neighbours(points)}
    return found


def evaluation_parts(folder: Path, datasets: dict[str, pl.DataFrame], language: str) -> list[dict[str, Any]]:
    """Draw sizes, stability and drift of each kind of opportunity; what the page says of each."""
    t, parts = TEXTS[language], []
    for kind, title in KINDS.items():
        history = datasets["opportunity_evaluation"].filter(opportunity_kind=kind).sort("release_number").tail(RELEASES)
        history = history.with_columns(
            members_stayed_pct=100 - pl.col("members_moved_pct"), skill_drift_pct=100 * pl.col("skill_drift")
        )
        if not history["opportunities"].max():
            continue
        plots = []
        sizes = datasets[f"{kind}_opportunity"].filter("active")["members"].to_list()
        if sizes:
            plots.append(
                _kept(
                    folder, f"sizes_{kind}.{language}.svg", sizes_plot(sizes, language), t["sizes"], _sizes_text(sizes, language)
                )
            )
        if len(history.drop_nulls("ids_kept_pct")) > 1:
            days = [day(str(value), language) for value in history["as_of"]]
            for name, columns in (("steady", STEADY), ("drift", DRIFT)):
                series = {t[word]: history[column].to_list() for column, word in columns.items()}
                body = history_plot(days, series, language)
                plots.append(_kept(folder, f"{name}_{kind}.{language}.svg", body, t[f"{name}_caption"], t["same_in_table"]))
        parts.append({"title": t[title], "plots": plots, "rows": _table(history, language)})
    return parts


def model_cards(models: pl.DataFrame, language: str) -> list[dict[str, Any]]:
    """What each model is, of what it is made, how good it was this time and where its limits are."""
    cards, said = [], yaml.safe_load(TEXTS_OF_CARDS.read_bytes())
    order = {name: place for place, name in enumerate(said["cards"])}
    for row in sorted(models.to_dicts(), key=lambda row: order[row["model_name"]]):
        measured = json.loads(row["quality"])
        quality = [
            (said["measures"][name][language], number(value, language, _decimals(value))) for name, value in measured.items()
        ]
        settings = json.loads(row["settings"])
        cards.append(row | said["cards"][row["model_name"]][language] | {"quality": quality, "settings": settings})
    return cards


def _decimals(value: float) -> int:
    return 0 if float(value).is_integer() else 1 if value >= 10 else 2


def _points(datasets: dict[str, pl.DataFrame], kind: str, language: str) -> pl.DataFrame:
    """opportunity_id, title, members, x, y, is_new, area; nothing is new in the first release."""
    born = datasets["opportunity_lineage"].filter(pl.col("event").is_in(["minted", "split"]))["opportunity_id"].to_list()
    is_first = datasets["opportunity_evaluation"]["release_number"].max() == 1
    is_new = pl.lit(False) if is_first else pl.col("opportunity_id").is_in(born)
    active = datasets[f"{kind}_opportunity"].filter("active")
    places = datasets["opportunity_map"].filter(opportunity_kind=kind)
    joined = active.join(places, on="opportunity_id").join(_areas(datasets, kind, language), on="opportunity_id", how="left")
    ordered = joined.sort("members", "opportunity_id", descending=[True, False])
    return ordered.select("opportunity_id", "members", "x", "y", "area", title=f"title_{language}", is_new=is_new)


def _areas(datasets: dict[str, pl.DataFrame], kind: str, language: str) -> pl.DataFrame:
    """opportunity_id, area: the name of the occupations or the field of education most of its members are of."""
    areas = yaml.safe_load(AREAS.read_bytes())[kind]
    names = {code: area[language] for area in areas for code in area["codes"]}
    if kind == "job":
        code = pl.col("occupation_group_uri").str.extract(r"C(\d\d)")
        coded = datasets["job_opportunity"].select("opportunity_id", code=code)
    else:
        fields = (
            datasets["education_opportunity_distribution"]
            .filter(distribution_type="KOULUTUSALA")
            .with_columns(code=pl.col("value_code").str.extract(r"taso1_(\d\d)"))
        )
        coded = (
            fields.drop_nulls("code")
            .sort("opportunity_id", "share_pct", "code", descending=[False, True, False])
            .unique("opportunity_id", keep="first", maintain_order=True)
        )
    return coded.select("opportunity_id", area=pl.col("code").replace_strict(names, default=None, return_dtype=pl.String))


def _neighbours(points: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows of the map's table: title, members and the titles that lie nearest."""
    places, titles = points.select("x", "y").to_numpy(), np.array(points["title"].to_list())
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    nearest = titles[np.argsort(apart, axis=1, kind="stable")[:, :NEAREST]].tolist()
    shown = points.select("opportunity_id", "title", "members", "is_new", "area").to_dicts()
    return [row | {"near": near} for row, near in zip(shown, nearest, strict=True)]


def _alternative(points: pl.DataFrame, language: str) -> str:
    largest = "; ".join(
        f"{title}, {number(members, language)}" for title, members in points.select("title", "members").head(5).iter_rows()
    )
    return TEXTS[language]["map_alt"].format(count=len(points), largest=largest)


def _sizes_text(sizes: Sequence[int], language: str) -> str:
    low, middle, high = np.quantile(sizes, [0, 0.5, 1])
    words = {"low": number(low, language), "middle": number(middle, language), "high": number(high, language)}
    return TEXTS[language]["sizes_alt"].format(count=len(sizes), **words)


def _kept(folder: Path, name: str, body: bytes, caption: str, alternative: str) -> dict[str, str]:
    (folder / name).write_bytes(body)
    return {"file": name, "caption": caption, "alt": alternative}


def _table(history: pl.DataFrame, language: str) -> list[dict[str, Any]]:
    rows = []
    for row in history.reverse().to_dicts():
        cells = ["–" if row[name] is None else number(row[name], language, decimals) for name, decimals in FIGURES]
        rows.append({"release": row["release_id"], "cells": cells})
    return rows
