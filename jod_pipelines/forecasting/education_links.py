"""Which educations fill an occupation's openings: what they teach beside what the occupation asks for.

No open source says who, with which education, enters which occupation. The share of an education is taken to be the likeness
of its skills to the occupation's, times how many of its graduates find work, among the levels that the occupation's
skill level lets in. docs/methods/long_term.md has the formula and how far it is from the planted truth.
"""

from __future__ import annotations

import numpy as np
import polars as pl

EDUCATION = ["field_code", "level_code"]
LEVELS_OF_MAJOR_GROUP = {
    "1": ("6", "7", "8"),
    "2": ("6", "7", "8"),
    "3": ("3", "4", "5", "6"),
    "4": ("3", "4", "5", "6"),
}
"""Levels of education that enter a major group; after ISCO-08's skill levels, one level wider where Finnish practice is."""
OTHER_LEVELS = ("3", "4", "5")
SHARPNESS = 3.0
"""Power of the likeness: how much the most alike education is preferred."""


def education_links(asked: pl.DataFrame, taught: pl.DataFrame, working: pl.DataFrame, occupations: list[str]) -> pl.DataFrame:
    """Shares by which educations fill each occupation's openings.

    Args:
        asked: occupation_code (two digits), skill_uri, items: postings that ask for the skill.
        taught: field_code, level_code, skill_uri, items: programmes that teach it.
        working: field_code, level_code, persons: graduates of a year who found work.
        occupations: two-digit groups to fill.

    Returns:
        occupation_code, field_code, level_code, share; the shares of an occupation add up to 1. An occupation that no
        posting tells of is filled by all educations its level lets in, as large as they are.
    """
    educations = working.filter(pl.col("persons") > 0).select(*EDUCATION, "persons").sort(EDUCATION)
    if educations.is_empty() or not occupations:
        return pl.DataFrame(
            schema={"occupation_code": pl.String, "field_code": pl.String, "level_code": pl.String, "share": pl.Float64}
        )
    asked = asked.filter(pl.col("occupation_code").is_in(occupations))
    skills = sorted(set(asked["skill_uri"]) & set(taught["skill_uri"]))
    wanted = _profiles(asked, pl.DataFrame({"occupation_code": occupations}), skills)
    given = _profiles(taught, educations.select(EDUCATION), skills)
    likeness = wanted @ given.T
    let_in = np.array(
        [
            [level in LEVELS_OF_MAJOR_GROUP.get(code[0], OTHER_LEVELS) for level in educations["level_code"]]
            for code in occupations
        ]
    )
    size = educations["persons"].to_numpy()
    weight = likeness**SHARPNESS * size * let_in
    for fallback in (size * let_in, np.broadcast_to(size, weight.shape)):
        weight = np.where(weight.sum(axis=1, keepdims=True) > 0, weight, fallback)
    share = weight / weight.sum(axis=1, keepdims=True)
    return (
        pl.DataFrame({"occupation_code": occupations})
        .join(educations.select(EDUCATION), how="cross", maintain_order="left_right")
        .with_columns(share=pl.Series(share.ravel()))
        .filter(pl.col("share") > 0)
    )


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
