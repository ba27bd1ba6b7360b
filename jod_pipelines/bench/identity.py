"""Ids over twelve months of planted change: this platform's beside MONIC's transitions over clusterings made afresh."""

from __future__ import annotations

import time
import uuid

import polars as pl

from jod_pipelines.bench import Result
from jod_pipelines.opportunities import cluster
from jod_pipelines.opportunities.boundaries import steady_clusters
from jod_pipelines.opportunities.continuity import Continuity, follow, judge
from jod_pipelines.opportunities.profile import publishable
from jod_pipelines.sandbox.timeline import Timeline, TimelineSizes, plant
from jod_pipelines.settings import ClusterSettings, IdentitySettings, PublicationSettings

SEEDS = (1, 2, 3)
SURVIVES, IS_PART = 0.5, 0.25
"""Shares of an old cluster's remaining members that make a survival and a part of a split, as MONIC's authors set them."""


def run(sizes: TimelineSizes | None = None, seeds: tuple[int, ...] = SEEDS) -> list[Result]:
    """Both on the same timelines, told apart by what planted truth says of them."""
    timelines = [plant(seed, sizes) for seed in seeds]
    results = []
    for who, way in (("jod identify", ours), ("MONIC on fresh clusterings", monic)):
        started = time.perf_counter()
        found = [judge(*way(timeline), timeline.truth, timeline.events) for timeline in timelines]
        seconds = time.perf_counter() - started
        months = sum(timeline.sizes.months for timeline in timelines)
        results.append(Result(who, seconds, months, "months", quality(found, timelines)))
    return results


def ours(timeline: Timeline) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Members and lineage by month, made as a run makes them."""
    identity = IdentitySettings()

    def clusters_of(items: pl.DataFrame, previous: pl.DataFrame | None) -> pl.DataFrame:
        return steady_clusters(items, previous, ClusterSettings(), identity)

    return follow(timeline.postings, clusters_of, identity, PublicationSettings(), timeline.sizes.window_months)


def quality(found: list[Continuity], timelines: list[Timeline]) -> str:
    """What the truth says, in words."""
    months = pl.concat([each.months for each in found])
    planted = sum(len(each.events) for each in found)
    cosine = sum(timeline.hardness["nearest_kind_cosine_mean"] for timeline in timelines) / len(timelines)
    return (
        f"members that keep their id {months['kept_pct'].mean():.2f} % a month, {months['kept_pct'].min():.1f} % in the worst; "
        f"{sum(each.events_found for each in found)} of {planted} planted events reported as what they were, "
        f"{months['unplanted'].sum()} others; {sum(len(each.turned) for each in found)} ids changed meaning; "
        f"{months['unclustered_pct'].mean():.1f} % unclustered (nearest kind at cosine {cosine:.2f})"
    )


def monic(timeline: Timeline) -> tuple[pl.DataFrame, pl.DataFrame]:
    """As `ours`, by the transitions of Spiliopoulou et al. 2006; the largest part of a split keeps the id, in its favour."""
    publication, window = PublicationSettings(), timeline.sizes.window_months
    known = pl.DataFrame(schema={"item_id": pl.String, "opportunity_id": pl.String})
    members, lineages = [], []
    for month in range(timeline.sizes.months):
        items = timeline.postings.filter(pl.col("month").is_between(month - window + 1, month)).select("item_id", "skill_uris")
        clusters = publishable(cluster(items, ClusterSettings()), publication.min_cell, publication.min_cohesion)
        grouped = clusters.filter(~pl.col("outlier")).select("item_id", "cluster")
        overlap = known.join(items, on="item_id", how="semi").join(grouped, on="item_id", how="left")
        shares = overlap.group_by("opportunity_id", "cluster").len("shared")
        shares = shares.with_columns(share=pl.col("shared") / pl.col("shared").sum().over("opportunity_id")).drop_nulls("cluster")
        best = shares.sort("share", "shared", "opportunity_id", descending=[True, True, False])
        parts = best.filter(pl.col("share") >= IS_PART, pl.col("share").sum().over("opportunity_id") >= SURVIVES)
        heirs = parts.unique("opportunity_id", keep="first", maintain_order=True).sort("shared", descending=True)
        kept = dict(heirs.unique("cluster", keep="first", maintain_order=True).select("cluster", "opportunity_id").iter_rows())
        rows = []
        for number in grouped["cluster"].unique().sort().to_list():
            sources = parts.filter(cluster=number)["opportunity_id"].to_list()
            if number in kept:
                rows.append((kept[number], "carried", [kept[number]]))
                taken = [key for key in sources if key not in kept.values()]
                rows += [(kept[number], "merged", taken)] if taken else []
            else:
                kept[number] = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{month}/{number}"))
                rows.append((kept[number], "split" if sources else "minted", sources))
        gone = sorted(set(known["opportunity_id"]) - set(kept.values()))
        rows += [(key, "retired", []) for key in gone]
        known = grouped.select("item_id", opportunity_id=pl.col("cluster").replace_strict(kept, return_dtype=pl.String))
        members.append(items.select(pl.lit(month).alias("month"), "item_id").join(known, on="item_id", how="left"))
        schema = {"opportunity_id": pl.String(), "event": pl.String(), "from_ids": pl.List(pl.String())}
        lineages.append(pl.DataFrame(rows, schema=schema, orient="row").select(pl.lit(month).alias("month"), pl.all()))
    return pl.concat(members), pl.concat(lineages)
