"""What each release's opportunities were like, kept from release to release: how many, how large, how steady, how they drift."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

COMPARED = ("ids_kept_pct", "members_moved_pct", "size_drift_pct", "skill_drift")
DECIMALS = 4
"""Further digits are noise of the order of summing."""


@dataclass(frozen=True)
class Snapshot:
    """The opportunities of one kind as one release has them.

    Attributes:
        members: item_id, opportunity_id.
        skills: opportunity_id, skill_uri, weight (0-1), as published.
    """

    members: pl.DataFrame
    skills: pl.DataFrame


def evaluation_row(
    release_id: str,
    number: int,
    day: date,
    kind: str,
    now: Snapshot,
    items: int,
    before: Snapshot | None,
    map_moved_pct: float | None,
) -> dict[str, object]:
    """One release's figures for one kind of opportunity.

    Args:
        number: of the release, the first one is 1.
        items: postings or programmes there were to group.
        before: the release before; without it what is measured against it is None.
        map_moved_pct: see `landscape.moved`.

    Returns:
        A row of the published dataset `opportunity_evaluation`; what its columns mean is said in the glossary.
    """
    sizes = now.members.group_by("opportunity_id").len()["len"]
    figures: dict[str, object] = {
        "release_id": release_id,
        "release_number": number,
        "as_of": day,
        "opportunity_kind": kind,
        "opportunities": len(sizes),
        "items": items,
        "grouped_items": len(now.members),
        "unclustered_pct": 100 * (1 - len(now.members) / items) if items else None,
        "smallest_members": sizes.min(),
        "median_members": sizes.median(),
        "largest_members": sizes.max(),
    }
    compared = against(now, before) if before is not None and len(before.members) else dict.fromkeys(COMPARED)
    measured = figures | compared | {"map_moved_pct": map_moved_pct}
    return {name: round(value, DECIMALS) if isinstance(value, float) else value for name, value in measured.items()}


def against(now: Snapshot, before: Snapshot) -> dict[str, float | None]:
    """How a release differs from the one before; None where nothing is common to both.

    Returns:
        ids_kept_pct: ids of the last release that are in use still.
        members_moved_pct: of the members both releases have grouped, those that are in another opportunity now.
        size_drift_pct: members that would have to change opportunity for every opportunity to have the share of all
            members it had (total variation distance).
        skill_drift: mean of 1 - cosine of an opportunity's skill weights then and now, 0 (the same) to 1, by members.
    """
    ids = now.members["opportunity_id"].unique()
    old_ids = before.members["opportunity_id"].unique()
    both = before.members.join(now.members, on="item_id", suffix="_now")
    shares = _shares(before.members, "before").join(_shares(now.members, "now"), on="opportunity_id", how="full", coalesce=True)
    apart = (pl.col("before").fill_null(0) - pl.col("now").fill_null(0)).abs()
    return {
        "ids_kept_pct": 100 * float(old_ids.is_in(ids.to_list()).mean() or 0),  # type: ignore[arg-type]
        "members_moved_pct": both.select(100 * (pl.col("opportunity_id") != pl.col("opportunity_id_now")).mean()).item(),
        "size_drift_pct": shares.select(50 * apart.sum()).item(),
        "skill_drift": _skill_drift(now, before),
    }


def _shares(members: pl.DataFrame, name: str) -> pl.DataFrame:
    return members.group_by("opportunity_id").agg((pl.len() / len(members)).alias(name))


def _skill_drift(now: Snapshot, before: Snapshot) -> float | None:
    norm = (pl.col("weight") ** 2).sum().sqrt()
    norms = (
        before.skills.group_by("opportunity_id")
        .agg(norm.alias("before"))
        .join(now.skills.group_by("opportunity_id").agg(norm.alias("now")), on="opportunity_id")
    )
    common = before.skills.join(now.skills, on=["opportunity_id", "skill_uri"], suffix="_now")
    products = common.group_by("opportunity_id").agg(product=(pl.col("weight") * pl.col("weight_now")).sum())
    sizes = now.members.group_by("opportunity_id").agg(size=pl.len())
    compared = norms.join(products, on="opportunity_id", how="left").join(sizes, on="opportunity_id").sort("opportunity_id")
    cosine = pl.col("product").fill_null(0) / (pl.col("before") * pl.col("now"))
    drift: float | None = compared.select(((1 - cosine.clip(0, 1)) * pl.col("size")).sum() / pl.col("size").sum()).item()
    return drift if len(compared) else None
