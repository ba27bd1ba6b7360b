"""Groups items by the skills they share: TF-IDF, SVD, UMAP, HDBSCAN, merge of near-equal groups, attachment of strays.

Row order, threads and seeds change what UMAP and HDBSCAN find, so items are sorted, one thread computes and the seed
is a setting. Cluster numbers mean nothing between runs: identity is another module's business.
"""

from __future__ import annotations

import hashlib

import numpy as np
import polars as pl
from scipy import sparse

from jod_pipelines.settings import ClusterSettings

FIT_ITEMS = 20_000
"""UMAP is fitted on at most this many items; the rest join the nearest group, which is faster and no worse."""
FEWEST_NEIGHBOURS, ITEMS_PER_NEIGHBOUR = 5, 50
"""A few hundred programmes fall into groups of five to ten: with more neighbours than that, groups run together."""
CONTEXT_WEIGHT = 0.5
RESULT = {"item_id": pl.String(), "cluster": pl.Int64(), "strength": pl.Float64(), "outlier": pl.Boolean()}


def cluster(items: pl.DataFrame, settings: ClusterSettings) -> pl.DataFrame:
    """Group items by their skills.

    Args:
        items: item_id (unique), skill_uris (list of strings), optionally weights (list of floats, one per skill) and
            context (list of strings: occupation, field and the like, counted at half weight).
        settings: sizes, thresholds and the seed.

    Returns:
        item_id, cluster (0, 1, … by size, -1 unclustered), strength (cosine to the group's centre, 0 when
        unclustered), outlier (True when unclustered); one row per item, sorted by item_id.
    """
    items = items.sort("item_id")
    if items.is_empty():
        return pl.DataFrame(schema=RESULT)
    matrix = skill_matrix(items)
    filled = np.flatnonzero(np.asarray(matrix.sum(axis=1)).ravel() > 0)
    labels, strengths = np.full(len(items), -1), np.zeros(len(items))
    if len(filled) > 2 * settings.min_cluster_floor:
        vectors = _embed(matrix[filled], settings)
        ids = items["item_id"].gather(filled)
        fit = _sample(ids, FIT_ITEMS)
        found = _merge_similar(_density_groups(vectors[fit], settings), vectors[fit], settings.merge_similarity)
        if (found >= 0).any():
            labels[filled], strengths[filled] = _attach(vectors, fit, found, settings.attach_similarity)
    labels = _by_size(labels)
    return pl.DataFrame(
        {"item_id": items["item_id"], "cluster": labels, "strength": strengths, "outlier": labels < 0}, schema=RESULT
    )


def skill_matrix(items: pl.DataFrame) -> sparse.csr_matrix:
    """TF-IDF of skills and context, one L2-normalised row per item; features that only one item has carry nothing."""
    from sklearn.feature_extraction.text import TfidfTransformer

    weights = "weights" if "weights" in items.columns else None
    skills = items.select(
        pl.int_range(pl.len()).alias("row"),
        pl.col("skill_uris").alias("feature"),
        (pl.col(weights) if weights else pl.col("skill_uris").list.eval(pl.lit(1.0))).alias("weight"),
    ).explode("feature", "weight")
    parts = [skills]
    if "context" in items.columns:
        context = items.select(pl.int_range(pl.len()).alias("row"), pl.col("context").alias("feature")).explode("feature")
        parts.append(context.with_columns(pl.lit(CONTEXT_WEIGHT).alias("weight")))
    cells = pl.concat(parts).drop_nulls().group_by("row", "feature").agg(pl.col("weight").max())
    shared = cells.group_by("feature").len().filter(pl.col("len") > 1).sort("feature").with_row_index("column")
    cells = cells.join(shared, on="feature").sort("row", "column")
    shape = (len(items), max(1, len(shared)))
    counts = sparse.csr_matrix((cells["weight"].to_numpy(), (cells["row"].to_numpy(), cells["column"].to_numpy())), shape=shape)
    return TfidfTransformer(sublinear_tf=False).fit_transform(counts)


def _embed(matrix: sparse.csr_matrix, settings: ClusterSettings) -> np.ndarray:
    """Unit vectors of a truncated SVD."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.preprocessing import normalize
    from threadpoolctl import threadpool_limits

    size = min(settings.svd_components, min(matrix.shape) - 1)
    if size < 2:
        return np.asarray(normalize(matrix.toarray()))
    with threadpool_limits(1):
        vectors = TruncatedSVD(size, n_iter=4, random_state=settings.seed).fit_transform(matrix)
    return np.asarray(normalize(vectors), dtype=np.float32)


def _density_groups(vectors: np.ndarray, settings: ClusterSettings) -> np.ndarray:
    """Labels by UMAP and HDBSCAN; -1 is noise."""
    from jod_pipelines.opportunities import numba_cache

    numba_cache.enable()
    import hdbscan
    import umap
    from sklearn.neighbors import NearestNeighbors
    from threadpoolctl import threadpool_limits

    neighbours = max(2, min(settings.neighbours, max(FEWEST_NEIGHBOURS, len(vectors) // ITEMS_PER_NEIGHBOUR), len(vectors) - 1))
    with threadpool_limits(1):
        distances, indices = NearestNeighbors(n_neighbors=neighbours, algorithm="brute").fit(vectors).kneighbors(vectors)
        reducer = umap.UMAP(
            n_neighbors=neighbours,
            n_components=min(settings.umap_components, len(vectors) - 2),
            min_dist=0.0,
            random_state=settings.seed,
            n_jobs=1,
            precomputed_knn=(indices, distances.astype(np.float32), None),
        )
        embedding = reducer.fit_transform(vectors)
    smallest = max(settings.min_cluster_floor, round(settings.min_cluster_share * len(vectors)))
    clusterer = hdbscan.HDBSCAN(min_cluster_size=smallest, min_samples=min(5, smallest), core_dist_n_jobs=1)
    return np.asarray(clusterer.fit_predict(embedding.astype(np.float64)))


def _merge_similar(labels: np.ndarray, vectors: np.ndarray, similarity: float) -> np.ndarray:
    """Join groups whose centres are nearly the same: density alone breaks large groups up."""
    from scipy.cluster.hierarchy import fcluster, linkage

    names = np.unique(labels[labels >= 0])
    if len(names) < 2:
        return labels
    centres = np.stack([vectors[labels == name].mean(axis=0) for name in names])
    joined = fcluster(linkage(centres, method="average", metric="cosine"), 1 - similarity, criterion="distance")
    mapping = dict(zip(names.tolist(), joined.tolist(), strict=True))
    return np.array([mapping.get(label, -1) for label in labels.tolist()])


def _attach(vectors: np.ndarray, fit: np.ndarray, found: np.ndarray, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """Every item to the group whose centre is nearest, unless none is near; fitted items keep their group."""
    names = np.unique(found[found >= 0])
    centres = np.stack([vectors[fit][found == name].mean(axis=0) for name in names])
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    labels, strengths = np.full(len(vectors), -1), np.zeros(len(vectors))
    position = {name: index for index, name in enumerate(names.tolist())}
    for start in range(0, len(vectors), 100_000):
        similarity = vectors[start : start + 100_000] @ centres.T
        best = similarity.argmax(axis=1)
        near = similarity[np.arange(len(best)), best]
        labels[start : start + len(best)] = np.where(near >= threshold, names[best], -1)
        strengths[start : start + len(best)] = np.where(near >= threshold, near, 0)
    own = found >= 0
    labels[fit[own]] = found[own]
    columns = [position[name] for name in found[own].tolist()]
    strengths[fit[own]] = np.clip((vectors[fit[own]] * centres[columns]).sum(axis=1), 0, 1)
    return labels, strengths


def _by_size(labels: np.ndarray) -> np.ndarray:
    """Renumber groups from the largest; equal sizes by first member."""
    names, first, sizes = np.unique(labels[labels >= 0], return_index=True, return_counts=True)
    order = sorted(zip(-sizes, first, names, strict=True))
    numbers = {int(name): number for number, (_, _, name) in enumerate(order)}
    return np.array([numbers.get(int(label), -1) for label in labels])


def _sample(ids: pl.Series, size: int) -> np.ndarray:
    """Positions of a sample that depends on the ids alone, so that a new item does not change who is in it."""
    if len(ids) <= size:
        return np.arange(len(ids))
    digests = [hashlib.blake2b(item.encode(), digest_size=8).digest() for item in ids]
    return np.sort(np.argsort(np.array(digests), kind="stable")[:size])
