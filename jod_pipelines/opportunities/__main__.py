"""`python -m jod_pipelines.opportunities` compiles UMAP and HDBSCAN into numba's cache: part of installing, not of running."""

from __future__ import annotations

import polars as pl

from jod_pipelines.opportunities.clustering import cluster
from jod_pipelines.settings import ClusterSettings


def warm_up() -> None:
    """Cluster next to nothing once."""
    items = pl.DataFrame(
        {
            "item_id": [f"item{number:03d}" for number in range(120)],
            "skill_uris": [[f"skill{(number % 4) * 10 + step}" for step in range(6)] + [f"own{number}"] for number in range(120)],
        }
    )
    cluster(items, ClusterSettings(start="density"))


if __name__ == "__main__":
    warm_up()
