"""How good a clustering is: against planted truth where there is some, by its own shape where there is none."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class ClusterQuality:
    """Figures of one clustering. `ari_*` are None without truth."""

    items: int
    clusters: int
    unclustered_pct: float
    median_size: float
    mean_strength: float
    ari_clustered: float | None
    ari_all: float | None
    true_groups: int | None


def evaluate(clusters: pl.DataFrame, truth: pl.DataFrame | None = None) -> ClusterQuality:
    """Figures of a clustering.

    Args:
        clusters: item_id, cluster, strength, outlier as `cluster()` returns them.
        truth: item_id, kind; items it does not know are left out of the comparison.
    """
    from sklearn.metrics import adjusted_rand_score

    inside = clusters.filter(~pl.col("outlier"))
    sizes = inside.group_by("cluster").len()
    ari_clustered = ari_all = groups = None
    if truth is not None and not truth.is_empty():
        known = clusters.join(truth, on="item_id").with_columns(pl.col("kind").rank("dense"))
        grouped = known.filter(~pl.col("outlier"))
        ari_all = float(adjusted_rand_score(known["kind"].to_numpy(), known["cluster"].to_numpy()))
        ari_clustered = float(adjusted_rand_score(grouped["kind"].to_numpy(), grouped["cluster"].to_numpy()))
        groups = known["kind"].n_unique()
    return ClusterQuality(
        items=len(clusters),
        clusters=len(sizes),
        unclustered_pct=100 * float(clusters["outlier"].mean() or 0),  # type: ignore[arg-type]
        median_size=float(sizes["len"].median() or 0),  # type: ignore[arg-type]
        mean_strength=float(inside["strength"].mean() or 0),  # type: ignore[arg-type]
        ari_clustered=ari_clustered,
        ari_all=ari_all,
        true_groups=groups,
    )
