"""Carries opportunity ids from run to run, because people save them.

A new cluster is an old opportunity when enough of the members both knew are shared, or, when no member is left, when
its skill profile is nearly the same. Every change is an event with a name: carried, minted, retired, reactivated,
split, merged. Ids are made from the members a cluster is born with, so equal input gives equal ids.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import polars as pl

from jod_pipelines.settings import IdentitySettings

NAMESPACE = uuid.UUID("5f0d7c5e-3c0b-5f52-9d39-0b6a9c8a3c11")
PART_SHARE = 0.3
"""A part of this share of an old opportunity makes a split or a merge worth naming."""
EVENTS = {
    "release_id": pl.String(),
    "opportunity_kind": pl.String(),
    "opportunity_id": pl.String(),
    "event": pl.String(),
    "from_ids": pl.List(pl.String()),
    "overlap": pl.Float64(),
}


@dataclass
class Opportunity:
    """What the registry knows of one opportunity. `profile` maps skill URI to weight 0-1."""

    opportunity_id: str
    members: list[str]
    profile: dict[str, float]
    first_seen: str
    last_seen: str
    active: bool = True


@dataclass
class Registry:
    """All opportunities of one kind that ever were, by id."""

    kind: str
    opportunities: dict[str, Opportunity] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """A plain value to remember."""
        return {"kind": self.kind, "opportunities": [vars(self.opportunities[key]) for key in sorted(self.opportunities)]}

    @classmethod
    def from_json(cls, kind: str, value: dict | None) -> Registry:  # type: ignore[type-arg]
        """The registry out of its remembered value; an empty one when there is none."""
        listed = [Opportunity(**item) for item in (value or {}).get("opportunities", [])]
        return cls(kind, {item.opportunity_id: item for item in listed})


@dataclass(frozen=True)
class Cluster:
    """A cluster of this run: its number, members and profile."""

    number: int
    members: frozenset[str]
    profile: dict[str, float]


def identify(
    clusters: list[Cluster], registry: Registry, day: date, release_id: str, settings: IdentitySettings
) -> tuple[dict[int, str], pl.DataFrame, Registry]:
    """Give each cluster its opportunity id.

    Args:
        day: the newest day of the data, for first and last seen.
        release_id: the run, for the lineage.

    Returns:
        (cluster number -> opportunity id, lineage events, the registry after this run).
    """
    old = [item for item in registry.opportunities.values() if item.active]
    asleep = [item for item in registry.opportunities.values() if not item.active]
    overlap, parts = _overlaps(clusters, old)
    likeness = _likeness(clusters, old)
    no_news = np.array([[not count for count in row] for row in parts], dtype=bool).reshape(overlap.shape)
    eligible = (overlap >= settings.carry_overlap) | (no_news & (likeness >= settings.carry_profile))
    carried = _assign(np.where(eligible, 1 + overlap + likeness / 2, 0))
    ids = {clusters[i].number: old[j].opportunity_id for i, j in carried.items()}
    woken = _wake(clusters, {i for i in range(len(clusters)) if i not in carried}, asleep, settings)
    events: list[tuple[str, str, list[str], float | None]] = []
    for i, cluster in enumerate(clusters):
        if i in carried:
            events.append((ids[cluster.number], "carried", [ids[cluster.number]], float(overlap[i][carried[i]])))
            continue
        if i in woken:
            ids[cluster.number] = woken[i]
            events.append((woken[i], "reactivated", [woken[i]], None))
            continue
        ids[cluster.number] = _mint(registry, cluster, taken=set(ids.values()))
        parents = [old[j].opportunity_id for j in range(len(old)) if parts[i][j] >= PART_SHARE * len(old[j].members)]
        events.append((ids[cluster.number], "split" if parents else "minted", parents, None))
    kept = set(ids.values())
    for j, opportunity in enumerate(old):
        if opportunity.opportunity_id in kept:
            continue
        events.append((opportunity.opportunity_id, "retired", [], None))
        for i, cluster in enumerate(clusters):
            if parts[i][j] >= PART_SHARE * len(opportunity.members) and i in carried:
                events.append((ids[cluster.number], "merged", [opportunity.opportunity_id], None))
    after = _remember(clusters, ids, registry, day)
    return ids, _events_frame(events, registry.kind, release_id), after


def _overlaps(clusters: list[Cluster], old: list[Opportunity]) -> tuple[np.ndarray, list[list[int]]]:
    """Jaccard of cluster and opportunity over the items both runs knew, and how many members they share."""
    now = frozenset().union(*(cluster.members for cluster in clusters)) if clusters else frozenset()
    before = frozenset().union(*(item.members for item in old)) if old else frozenset()
    known = now & before
    overlap = np.zeros((len(clusters), len(old)))
    parts = [[0] * len(old) for _ in clusters]
    owner = {member: j for j, item in enumerate(old) for member in item.members if member in known}
    sizes = np.bincount(list(owner.values()), minlength=len(old)) if owner else np.zeros(len(old), dtype=int)
    for i, cluster in enumerate(clusters):
        shared = cluster.members & known
        for member in shared:
            parts[i][owner[member]] += 1
        for j, count in enumerate(parts[i]):
            if count:
                overlap[i][j] = count / (len(shared) + sizes[j] - count)
    return overlap, parts


def _likeness(clusters: list[Cluster], others: list[Opportunity]) -> np.ndarray:
    """Cosine of skill profiles."""
    likeness = np.zeros((len(clusters), len(others)))
    for i, cluster in enumerate(clusters):
        for j, other in enumerate(others):
            likeness[i][j] = _cosine(cluster.profile, other.profile)
    return likeness


def _cosine(one: dict[str, float], other: dict[str, float]) -> float:
    product = sum(weight * other[uri] for uri, weight in one.items() if uri in other)
    norms = np.sqrt(sum(w * w for w in one.values()) * sum(w * w for w in other.values()))
    return float(product / norms) if norms else 0.0


def _assign(score: np.ndarray) -> dict[int, int]:
    """One-to-one matching with the highest total score; pairs of score 0 are not matched."""
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(-score)
    return {int(i): int(j) for i, j in zip(rows, columns, strict=True) if score[i][j] > 0}


def _wake(clusters: list[Cluster], free: set[int], asleep: list[Opportunity], settings: IdentitySettings) -> dict[int, str]:
    likeness = _likeness([clusters[i] for i in sorted(free)], asleep)
    matched = _assign(np.where(likeness >= settings.carry_profile, likeness, 0))
    ordered = sorted(free)
    return {ordered[i]: asleep[j].opportunity_id for i, j in matched.items()}


def _mint(registry: Registry, cluster: Cluster, taken: set[str]) -> str:
    """An id from the members at birth; one that ever meant something else is not given again."""
    digest = hashlib.sha256("\n".join(sorted(cluster.members)).encode()).hexdigest()
    for attempt in range(1000):
        minted = str(uuid.uuid5(NAMESPACE, f"{registry.kind}/{digest}/{attempt}"))
        if minted not in registry.opportunities and minted not in taken:
            return minted
    raise AssertionError("a thousand ids of one member set are taken")


def _remember(clusters: list[Cluster], ids: dict[int, str], registry: Registry, day: date) -> Registry:
    after = {key: Opportunity(**{**vars(item), "active": False}) for key, item in registry.opportunities.items()}
    for cluster in clusters:
        key = ids[cluster.number]
        first_seen = after[key].first_seen if key in after else day.isoformat()
        profile = {uri: round(weight, 6) for uri, weight in sorted(cluster.profile.items())}
        after[key] = Opportunity(key, sorted(cluster.members), profile, first_seen, day.isoformat())
    return Registry(registry.kind, after)


def _events_frame(events: list[tuple[str, str, list[str], float | None]], kind: str, release_id: str) -> pl.DataFrame:
    rows = [(release_id, kind, key, event, from_ids, overlap) for key, event, from_ids, overlap in events]
    frame = pl.DataFrame(rows, schema=EVENTS, orient="row")
    merged = frame.group_by("release_id", "opportunity_kind", "opportunity_id", "event").agg(
        pl.col("from_ids").list.explode(keep_nulls=False, empty_as_null=False).unique().sort(), pl.col("overlap").first()
    )
    return merged.sort("opportunity_id", "event")
