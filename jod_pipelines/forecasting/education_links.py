"""Which educations fill an occupation's openings: what they teach beside what the occupation asks for.

No open source says who, with which education, enters which occupation. The share of an education is taken to grow with the
likeness of its skills to the occupation's and with how many of its graduates find work, among the levels that the occupation's
skill level lets in. How much either counts is not known; it is drawn, the same for all occupations, because a rule that is wrong
is wrong for all. docs/methods/long_term.md has the formula and how far it is from the planted truth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from jod_pipelines.settings import LongTermSettings

EDUCATION = ["field_code", "level_code"]
LEVELS_OF_MAJOR_GROUP = {
    "1": ("6", "7", "8"),
    "2": ("6", "7", "8"),
    "3": ("3", "4", "5", "6"),
    "4": ("3", "4", "5", "6"),
}
"""Levels of education that enter a major group; after ISCO-08's skill levels, one level wider where Finnish practice is."""
OTHER_LEVELS = ("3", "4", "5")


@dataclass(frozen=True)
class Links:
    """By which educations the openings of occupations are filled, in every simulated future.

    Args:
        occupations: two-digit groups, in order.
        educations: field_code, level_code, in order.
        drawn: draws x occupations x educations; the shares of an occupation in a draw add up to 1.
    """

    occupations: list[str]
    educations: pl.DataFrame
    drawn: np.ndarray

    def shares(self) -> pl.DataFrame:
        """Means of what was drawn: occupation_code, field_code, level_code, share (above 0)."""
        return (
            pl.DataFrame({"occupation_code": self.occupations}, schema={"occupation_code": pl.String})
            .join(self.educations, how="cross", maintain_order="left_right")
            .with_columns(share=pl.Series(self.drawn.mean(axis=0).ravel(), dtype=pl.Float64))
            .filter(pl.col("share") > 0)
        )


def education_links(
    asked: pl.DataFrame, taught: pl.DataFrame, working: pl.DataFrame, occupations: list[str], settings: LongTermSettings
) -> Links:
    """Draw the shares by which educations fill each occupation's openings.

    Args:
        asked: occupation_code (two digits), skill_uri, items: postings that ask for the skill.
        taught: field_code, level_code, skill_uri, items: programmes that teach it.
        working: field_code, level_code, persons: graduates of a year who found work.
        occupations: two-digit groups to fill.
        settings: how many draws, and between what the power of the likeness and of the size is drawn.

    Returns:
        Links. An occupation that no posting tells of is filled by all educations its level lets in, all as like it; one whose
        level no education has, by all educations.
    """
    educations = working.filter(pl.col("persons") > 0).select(*EDUCATION, "persons").sort(EDUCATION)
    asked = asked.filter(pl.col("occupation_code").is_in(occupations))
    skills = sorted(set(asked["skill_uri"]) & set(taught["skill_uri"]))
    wanted = _profiles(asked, pl.DataFrame({"occupation_code": occupations}, schema={"occupation_code": pl.String}), skills)
    given = _profiles(taught, educations.select(EDUCATION), skills)
    let_in = np.array(
        [
            [level in LEVELS_OF_MAJOR_GROUP.get(code[0], OTHER_LEVELS) for level in educations["level_code"]]
            for code in occupations
        ],
        dtype=float,
    ).reshape(len(occupations), len(educations))
    likeness = (wanted @ given.T) * let_in
    for fallback in (let_in, np.ones_like(let_in)):
        likeness = np.where(likeness.sum(axis=1, keepdims=True) > 0, likeness, fallback)
    drawn = _drawn(likeness, educations["persons"].to_numpy(), settings)
    return Links(occupations, educations.select(EDUCATION), drawn)


def _drawn(likeness: np.ndarray, size: np.ndarray, settings: LongTermSettings) -> np.ndarray:
    """Shares that may be the true ones: a rule per draw for all occupations, and a Dirichlet of each occupation around it."""
    random = np.random.default_rng(settings.seed + 2)
    sharpness = random.uniform(*settings.link_sharpness, (settings.draws, 1, 1))
    power = random.uniform(*settings.link_size_power, (settings.draws, 1, 1))
    weight = likeness**sharpness * size**power
    share = weight / weight.sum(axis=2, keepdims=True).clip(1e-300)
    parts = random.standard_gamma(settings.link_weight * share)
    return np.asarray(parts / parts.sum(axis=2, keepdims=True).clip(1e-300))


def _profiles(skills_of: pl.DataFrame, owners: pl.DataFrame, skills: list[str]) -> np.ndarray:
    """Unit vectors of skills, rarer skills weighing more: owners x skills."""
    keys = owners.columns
    counts = (
        skills_of.group_by(*keys, "skill_uri")
        .agg(pl.col("items").sum())
        .join(owners.with_row_index("row"), on=keys)
        .join(pl.DataFrame({"skill_uri": skills}, schema={"skill_uri": pl.String}).with_row_index("column"), on="skill_uri")
    )
    found = np.zeros((len(owners), len(skills)))
    found[counts["row"].to_numpy(), counts["column"].to_numpy()] = counts["items"].to_numpy()
    share = found / found.sum(axis=1, keepdims=True).clip(1)
    rare = np.log((1 + len(owners)) / (1 + (found > 0).sum(axis=0)))
    weighed = np.sqrt(share) * rare
    return np.asarray(weighed / np.linalg.norm(weighed, axis=1, keepdims=True).clip(1e-12))
