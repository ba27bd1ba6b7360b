"""The sandbox's working life, graduates and skills straight from a world: what the long-term model may see, and what then came.

A whole run shows the model the same figures by way of the sources; this takes a second a seed, so that many seeds can be judged.
Skills are those planted in postings and programmes, without what recognition misses. Ages are the live table's ten-year ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from jod_pipelines.forecasting.ages import five_year_groups
from jod_pipelines.forecasting.education_links import EDUCATION, education_links
from jod_pipelines.forecasting.long_term import Supply
from jod_pipelines.sandbox import build_world
from jod_pipelines.sandbox.graduates import FIRST_YEAR, LAST_YEAR, graduates, young_people
from jod_pipelines.sandbox.statistics import YEARS_TO_COME, WorkingLife, working_life
from jod_pipelines.sandbox.world import World
from jod_pipelines.settings import LongTermSettings, Settings

TEN_YEAR_AGES = (15, 25, 35, 45, 55, 65)


@dataclass(frozen=True)
class EducationWorld:
    """What may be seen, and the truth by education (in the order of the links) and year ahead; persons."""

    employed: pl.DataFrame
    ages: pl.DataFrame
    supply: Supply
    openings: np.ndarray
    given: np.ndarray


def education_world(seed: int, home: Path, settings: LongTermSettings) -> EducationWorld:
    """One world."""
    world = build_world(Settings(seed=seed, home=home))
    life, planted = working_life(world), graduates(world)
    known = len(life.employed) - YEARS_TO_COME
    ages = five_year_groups(_ages(life, known))
    origin = int(life.years[0]) + known - 1
    education = pl.DataFrame(planted.educations, schema=EDUCATION, orient="row")
    past = LAST_YEAR - FIRST_YEAR + 1
    works = planted.persons * planted.employed_share[:, None]
    completed = education.join(pl.DataFrame({"year": range(FIRST_YEAR, LAST_YEAR + 1)}), how="cross", maintain_order="left_right")
    working = education.with_columns(persons=pl.Series(works[:, past - settings.graduate_years : past].mean(axis=1)))
    young = young_people()
    links = education_links(*_skills(world), working, list(life.occupations), settings)
    order = [planted.educations.index(row) for row in links.educations.iter_rows()]
    opened = np.maximum(np.diff(life.employed, axis=0) + life.leavers[1:], 0) @ planted.work.T
    first, years = known - 1, settings.horizon_years
    shift = origin + 1 - FIRST_YEAR
    return EducationWorld(
        ages.group_by("occupation_code", "year").agg(pl.col("persons").sum()),
        ages,
        Supply(
            graduates=completed.with_columns(persons=pl.Series(planted.persons[:, :past].ravel())),
            placement=education.with_columns(employed_share=pl.Series(planted.employed_share)),
            links=links,
            young=pl.DataFrame({"year": list(young), "persons": list(young.values())}),
        ),
        opened[first : first + years, order],
        works[order, shift : shift + years].T,
    )


def _ages(life: WorkingLife, known: int) -> pl.DataFrame:
    by_age = life.by_age[:known]
    pairs = [by_age[:, :, 2 * place : 2 * place + 2].sum(axis=2) for place in range(len(TEN_YEAR_AGES))]
    return pl.DataFrame(
        {
            "occupation_code": np.tile(np.repeat(life.occupations, len(TEN_YEAR_AGES)), known),
            "year": np.repeat([int(year) for year in life.years[:known]], len(life.occupations) * len(TEN_YEAR_AGES)),
            "age_from": np.tile(TEN_YEAR_AGES, known * len(life.occupations)),
            "persons": np.stack(pairs, axis=2).round().ravel(),
        }
    )


def _skills(world: World) -> tuple[pl.DataFrame, pl.DataFrame]:
    kinds = [world.vocabulary.work[int(number)].isco[:2] for number in world.posting_columns["kind"]]
    asked = [(code, uri) for number, code in enumerate(kinds) for uri in set().union(*world.posting_skills(number))]
    taught = [(plan.kind.field_1, plan.kind.level_1, uri) for plan in world.programmes for uri in plan.skills]
    counted = [
        pl.DataFrame(rows, schema=[*keys, "skill_uri"], orient="row").group_by(*keys, "skill_uri").agg(items=pl.len())
        for rows, keys in ((asked, ["occupation_code"]), (taught, EDUCATION))
    ]
    return counted[0], counted[1]
