"""Job postings into kinds of work: this platform's clustering beside UMAP and HDBSCAN wired as BERTopic wires them.

The world is made of overlapping kinds (`sandbox/overlap.py`); beside what each side finds stands what an oracle that knows
every kind's true chances of every skill would find.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable

import numpy as np
import polars as pl

from jod_pipelines.bench import Result
from jod_pipelines.errors import SettingsError
from jod_pipelines.opportunities import cluster, numba_cache
from jod_pipelines.opportunities.clustering import skill_matrix
from jod_pipelines.opportunities.evaluation import evaluate
from jod_pipelines.sandbox.overlap import Overlap, overlapping_postings
from jod_pipelines.settings import ClusterSettings

NAMED = {"small": 20_000, "national": 1_000_000}
THREE_SEEDS_UP_TO = 20_000
PEER_UP_TO = 100_000
"""The peer needs minutes for this many already; a larger world is compared with the peer's speed at this size."""
Clusterer = Callable[[pl.DataFrame], pl.DataFrame]


def run(scale: str) -> list[Result]:
    """Both sides on the same worlds, with the adjusted Rand index over all items: three seeds, one where it is large.

    Args:
        scale: small (20 000 postings), national (1 000 000) or a number.

    Raises:
        SettingsError: the scale is none of these.
    """
    postings = NAMED.get(scale) or (int(scale) if scale.isdigit() else 0)
    if postings < 1_000:
        raise SettingsError(f"scale {scale!r}: small, national or a number of postings, 1 000 or more")
    if postings <= PEER_UP_TO:
        seeds = (1, 2, 3) if postings <= THREE_SEEDS_UP_TO else (1,)
        worlds = [overlapping_postings(postings, seed) for seed in seeds]
        return [_measure("jod cluster", worlds, _ours), _measure(PEER, worlds, _bertopic_wiring)]
    large = _measure("jod cluster", [overlapping_postings(postings, 1)], _ours)
    world = [overlapping_postings(PEER_UP_TO, 1)]
    return [
        large,
        _measure(f"jod cluster, {PEER_UP_TO:,}", world, _ours),
        _measure(f"{PEER}, {PEER_UP_TO:,}", world, _bertopic_wiring),
    ]


PEER = "UMAP + HDBSCAN as in BERTopic"


def _measure(who: str, worlds: list[Overlap], clusterer: Clusterer) -> Result:
    """Seconds of all worlds, and how well each was clustered; compiled code is loaded before the clock starts."""
    clusterer(worlds[0].items.head(1_000))
    seconds, found = 0.0, []
    for world in worlds:
        started = time.perf_counter()
        clusters = clusterer(world.items)
        seconds += time.perf_counter() - started
        found.append(f"{_quality(clusters, world)}")
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return Result(
        who, seconds, sum(len(world.items) for world in worlds), "postings", "\n".join([*found, f"peak {peak_gb:.1f} GB so far"])
    )


def _quality(clusters: pl.DataFrame, world: Overlap) -> str:
    found, possible = evaluate(clusters, world.truth), evaluate(world.oracle, world.truth)
    return (
        f"ARI {found.ari_all:.3f} of {possible.ari_all:.3f} possible, {found.clusters} groups of {found.true_groups}, "
        f"{found.unclustered_pct:.1f} % unclustered"
    )


def _ours(items: pl.DataFrame) -> pl.DataFrame:
    return cluster(items, ClusterSettings())


def _bertopic_wiring(items: pl.DataFrame) -> pl.DataFrame:
    """BERTopic's default parameters on the same TF-IDF vectors."""
    numba_cache.enable()
    import hdbscan
    import umap

    vectors = skill_matrix(items.sort("item_id"))
    embedding = umap.UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=42).fit_transform(vectors)
    labels = np.asarray(hdbscan.HDBSCAN(min_cluster_size=10, metric="euclidean").fit_predict(embedding))
    return pl.DataFrame(
        {"item_id": items.sort("item_id")["item_id"], "cluster": labels, "strength": np.ones(len(labels)), "outlier": labels < 0}
    )
