"""Planted worlds for matching: opportunities made of some postings, people made of the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from jod_pipelines.opportunities.matching import Calibrated, Profiles, Scorer, calibrate
from jod_pipelines.opportunities.profile import pruned_skills, skill_distribution
from jod_pipelines.sandbox.overlap import Hardness, overlapping_postings
from jod_pipelines.settings import MatchingSettings, PublicationSettings

NO_CONCEPTS = pl.DataFrame(schema={"concept_uri": pl.String(), "opportunity_id": pl.String(), "members": pl.Int64()})
NO_STEPS = pl.DataFrame(schema={"skill_uri": pl.String(), "broader_uri": pl.String()})


@dataclass(frozen=True)
class Planted:
    """A scorer made of three postings in four, and the skills of the others with the place of the kind each was drawn from.

    `possible` is how many of them the true chances of every skill in every kind assign to their own kind.
    """

    scorer: Scorer
    calibrated: Calibrated
    people: list[list[str]]
    kind: np.ndarray
    possible: float


def planted(postings: int, seed: int, hardness: Hardness, settings: MatchingSettings | None = None) -> Planted:
    """Postings of overlapping kinds; each kind is an opportunity as the publication would prune it."""
    settings = settings or MatchingSettings()
    world = overlapping_postings(postings, seed, hardness)
    items = world.items.join(world.truth, on="item_id").with_row_index("number")
    learnt, kept = items.filter(pl.col("number") % 4 > 0), items.filter(pl.col("number") % 4 == 0)
    members = learnt.select("item_id", opportunity_id=pl.col("kind").cast(pl.String))
    skills = learnt.select("item_id", skill_uri="skill_uris").explode("skill_uri").drop_nulls()
    scorer, calibrated = scorer_of("job", members, skills, settings)
    ids = scorer.profiles.opportunity_ids.tolist()
    kept = kept.filter(pl.col("kind").cast(pl.String).is_in(ids))
    right = kept.join(world.oracle, on="item_id").select(
        (pl.col("cluster").cast(pl.String) == pl.col("kind").cast(pl.String)).mean()
    )
    kind = np.array([ids.index(str(one)) for one in kept["kind"]])
    return Planted(scorer, calibrated, kept["skill_uris"].to_list(), kind, float(right.item()))


def scorer_of(kind: str, members: pl.DataFrame, skills: pl.DataFrame, settings: MatchingSettings) -> tuple[Scorer, Calibrated]:
    """A scorer of one kind of opportunity whose skills are pruned as they are for publication."""
    published = PublicationSettings()
    spread = skill_distribution(members.rename({"opportunity_id": "cluster"}), skills)
    pruned = pruned_skills(
        spread, fewest=published.min_skills, most=published.max_skills, min_share_pct=published.min_skill_share_pct
    )
    listed = pruned.select("opportunity_id", skill_uri="value_code", weight=pl.col("share_pct") / 100)
    sizes = members.group_by("opportunity_id").agg(members=pl.len()).with_columns(opportunity_kind=pl.lit(kind))
    profiles = Profiles.of(sizes, listed, skills["skill_uri"].unique(), NO_STEPS, settings.related_weight)
    calibrated = calibrate(profiles, members, skills, settings)
    return Scorer.of(profiles, calibrated, NO_CONCEPTS, settings.smoothing), calibrated
