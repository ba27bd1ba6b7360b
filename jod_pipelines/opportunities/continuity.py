"""Do ids last? Follows a stream of items month by month and holds what the registry said against what was planted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import polars as pl

from jod_pipelines.opportunities.identity import MEMBERS, Registry, identify
from jod_pipelines.opportunities.profile import publishable, skill_distribution, skill_weights
from jod_pipelines.settings import IdentitySettings, PublicationSettings

SETTLING_MONTHS = 6
"""So long after a planted event it may show; the ids of the kinds it makes, ends or joins are not held against the month."""
SAME = {"birth": "minted", "death": "retired", "sleep": "retired", "return": "reactivated", "split": "split", "merger": "merged"}
"""What the registry calls each planted event."""
PAIRS = ("split", "merger")
Clusterer = Callable[[pl.DataFrame, pl.DataFrame | None], pl.DataFrame]
"""Items (item_id, skill_uris) and the month before (item_id, cluster, named by its id) to what `cluster` returns."""


@dataclass(frozen=True)
class Continuity:
    """How well ids lasted.

    Attributes:
        months: month, members (with an id the month before, still in view, of a kind that lives on), kept_pct (of them, with
            the same id), unclustered_pct (of all items), opportunities, unplanted (events that no planted event explains).
        events: the planted events with `found_month` and `reported` (what the registry called it), empty where it did not.
        turned: ids whose majority of members became another kind, with both kinds and the month.
        unplanted: month, event, opportunity_id, kind: what was reported and not planted.
    """

    months: pl.DataFrame
    events: pl.DataFrame
    turned: pl.DataFrame
    unplanted: pl.DataFrame

    @property
    def lowest_kept_pct(self) -> float:
        """The worst month."""
        return float(self.months["kept_pct"].min())  # type: ignore[arg-type]

    @property
    def events_found(self) -> int:
        """Planted events reported as what they were."""
        return self.events.filter(pl.col("reported") == pl.col("event").replace_strict(SAME)).height


def follow(
    postings: pl.DataFrame,
    clusterer: Clusterer,
    settings: IdentitySettings,
    publication: PublicationSettings,
    window_months: int,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Cluster what is in view at the end of each month from 0 on, and give ids.

    Args:
        postings: item_id, month, skill_uris.
        window_months: how many months an item stays in view.
        publication: which groups are taken apart, as in a release.

    Returns:
        (month, item_id, opportunity_id (empty when unclustered); month and the columns of the lineage).
    """
    registry, members, lineages = Registry.empty("job"), [], []
    for month in range(int(postings["month"].max()) + 1):  # type: ignore[arg-type]
        items = postings.filter(pl.col("month").is_between(month - window_months + 1, month)).select("item_id", "skill_uris")
        grouped = publishable(clusterer(items, registry.previous), publication.min_cell, publication.min_cohesion).filter(
            ~pl.col("outlier")
        )
        grouped = grouped.select("item_id", "cluster")
        weights = skill_weights(skill_distribution(grouped, items.select("item_id", skill_uri="skill_uris").explode("skill_uri")))
        day = date(2000 + month // 12, month % 12 + 1, 1)
        found = identify(grouped, weights, registry, day, f"{month:02d}", settings)
        registry = found.registry
        now = items.select("item_id").join(registry.active.select(list(MEMBERS)), on="item_id", how="left")
        members.append(now.select(pl.lit(month).alias("month"), "item_id", "opportunity_id"))
        lineages.append(found.lineage.select(pl.lit(month).alias("month"), pl.all()))
    return pl.concat(members), pl.concat(lineages)


def judge(members: pl.DataFrame, lineage: pl.DataFrame, truth: pl.DataFrame, planted: pl.DataFrame) -> Continuity:
    """Hold ids and events against the truth.

    Args:
        members, lineage: as `follow` returns them.
        truth: item_id, kind.
        planted: month, event, kind, other.
    """
    majority = _majority(members, truth)
    events, explained = _planted_as_reported(planted, lineage, majority)
    reported = lineage.filter(pl.col("month") > 0, pl.col("event") != "carried").join(
        explained, on=["month", "event", "opportunity_id"], how="anti"
    )
    unplanted = reported.join(_kind_of(majority), on="opportunity_id", how="left").select(
        "month", "event", "opportunity_id", "kind"
    )
    counts = unplanted.group_by("month").agg(unplanted=pl.len())
    months = _kept(members, truth, planted).join(counts, on="month", how="left").with_columns(pl.col("unplanted").fill_null(0))
    return Continuity(
        months.sort("month"), events, _turned(majority, planted), unplanted.sort("month", "event", "opportunity_id")
    )


def _majority(members: pl.DataFrame, truth: pl.DataFrame) -> pl.DataFrame:
    """month, opportunity_id, kind: what most of its members of a kind are."""
    counts = members.drop_nulls("opportunity_id").join(truth.drop_nulls("kind"), on="item_id")
    counts = counts.group_by("month", "opportunity_id", "kind").len().sort("len", "kind", descending=[True, False])
    return (
        counts.unique(["month", "opportunity_id"], keep="first", maintain_order=True).drop("len").sort("month", "opportunity_id")
    )


def _kind_of(majority: pl.DataFrame) -> pl.DataFrame:
    """opportunity_id, kind: what it was when it was first seen."""
    return majority.sort("month").unique("opportunity_id", keep="first", maintain_order=True).select("opportunity_id", "kind")


def _turned(majority: pl.DataFrame, planted: pl.DataFrame) -> pl.DataFrame:
    """Ids that mean another kind than at first; a kind that was planted to become another may do so."""
    both = majority.join(_kind_of(majority), on="opportunity_id", suffix="_first").filter(pl.col("kind") != pl.col("kind_first"))
    became = planted.filter(event="merger").select(start="month", kind_first="kind", kind="other")
    allowed = both.join(became, on=["kind_first", "kind"]).filter(pl.col("month") >= pl.col("start"))
    both = both.join(allowed, on=["month", "opportunity_id"], how="anti")
    return (
        both.sort("month")
        .unique("opportunity_id", keep="first", maintain_order=True)
        .select("month", "opportunity_id", was="kind_first", became="kind")
    )


def _kept(members: pl.DataFrame, truth: pl.DataFrame, planted: pl.DataFrame) -> pl.DataFrame:
    before = members.drop_nulls("opportunity_id").with_columns(pl.col("month") + 1)
    both = before.join(members, on=["month", "item_id"], suffix="_now").join(truth.drop_nulls("kind"), on="item_id")
    # Of two kinds that become one, either may lose its id.
    ending = planted.filter(pl.col("event") != "birth").select("month", "kind")
    taking = planted.filter(event="merger").select("month", kind="other")
    settling = pl.concat([ending, taking]).select("kind", start="month", end=pl.col("month") + SETTLING_MONTHS)
    unsettled = both.join(settling, on="kind").filter(pl.col("month").is_between("start", "end"))
    living = both.join(unsettled.select("month", "item_id").unique(), on=["month", "item_id"], how="anti")
    same = (pl.col("opportunity_id") == pl.col("opportunity_id_now")).fill_null(False)
    sizes = members.group_by("month").agg(
        unclustered_pct=100 * pl.col("opportunity_id").is_null().mean(),
        opportunities=pl.col("opportunity_id").drop_nulls().n_unique(),
    )
    return living.group_by("month").agg(members=pl.len(), kept_pct=100 * same.mean()).join(sizes, on="month")


def _planted_as_reported(
    planted: pl.DataFrame, lineage: pl.DataFrame, majority: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The planted events with what was reported of them, and the reports that this explains."""
    kinds = _kind_of(majority)
    sources = lineage.select("month", "event", "opportunity_id", "from_ids").explode("from_ids", empty_as_null=True)
    sources = sources.join(kinds.rename({"opportunity_id": "from_ids", "kind": "source"}), on="from_ids", how="left")
    reports = sources.join(kinds, on="opportunity_id", how="left").filter(pl.col("month") > 0)
    wanted = planted.with_row_index("number").with_columns(
        called=pl.col("event").replace_strict(SAME), subject="kind", partner=pl.when(pl.col("event").is_in(PAIRS)).then("other")
    )
    # Either of two kinds that become one may give its id.
    turned = wanted.filter(event="merger").with_columns(subject="other", partner="kind")
    wanted = pl.concat([wanted, turned])
    pairs = wanted.join(reports, left_on=["called", "subject"], right_on=["event", "kind"], suffix="_found")
    pairs = pairs.filter(
        (pl.col("month_found") - pl.col("month")).is_between(0, SETTLING_MONTHS + 1),
        pl.col("partner").is_null() | (pl.col("partner") == pl.col("source")),
    )
    first = pairs.sort("month_found").unique("number", keep="first", maintain_order=True)
    events = wanted.join(first.select("number", found_month="month_found", reported="called"), on="number", how="left")
    # A merger retires the id that was taken in, which is no event of its own.
    absorbed = pairs.filter(pl.col("called") == "merged").select(
        pl.col("month_found").alias("month"), pl.lit("retired").alias("event"), opportunity_id="from_ids"
    )
    explained = first.select(pl.col("month_found").alias("month"), pl.col("called").alias("event"), "opportunity_id")
    columns = ["month", "event", "kind", "other", "found_month", "reported"]
    return events.unique("number").sort("number").select(columns), pl.concat([explained, absorbed]).unique()
