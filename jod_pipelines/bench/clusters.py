"""Job postings into kinds of work: this platform's clustering beside UMAP and HDBSCAN wired as BERTopic wires them."""

from __future__ import annotations

import itertools
import time

import numpy as np
import polars as pl

from jod_pipelines.bench import Result
from jod_pipelines.opportunities import cluster, numba_cache
from jod_pipelines.opportunities.clustering import skill_matrix
from jod_pipelines.opportunities.evaluation import evaluate
from jod_pipelines.sandbox import build_world
from jod_pipelines.settings import load_settings

POSTINGS = 5_000


def run() -> list[Result]:
    """Both on the same planted world, with the adjusted Rand index over all items."""
    settings = load_settings(sources="sandbox", scale=str(POSTINGS))
    world = build_world(settings)
    items = pl.DataFrame(
        {
            "item_id": [f"{number:07d}" for number in range(POSTINGS)],
            "skill_uris": [list(dict.fromkeys(itertools.chain(*world.posting_skills(number)))) for number in range(POSTINGS)],
        }
    )
    kinds = [world.vocabulary.work[int(kind)].key for kind in world.posting_columns["kind"]]
    truth = pl.DataFrame({"item_id": items["item_id"], "kind": kinds})
    cluster(items.head(300), settings.clusters)  # compiled code is loaded before the clock starts
    started = time.perf_counter()
    ours = cluster(items, settings.clusters)
    seconds = time.perf_counter() - started
    started = time.perf_counter()
    peer = _bertopic_wiring(items)
    peer_seconds = time.perf_counter() - started
    return [
        Result("jod cluster", seconds, POSTINGS, "postings", _quality(ours, truth)),
        Result("UMAP + HDBSCAN as in BERTopic", peer_seconds, POSTINGS, "postings", _quality(peer, truth)),
    ]


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


def _quality(clusters: pl.DataFrame, truth: pl.DataFrame) -> str:
    found = evaluate(clusters, truth)
    return f"ARI {found.ari_all:.3f}, {found.clusters} groups of {found.true_groups}, {found.unclustered_pct:.1f} % unclustered"
