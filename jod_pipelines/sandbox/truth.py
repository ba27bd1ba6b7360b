"""Writes down what the world decided and no source says. Only evaluation reads it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from jod_pipelines.sandbox.graduates import FIRST_YEAR, graduates
from jod_pipelines.sandbox.statistics import working_life
from jod_pipelines.sandbox.world import World

MENTIONS_LIMIT = 20_000
"""Postings whose mentions are written; rendering them all would cost as much as the postings."""


def write_truth(world: World, folder: Path) -> None:
    """Parquet files, one for each thing planted; their names and columns are below."""
    folder.mkdir(parents=True, exist_ok=True)
    kinds = [kind.key for kind in world.vocabulary.work]
    columns, life = world.posting_columns, working_life(world)
    count = len(columns["kind"])
    ids = [world.posting_id(number) for number in range(count)]
    frames = {
        "posting_kind": pl.DataFrame({"item_id": ids, "kind": pl.Series(kinds).gather(columns["kind"])}),
        "programme_kind": pl.DataFrame(
            {"item_id": [p.oid for p in world.programmes], "kind": [p.kind.key for p in world.programmes]}
        ),
        "demand": pl.DataFrame(
            [
                (kind.key, kind.isco, month, float(world.demand[number][place]))
                for number, kind in enumerate(world.vocabulary.work)
                for place, month in enumerate(world.months)
            ],
            schema=["kind", "occupation_code", "month", "open_vacancies"],
            orient="row",
        ),
        "working_life": pl.DataFrame(
            [
                (code, int(life.years[0]) + year, float(life.employed[year][place]), float(life.leavers[year][place]))
                for place, code in enumerate(life.occupations)
                for year in range(len(life.employed))
            ],
            schema=["occupation_code", "year", "employed_persons", "leavers_persons"],
            orient="row",
        ),
        "education_balance": _education_balance(world),
        "skill_trend": pl.DataFrame(
            [(trend.skill_uri, trend.trend, trend.start) for trend in world.trends],
            schema=["skill_uri", "trend", "start"],
            orient="row",
        ),
        "posting_mention": pl.DataFrame(
            [(ids[number], uri) for number in range(min(count, MENTIONS_LIMIT)) for uri in world.posting_skills(number)[1]],
            schema=["item_id", "skill_uri"],
            orient="row",
        ),
        "programme_skill": pl.DataFrame(
            [(programme.oid, uri) for programme in world.programmes for uri in programme.skills],
            schema=["item_id", "skill_uri"],
            orient="row",
        ),
    }
    for name, frame in frames.items():
        frame.write_parquet(folder / f"{name}.parquet")


def _education_balance(world: World) -> pl.DataFrame:
    """Openings and graduates who find work by field and level of education, in every year with both; persons."""
    life, planted = working_life(world), graduates(world)
    openings = np.maximum(np.diff(life.employed, axis=0) + life.leavers[1:], 0) @ planted.work.T
    first = int(life.years[0]) + 1
    supply = planted.persons * planted.employed_share[:, None]
    rows = [
        (*education, year, float(openings[year - first, number]), float(supply[number, year - FIRST_YEAR]))
        for number, education in enumerate(planted.educations)
        for year in range(FIRST_YEAR, FIRST_YEAR + supply.shape[1])
    ]
    schema = ["field_code", "level_code", "year", "openings_persons", "supply_persons"]
    return pl.DataFrame(rows, schema=schema, orient="row")
