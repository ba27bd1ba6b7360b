"""Which models stand behind a release: each with the version that its data, code and settings make."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from jod_pipelines.contracts.model import published_table
from jod_pipelines.fingerprint import code_fingerprint, combined
from jod_pipelines.forecasting.scenarios import read_scenarios
from jod_pipelines.settings import Settings


def own_scenarios(settings: Settings) -> dict[str, Any]:
    """Scenarios of a folder of one's own by what they say, as they are part of no code; nothing without such a folder."""
    folder = settings.long_term.scenarios
    read = read_scenarios(folder) if folder else {}
    return {"scenarios": [scenario.model_dump(mode="json") for scenario in read.values()]} if read else {}


@dataclass(frozen=True)
class Model:
    """A fitted model.

    Attributes:
        name: its name in the dataset `model` and on the pages.
        sources: where its data come from: sources, or single resources as `source/resource`.
        code: files and folders that compute it.
        settings: its part of the settings; thresholds that are constants of its code are in its code's version.
    """

    name: str
    sources: tuple[str, ...]
    code: tuple[str, ...]
    settings: Callable[[Settings], Mapping[str, Any]]


_OPPORTUNITIES = "jod_pipelines/opportunities"
_GROUPING = tuple(f"{_OPPORTUNITIES}/{name}.py" for name in ("clustering", "boundaries", "continuity"))
_PANEL = tuple(f"jod_pipelines/forecasting/{name}.py" for name in ("panel", "smoothing", "borrowing", "backtest"))
_PROGRAMMES = ("opintopolku", "eperusteet", "koodisto", "esco")
MODELS = (
    Model("skill_recogniser", ("esco",), ("jod_pipelines/skills",), lambda settings: {}),
    Model(
        "job_clusters", ("mylly", "esco"), (*_GROUPING, "jod_pipelines/skills"), lambda settings: settings.clusters.model_dump()
    ),
    Model(
        "education_clusters", _PROGRAMMES, (*_GROUPING, "jod_pipelines/skills"), lambda settings: settings.clusters.model_dump()
    ),
    Model(
        "identity_registry",
        ("mylly", *_PROGRAMMES),
        (f"{_OPPORTUNITIES}/identity.py",),
        lambda settings: settings.identity.model_dump() | {"max_lost_ids_pct": settings.max_lost_ids_pct},
    ),
    Model(
        "opportunity_map",
        ("mylly", *_PROGRAMMES),
        (f"{_OPPORTUNITIES}/landscape.py",),
        lambda settings: settings.map.model_dump(),
    ),
    Model(
        "matching",
        ("mylly", *_PROGRAMMES),
        (f"{_OPPORTUNITIES}/matching.py", "jod_pipelines/matches.py"),
        lambda settings: settings.matching.model_dump(),
    ),
    Model(
        "applicant_forecast",
        ("vipunen",),
        tuple(f"jod_pipelines/forecasting/{name}.py" for name in ("applicants", "labour_market", "coherence", "reconciliation")),
        lambda settings: {},
    ),
    Model(
        "labour_market_forecast",
        ("statfin",),
        (*_PANEL, *(f"jod_pipelines/forecasting/{name}.py" for name in ("labour_market", "coherence", "reconciliation"))),
        lambda settings: settings.forecasts.model_dump(),
    ),
    Model(
        "long_term_forecast",
        ("statfin", "vipunen"),
        (
            "jod_pipelines/forecasting/long_term.py",
            "jod_pipelines/forecasting/ages.py",
            "jod_pipelines/forecasting/education_links.py",
            "jod_pipelines/forecasting/sensitivity.py",
            "jod_pipelines/forecasting/scenarios",
            "jod_pipelines/foresight/employment.py",
        ),
        lambda settings: settings.long_term.model_dump() | own_scenarios(settings),
    ),
    Model(
        "skill_trend",
        ("mylly", "esco"),
        ("jod_pipelines/forecasting/emerging.py", "jod_pipelines/foresight/skills.py", "jod_pipelines/skills"),
        lambda settings: settings.skill_trends.model_dump(),
    ),
    Model(
        "skill_demand_forecast",
        ("mylly", "esco"),
        (*_PANEL, "jod_pipelines/forecasting/skill_demand.py", "jod_pipelines/skills"),
        lambda settings: settings.skill_trends.model_dump(),
    ),
)


@dataclass(frozen=True)
class Fit:
    """What one run made of a model: the rows it was fitted on and measured figures by name."""

    rows: int
    quality: Mapping[str, float | int | None]


def model_rows(settings: Settings, snapshots: Mapping[str, str], fits: Mapping[str, Fit]) -> pl.DataFrame:
    """The published dataset `model`: one row for each model the run fitted; one without data is not there.

    Args:
        snapshots: content id of what serves of each resource, by `source/resource`; the same content has the same id wherever
            it was fetched.
        fits: what the run made, by name of the model.
    """
    fitted = [(model, fits[model.name]) for model in MODELS if model.name in fits and fits[model.name].rows]
    rows = [_row(model, settings, snapshots, fit) for model, fit in fitted]
    table = published_table("model")
    return pl.DataFrame(rows, schema=table.polars_schema, orient="row").sort("model_name")


def _row(model: Model, settings: Settings, snapshots: Mapping[str, str], fit: Fit) -> dict[str, Any]:
    own = {label: ids for label, ids in sorted(snapshots.items()) if {label, label.split("/")[0]} & set(model.sources)}
    chosen = dict(model.settings(settings))
    data, code = combined(list(own.items())), code_fingerprint(*model.code)
    measured = {name: _rounded(value) for name, value in fit.quality.items() if value is not None}
    return {
        "model_name": model.name,
        "model_version": combined([model.name, data, code, chosen]),
        "data_version": data,
        "code_version": code,
        "settings": json.dumps(chosen, sort_keys=True),
        "snapshots": [f"{label}@{content}" for label, content in own.items()],
        "fitted_rows": fit.rows,
        "quality": json.dumps(measured, sort_keys=True),
    }


def _rounded(value: float | int) -> float | int:
    return round(value, 4) if isinstance(value, float) else value
