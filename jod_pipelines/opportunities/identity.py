"""Carries opportunity ids from run to run, because people save them.

A new cluster is an old opportunity when enough of the members both runs knew are shared and its skills still say the
same; when too few members are left to tell, its skill profile decides alone. What belongs to one qualification has an id
made of the qualification's code. Every other id is made of the members a cluster is born with, so equal input gives equal ids.
Every change is an event with a name; the names follow MONIC (Spiliopoulou et al. 2006: survival, split, absorption).
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from scipy import sparse

from jod_pipelines.errors import HeldError
from jod_pipelines.settings import IdentitySettings

NAMESPACE = uuid.UUID("5f0d7c5e-3c0b-5f52-9d39-0b6a9c8a3c11")
EVENTS = {
    "release_id": pl.String(),
    "opportunity_kind": pl.String(),
    "opportunity_id": pl.String(),
    "event": pl.String(),
    "from_ids": pl.List(pl.String()),
    "overlap": pl.Float64(),
}
MEMBERS = {"item_id": pl.String(), "opportunity_id": pl.String()}
PROFILES = {"opportunity_id": pl.String(), "skill_uri": pl.String(), "weight": pl.Float64()}
KNOWN = {
    "opportunity_id": pl.String(),
    "qualification": pl.String(),
    "first_seen": pl.String(),
    "last_seen": pl.String(),
    "active": pl.Boolean(),
}
FEW = 2
"""So many lost ids are never held back: in a small home two may be a third of all."""


@dataclass(frozen=True)
class Registry:
    """All opportunities of one kind that ever were.

    Attributes:
        kind: `job` or `education`.
        known: one row per id: opportunity_id, qualification (its code, when the id belongs to one), first_seen,
            last_seen (ISO days), active.
        members: item_id, opportunity_id: who was in each when it was last active.
        profiles: opportunity_id, skill_uri, weight (0-1): what it means. That follows what its members ask for slowly, so
            that neither a step nor many small steps in a short time lead an id somewhere else.
    """

    kind: str
    known: pl.DataFrame
    members: pl.DataFrame
    profiles: pl.DataFrame

    @classmethod
    def empty(cls, kind: str) -> Registry:
        """The registry before the first run."""
        return cls(kind, pl.DataFrame(schema=KNOWN), pl.DataFrame(schema=MEMBERS), pl.DataFrame(schema=PROFILES))

    @property
    def active(self) -> pl.DataFrame:
        """item_id, opportunity_id of the opportunities of the run before."""
        return self.members.join(self.known.filter("active"), on="opportunity_id", how="semi")

    @property
    def previous(self) -> pl.DataFrame | None:
        """What `cluster` may hold on to: item_id, cluster (the id); none before the first run."""
        return None if self.known.is_empty() else self.active.rename({"opportunity_id": "cluster"})

    def as_json(self) -> dict[str, Any]:
        """A plain value to remember."""
        members = self.members.sort("item_id").group_by("opportunity_id").agg(members="item_id")
        profiles = self.profiles.sort("skill_uri").group_by("opportunity_id").agg("skill_uri", "weight")
        rows = self.known.join(members, on="opportunity_id", how="left").join(profiles, on="opportunity_id", how="left")
        listed = []
        for row in rows.sort("opportunity_id").to_dicts():
            profile = dict(zip(row.pop("skill_uri") or (), row.pop("weight") or (), strict=True))
            listed.append(row | {"members": row["members"] or [], "profile": profile})
        return {"kind": self.kind, "opportunities": listed}

    @classmethod
    def from_json(cls, kind: str, value: dict[str, Any] | None) -> Registry:
        """The registry out of its remembered value; an empty one when there is none."""
        listed = (value or {}).get("opportunities", [])
        if not listed:
            return cls.empty(kind)
        known = pl.DataFrame([{name: item.get(name) for name in KNOWN} for item in listed], schema=KNOWN)
        members = pl.DataFrame(
            {"opportunity_id": known["opportunity_id"], "item_id": [item["members"] for item in listed]},
            schema={"opportunity_id": pl.String, "item_id": pl.List(pl.String)},
        )
        weights = [(item["opportunity_id"], uri, weight) for item in listed for uri, weight in item["profile"].items()]
        return cls(
            kind,
            known,
            members.explode("item_id").drop_nulls().select(list(MEMBERS)),
            pl.DataFrame(weights, schema=PROFILES, orient="row"),
        )


@dataclass(frozen=True)
class Identities:
    """What `identify` found.

    Attributes:
        ids: cluster, opportunity_id; one row per cluster.
        lineage: rows of `opportunity_lineage`, one per opportunity and event: what became of every opportunity.
            `overlap` is, for carried and reactivated, the members both runs knew that the two share (Jaccard; empty when
            the profile decided); for split, the share of the new opportunity's members that came from `from_ids`; for
            merged, the share of the members of `from_ids` that it took in; minted from one that is gone, as for split.
        registry: what to remember when this run's release is out.
        before: ids that were active before this run.
        lost: ids of those that no longer are.
        remeant: ids of the lost ones whose members stayed together while their skills became others.
        moved: members known to both runs whose opportunity is another one now, and how many were known: (moved, known).
    """

    ids: pl.DataFrame
    lineage: pl.DataFrame
    registry: Registry
    before: int
    lost: tuple[str, ...]
    remeant: tuple[str, ...]
    moved: tuple[int, int]


def identify(
    members: pl.DataFrame,
    profiles: pl.DataFrame,
    registry: Registry,
    day: date,
    release_id: str,
    settings: IdentitySettings,
    qualifications: pl.DataFrame | None = None,
) -> Identities:
    """Give each cluster its opportunity id.

    Neither the numbers of the clusters nor the order of rows matter.

    Args:
        members: item_id (unique), cluster.
        profiles: cluster, skill_uri, weight (0-1).
        registry: what is known from the runs before.
        day: the newest day of the data, for first and last seen.
        release_id: the run, for the lineage.
        qualifications: item_id, qualification (a code): items that lead to a qualification.
    """
    evidence = _weigh(members, profiles, registry)
    earned = _of_qualifications(evidence, members, qualifications, settings)
    ids = {i: qualification_id(registry.kind, code) for i, code in earned.items()}
    plain = np.array([code is None for code in evidence.qualification], dtype=bool)
    for candidates in (plain & evidence.active, plain & ~evidence.active):
        free = np.array([i not in ids for i in range(len(evidence.clusters))], dtype=bool)
        ids |= {i: evidence.known[j] for i, j in _match(evidence, free, candidates, settings).items()}
    ids = _with_minted(ids, evidence, members, registry.kind)
    named = pl.DataFrame(
        {"cluster": evidence.clusters, "opportunity_id": [ids[i] for i in range(len(ids))]},
        schema={"cluster": members.schema["cluster"], "opportunity_id": pl.String()},
    )
    now = members.join(named, on="cluster").select(list(MEMBERS))
    both = registry.active.join(now, on="item_id", suffix="_now")
    lost = [j for j, key in enumerate(evidence.known) if evidence.active[j] and key not in set(ids.values())]
    turned = (evidence.overlap >= settings.carry_overlap) & (evidence.likeness < settings.carry_meaning)
    return Identities(
        ids=named,
        lineage=_lineage(_events(evidence, ids, lost, settings), registry.kind, release_id),
        registry=_remember(
            registry,
            named.join(_codes({ids[i]: code for i, code in earned.items()}), on="opportunity_id", how="left"),
            now,
            profiles,
            day,
            settings.meaning_half_life_days,
        ),
        before=int(evidence.active.sum()),
        lost=tuple(evidence.known[j] for j in lost),
        remeant=tuple(evidence.known[j] for j in lost if turned[:, j].any()),
        moved=(both.filter(pl.col("opportunity_id") != pl.col("opportunity_id_now")).height, both.height),
    )


def refuse_upheaval(found: Identities, kind: str, max_lost_pct: float, titles: Mapping[str, str]) -> None:
    """Hold a run after which too many saved ids would lead nowhere.

    Args:
        max_lost_pct: share of the active ids that may go, and of the known members that may change their opportunity, in one run.
        titles: what people know the opportunities as, for the detail.

    Raises:
        HeldError: more would.
    """
    lost, (moved, known) = len(found.lost), found.moved
    if lost <= FEW or (100 * lost <= max_lost_pct * found.before and 100 * moved <= max_lost_pct * known):
        return
    remeant = set(found.remeant)
    raise HeldError(
        f"{kind} opportunities: this run would retire {lost} of {found.before} ids, {len(remeant)} of them because their members "
        f"now ask for other skills, and move {moved} of {known} members to another id; more than {max_lost_pct:g} % is held, and "
        "the last release and its ids stay. See `jod status` for a source that shrank or changed; if the change is right, "
        "run once with --max-lost-ids-pct 100",
        "\n".join(f"{'other skills' if key in remeant else 'gone'}: {key} {titles.get(key, '')}" for key in found.lost),
    )


def qualification_id(kind: str, code: str) -> str:
    """The id of the opportunity of a qualification: the same in every home and for ever."""
    return str(uuid.uuid5(NAMESPACE, f"{kind}/qualification/{code}"))


@dataclass(frozen=True)
class _Evidence:
    """What speaks for each pair of a cluster (rows) and a known id (columns).

    Clusters are in order of their first member and ids in order, so that ties fall the same way whatever the input order.
    `shared`: members of both. `overlap`: their Jaccard index over the members both runs knew. `fresh`: whether too few members
    are known from one to the other to tell. `likeness`: cosine of the skill profiles; not a number where one has none.
    """

    clusters: list[Any]
    sizes: np.ndarray
    known: list[str]
    known_sizes: np.ndarray
    active: np.ndarray
    qualification: list[str | None]
    shared: np.ndarray
    overlap: np.ndarray
    fresh: np.ndarray
    likeness: np.ndarray


STRAY_SHARE = 0.1
"""Less than this share of a new opportunity's members are strays that clustering had put elsewhere for want of better."""
FRESH_SHARE = 0.2
"""With less than this share of its members known to the other run, a group's members are no evidence of what it is."""


def _weigh(members: pl.DataFrame, profiles: pl.DataFrame, registry: Registry) -> _Evidence:
    clusters = members.group_by("cluster").agg(first=pl.col("item_id").min(), size=pl.len()).sort("first")
    clusters = clusters.with_row_index("i").select("i", "cluster", "size")
    sizes_before = registry.members.group_by("opportunity_id").agg(size=pl.len())
    known = registry.known.join(sizes_before, on="opportunity_id", how="left").sort("opportunity_id").with_row_index("j")
    then = registry.members.join(known.select("j", "opportunity_id", "active"), on="opportunity_id")
    now = members.join(clusters.select("i", "cluster"), on="cluster").select("item_id", "i")
    both = now.join(then, on="item_id")
    shape = (len(clusters), len(known))
    shared = np.zeros(shape, dtype=np.int64)
    pairs = both.group_by("i", "j").len()
    shared[pairs["i"].to_numpy(), pairs["j"].to_numpy()] = pairs["len"].to_numpy()
    active = known["active"].to_numpy().astype(bool)
    left = shared.sum(axis=0)
    # Those asleep were last seen at different times, so each item counts once, whatever it was a member of.
    in_active = np.bincount(both.filter("active")["i"].to_numpy(), minlength=shape[0])
    in_any = np.bincount(both.unique(["i", "item_id"])["i"].to_numpy(), minlength=shape[0])
    recognised = np.where(active, in_active[:, None], in_any[:, None]).reshape(shape)
    union = recognised + left[None, :] - shared
    sizes, known_sizes = clusters["size"].to_numpy(), known["size"].fill_null(0).to_numpy()
    fresh = (recognised < FRESH_SHARE * sizes[:, None]) & (left < FRESH_SHARE * np.maximum(known_sizes, 1))[None, :]
    return _Evidence(
        clusters=clusters["cluster"].to_list(),
        sizes=sizes,
        known=known["opportunity_id"].to_list(),
        known_sizes=known_sizes,
        active=active,
        qualification=known["qualification"].to_list(),
        shared=shared,
        overlap=np.divide(shared, union, out=np.zeros(shape), where=union > 0),
        fresh=fresh,
        likeness=_likeness(
            profiles.join(clusters, on="cluster").select("skill_uri", "weight", row="i"),
            registry.profiles.join(known, on="opportunity_id").select("skill_uri", "weight", row="j"),
            shape,
        ),
    )


def _likeness(ours: pl.DataFrame, theirs: pl.DataFrame, shape: tuple[int, int]) -> np.ndarray:
    """Cosine of the skill profiles of two sides, each row, skill_uri, weight."""
    skills = pl.concat([ours, theirs]).select(pl.col("skill_uri").unique().sort()).with_row_index("column")

    def matrix(side: pl.DataFrame, rows: int) -> sparse.csr_matrix:
        cells = side.join(skills, on="skill_uri").sort("row", "column")
        place = (cells["row"].to_numpy(), cells["column"].to_numpy())
        return sparse.csr_matrix((cells["weight"].to_numpy(), place), shape=(rows, max(1, len(skills))))

    one, other = matrix(ours, shape[0]), matrix(theirs, shape[1])
    lengths = np.sqrt(one.multiply(one).sum(axis=1)) @ np.sqrt(other.multiply(other).sum(axis=1)).T
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((one @ other.T).toarray() / np.asarray(lengths))


def _match(evidence: _Evidence, rows: np.ndarray, columns: np.ndarray, settings: IdentitySettings) -> dict[int, int]:
    """Clusters and ids that are the same opportunity, one to one: first by members, then what is left by profile."""
    open_pairs = rows[:, None] & columns[None, :]
    same_meaning = ~(evidence.likeness < settings.carry_meaning)
    by_members = open_pairs & same_meaning & (evidence.overlap >= settings.carry_overlap)
    matched = _assign(np.where(by_members, evidence.overlap, 0))
    left = open_pairs & ~np.isin(np.arange(len(rows)), list(matched))[:, None]
    left &= ~np.isin(np.arange(len(columns)), list(matched.values()))[None, :]
    # An id that sleeps has no members elsewhere: its profile is enough to wake it.
    by_profile = left & (evidence.fresh | ~evidence.active[None, :]) & (evidence.likeness >= settings.carry_profile)
    return matched | _assign(np.where(by_profile, evidence.likeness, 0))


def _assign(score: np.ndarray) -> dict[int, int]:
    """One-to-one matching with the highest total score; pairs of score 0 are not matched."""
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(-score)
    return {int(i): int(j) for i, j in zip(rows, columns, strict=True) if score[i, j] > 0}


def _of_qualifications(
    evidence: _Evidence, members: pl.DataFrame, qualifications: pl.DataFrame | None, settings: IdentitySettings
) -> dict[int, str]:
    """Which cluster is which qualification's: most of the cluster leads to it and most of what leads to it is in the cluster.

    One that has the qualification's id keeps it down to `qualification_keep_share`, so that an id does not come and go.
    """
    if qualifications is None or qualifications.is_empty() or members.is_empty():
        return {}
    held = {code for code, is_active in zip(evidence.qualification, evidence.active, strict=True) if code and is_active}
    order = pl.DataFrame({"cluster": evidence.clusters, "i": range(len(evidence.clusters)), "size": evidence.sizes})
    leading = members.join(qualifications.unique(), on="item_id").join(order, on="cluster")
    pairs = leading.group_by("i", "qualification").agg(count=pl.len(), size=pl.col("size").first())
    pairs = pairs.with_columns(
        share=pl.min_horizontal(pl.col("count") / pl.col("size"), pl.col("count") / pl.col("count").sum().over("qualification"))
    )
    needed = pl.when(pl.col("qualification").is_in(list(held))).then(settings.qualification_keep_share).otherwise(0.5)
    best = pairs.filter(pl.col("share") > needed).sort("share", "i", "qualification", descending=[True, False, False])
    best = best.unique("qualification", keep="first", maintain_order=True).unique("i", keep="first", maintain_order=True)
    return dict(best.select("i", "qualification").sort("i").iter_rows())


def _with_minted(ids: dict[int, str], evidence: _Evidence, members: pl.DataFrame, kind: str) -> dict[int, str]:
    """Adds an id for each cluster without one, made of its members; one that ever meant something else is not given again."""
    born = [i for i in range(len(evidence.clusters)) if i not in ids]
    order = pl.DataFrame({"cluster": [evidence.clusters[i] for i in born], "i": born}, schema_overrides={"i": pl.Int64})
    order = order.with_columns(pl.col("cluster").cast(members.schema["cluster"]))
    listed = members.join(order, on="cluster").sort("item_id").group_by("i").agg("item_id").sort("i")
    taken = set(evidence.known) | set(ids.values())
    for i, items in listed.iter_rows():
        digest = hashlib.sha256("\n".join(items).encode()).hexdigest()
        attempt = 0
        while (minted := str(uuid.uuid5(NAMESPACE, f"{kind}/{digest}/{attempt}"))) in taken:
            attempt += 1
        ids[i] = minted
        taken.add(minted)
    return ids


def _events(
    evidence: _Evidence, ids: dict[int, str], lost: list[int], settings: IdentitySettings
) -> list[tuple[str, str, list[str], float | None]]:
    """(id, event, from_ids, overlap) of every opportunity that is or was."""
    events: list[tuple[str, str, list[str], float | None]] = []
    place = {key: j for j, key in enumerate(evidence.known)}
    source = _sources(evidence, settings)
    taken_in = _taken_in(evidence, settings)
    taken_in[:, [j for j in range(len(evidence.known)) if j not in lost]] = False
    # What is new and took in one that is gone stands in its place: there is nothing that it was merged with.
    taken_in[[i for i, key in ids.items() if key not in place and taken_in[i].sum() == 1]] = False
    several = source.sum(axis=0) > 1
    for i, key in sorted(ids.items()):
        j = place.get(key)
        if j is not None:
            overlap = None if evidence.fresh[i, j] and not evidence.shared[i, j] else float(evidence.overlap[i, j])
            events.append((key, "carried" if evidence.active[j] else "reactivated", [key], overlap))
        else:
            parents = np.flatnonzero(source[i] & ~taken_in[i])
            is_split = any(int(k) not in lost or several[k] for k in parents)
            share = float(evidence.shared[i, parents].sum() / evidence.sizes[i]) if len(parents) else None
            events.append((key, "split" if is_split else "minted", [evidence.known[k] for k in parents], share))
        gone = np.flatnonzero(taken_in[i])
        if len(gone):
            share = float(evidence.shared[i, gone].sum() / evidence.known_sizes[gone].sum())
            events.append((key, "merged", [evidence.known[k] for k in gone], share))
    events += [(evidence.known[j], "retired", [], None) for j in lost]
    return events


def _sources(evidence: _Evidence, settings: IdentitySettings) -> np.ndarray:
    """Of which active ids a cluster is a part: it got more from there than from elsewhere, or a real part of them went to it."""
    most = np.max(np.where(evidence.active, evidence.shared, 0), axis=1, keepdims=True, initial=1)
    mostly = (evidence.shared >= most) & (evidence.shared >= STRAY_SHARE * evidence.sizes[:, None])
    real_part = evidence.shared >= settings.part_share * np.maximum(1, evidence.known_sizes)[None, :]
    return evidence.active[None, :] & (mostly | real_part) & ~(evidence.likeness < settings.part_likeness)


def _taken_in(evidence: _Evidence, settings: IdentitySettings) -> np.ndarray:
    """Which active ids went into a cluster: most of their members who are left, saying the same; else they left strays."""
    most = 2 * evidence.shared > evidence.shared.sum(axis=0, keepdims=True)
    real_part = evidence.shared >= settings.part_share * np.maximum(1, evidence.known_sizes)[None, :]
    return evidence.active[None, :] & most & real_part & ~(evidence.likeness < settings.carry_meaning)


def _lineage(events: list[tuple[str, str, list[str], float | None]], kind: str, release_id: str) -> pl.DataFrame:
    rows = [(release_id, kind, key, event, sorted(from_ids), overlap) for key, event, from_ids, overlap in events]
    return pl.DataFrame(rows, schema=EVENTS, orient="row").sort("opportunity_id", "event")


def _codes(qualifications: dict[str, str]) -> pl.DataFrame:
    schema = {"opportunity_id": pl.String(), "qualification": pl.String()}
    return pl.DataFrame(list(qualifications.items()), schema=schema, orient="row")


def _remember(
    registry: Registry, named: pl.DataFrame, now: pl.DataFrame, profiles: pl.DataFrame, day: date, half_life_days: int
) -> Registry:
    """The registry after this run: today's opportunities as they are, the others asleep as they were last."""
    seen = registry.known.select("opportunity_id", "first_seen", "last_seen")
    today = named.join(seen, on="opportunity_id", how="left").with_columns(
        pl.col("first_seen").fill_null(day.isoformat()),
        days=(pl.lit(day) - pl.col("last_seen").str.to_date()).dt.total_days().clip(0),
        last_seen=pl.lit(day.isoformat()),
        active=pl.lit(True),
    )
    known = pl.concat([registry.known.join(named, on="opportunity_id", how="anti"), today.select(list(KNOWN))])
    return Registry(
        registry.kind,
        known.with_columns(active=pl.col("opportunity_id").is_in(named["opportunity_id"].to_list())).sort("opportunity_id"),
        pl.concat([registry.members.join(named, on="opportunity_id", how="anti"), now]).sort("opportunity_id", "item_id"),
        _followed(registry.profiles, profiles.join(today, on="cluster"), half_life_days),
    )


def _followed(before: pl.DataFrame, now: pl.DataFrame, half_life_days: int) -> pl.DataFrame:
    """The profiles with today's let in by as much as the days since the last run allow; a new id's is today's."""
    share = now.select("opportunity_id", share=1 - 0.5 ** (pl.col("days") / half_life_days)).unique()
    share = share.with_columns(pl.col("share").fill_null(1.0))
    old = before.join(share, on="opportunity_id", how="left")
    old = old.with_columns(weight=pl.col("weight") * (1 - pl.col("share").fill_null(0.0)))
    new = now.select("opportunity_id", "skill_uri", "weight").join(share, on="opportunity_id")
    new = new.with_columns(weight=pl.col("weight") * pl.col("share"))
    both = pl.concat([old.select(list(PROFILES)), new.select(list(PROFILES))])
    summed = both.group_by("opportunity_id", "skill_uri").agg(pl.col("weight").sum().round(6))
    return summed.filter(pl.col("weight") > 0).sort("opportunity_id", "skill_uri")
