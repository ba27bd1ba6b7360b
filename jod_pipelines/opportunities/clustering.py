"""Groups items by the skills they share: near neighbours, communities of their graph, then profiles that settle who belongs.

A sample is embedded (TF-IDF, SVD), its nearest neighbours are linked by how many neighbours they share, and Louvain's
method finds communities. Each community is searched for communities of its own, so that small groups do not drown in
large ones, and groups whose centres are alike are joined again. What a group asks for then decides for every item, in
the sample or not, which group it most likely belongs to. Row order, threads and seeds change what such methods find, so
items are sorted, one thread computes and the seed is a setting. Cluster numbers mean nothing between runs: identity is
another module's business, but `previous` keeps borderline items where they were.
"""

from __future__ import annotations

import hashlib

import numpy as np
import polars as pl
from scipy import sparse

from jod_pipelines.settings import ClusterSettings

FIT_ITEMS = 30_000
"""Groups are looked for among at most this many items; all others join the group most like them."""
FEWEST_NEIGHBOURS, ITEMS_PER_NEIGHBOUR = 5, 50
"""A few hundred programmes fall into groups of five to ten: with more neighbours than that, groups run together."""
CONTEXT_WEIGHT = 0.5
"""More of it makes groups that two samples agree on, and that people with their skills are not found in (decision 9)."""
ALIKE_PART, ALIKE_AT_MOST = 0.9, 0.6
"""Centres are alike when they are about as near to each other as items are to their own: distinct kinds of tidy items
(programmes with structured skills) are nearer to each other than halves of one kind of untidy ones (postings)."""
EXACT_UP_TO = 5_000
"""Among more items than this, neighbours are searched for only in the parts of space nearest to each."""
PARTS_PER_ROOT, PARTS_SEARCHED = 1.5, 8
"""Parts space is cut into, for each unit of the root of the number of items, and how many of them are searched."""
DENSE_SHARE = 0.001
"""HDBSCAN's smallest group, as a share of the items."""
BLOCK = 50_000
"""Items compared with all groups at a time."""
ROUNDS = 5
"""Times the profiles of groups and their members are brought in line with each other; changes are few after three."""
SETTLED = 0.001
BACKGROUND_ITEMS = 20.0
"""A group's profile starts as this many average items: what two members share is not yet what the group asks for."""
CARRIED_ON = 0.3
"""Part of the members an earlier cluster and a group share at least, of all that either has, to be the same."""
UNCLUSTERED = "-1"
RESULT = {"item_id": pl.String(), "cluster": pl.Int64(), "strength": pl.Float64(), "outlier": pl.Boolean()}


def cluster(items: pl.DataFrame, settings: ClusterSettings, previous: pl.DataFrame | None = None) -> pl.DataFrame:
    """Group items by their skills.

    Args:
        items: item_id (unique), skill_uris (list of strings), optionally weights (list of floats, one per skill) and
            context (list of strings: occupation, field and the like, counted at half weight).
        settings: sizes, thresholds and the seed.
        previous: item_id, cluster of an earlier run, whatever its names for clusters; an item stays with the group its
            old cluster lives on in unless another is clearly nearer (`settings.keep_margin`).

    Returns:
        item_id, cluster (0, 1, … by size, -1 unclustered), strength (cosine to the group's centre, 0 when
        unclustered), outlier (True when unclustered); one row per item, sorted by item_id.
    """
    items = items.sort("item_id")
    cells = _cells(items) if len(items) else sparse.csr_matrix((0, 1), dtype=np.float32)
    filled = np.flatnonzero(np.diff(cells.indptr))
    labels, strengths = np.full(len(items), -1), np.zeros(len(items))
    if len(filled) > 2 * settings.min_cluster_floor:
        ids = items["item_id"].gather(filled)
        labels[filled], strengths[filled] = _group(ids, cells[filled], settings, previous)
    labels = _by_size(labels)
    return pl.DataFrame(
        {"item_id": items["item_id"], "cluster": labels, "strength": strengths, "outlier": labels < 0}, schema=RESULT
    )


def skill_matrix(items: pl.DataFrame) -> sparse.csr_matrix:
    """TF-IDF of skills and context, one L2-normalised row per item; features that only one item has carry nothing."""
    return _tfidf(_cells(items))


def _cells(items: pl.DataFrame) -> sparse.csr_matrix:
    """Weights of skills and context, items x features in the order of their names, float32."""
    weights = "weights" if "weights" in items.columns else None
    skills = items.select(
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("row"),
        pl.col("skill_uris").alias("feature"),
        (pl.col(weights) if weights else pl.col("skill_uris").list.eval(pl.lit(1.0))).alias("weight"),
    ).explode("feature", "weight")
    parts = [skills.with_columns(pl.col("weight").cast(pl.Float32))]
    if "context" in items.columns:
        context = items.select(pl.int_range(pl.len(), dtype=pl.UInt32).alias("row"), feature="context").explode("feature")
        parts.append(context.with_columns(weight=pl.lit(CONTEXT_WEIGHT, pl.Float32)))
    cells = pl.concat(parts).drop_nulls()
    names = cells["feature"].unique().sort()
    cells = cells.with_columns(pl.col("feature").cast(pl.Enum(names)).to_physical().cast(pl.UInt32))
    cells = cells.group_by("row", "feature").agg(pl.col("weight").max())
    shared = cells.group_by("feature").len().filter(pl.col("len") > 1).sort("feature").with_row_index("column")
    cells = cells.join(shared, on="feature").sort("row", "column")
    shape = (len(items), max(1, len(shared)))
    return sparse.csr_matrix((cells["weight"].to_numpy(), (cells["row"].to_numpy(), cells["column"].to_numpy())), shape=shape)


def _tfidf(cells: sparse.csr_matrix) -> sparse.csr_matrix:
    from sklearn.feature_extraction.text import TfidfTransformer

    return TfidfTransformer().fit_transform(cells).astype(np.float32)


def _group(
    ids: pl.Series, cells: sparse.csr_matrix, settings: ClusterSettings, previous: pl.DataFrame | None
) -> tuple[np.ndarray, np.ndarray]:
    """Group (-1: none) and strength of each row."""
    vectors = _tfidf(cells)
    fit = _sample(ids, FIT_ITEMS)
    start = _density_start if settings.start == "density" else _neighbour_start
    found, closeness = start(vectors[fit], settings)
    fit, found = fit[found >= 0], found[found >= 0]
    if not len(fit):
        return np.full(len(ids), -1), np.zeros(len(ids))
    alike = max(settings.merge_similarity, min(ALIKE_PART * closeness, ALIKE_AT_MOST))
    labels = _settle(cells, fit, _merge_similar(found, vectors[fit], alike), settings.min_cluster_floor)
    labels = _settle(cells, np.arange(len(ids)), _merge_similar(labels, vectors, alike), settings.min_cluster_floor)
    centres = _centres(labels, vectors)
    if previous is not None:
        labels = _stay(labels, _earlier(ids, previous), vectors, centres, settings.keep_margin)
        centres = _centres(labels, vectors)
    strengths = _cosines(vectors, centres, labels)
    near = strengths >= settings.attach_similarity
    return np.where(near, labels, -1), np.where(near, strengths, 0)


def _neighbour_start(vectors: sparse.csr_matrix, settings: ClusterSettings) -> tuple[np.ndarray, float]:
    """Communities within the communities of the graph of shared neighbours; mean cosine of items to the outer ones."""
    graph = _shared_neighbours(_embed(vectors, settings), _neighbour_count(vectors.shape[0], settings))
    coarse = _communities(graph, settings.seed)
    return _communities_within(graph, coarse, settings), float(_cosines(vectors, _centres(coarse, vectors), coarse).mean())


def _density_start(vectors: sparse.csr_matrix, settings: ClusterSettings) -> tuple[np.ndarray, float]:
    """UMAP, then HDBSCAN, -1 is noise; mean cosine of items to the groups they are in."""
    from jod_pipelines.opportunities import numba_cache

    numba_cache.enable()
    import hdbscan
    import umap
    from threadpoolctl import threadpool_limits

    embedded = _embed(vectors, settings)
    neighbours = max(2, _neighbour_count(len(embedded), settings))
    with threadpool_limits(1):
        indices, likeness = _nearest(embedded, neighbours)
        reducer = umap.UMAP(
            n_neighbors=neighbours,
            n_components=min(settings.umap_components, len(embedded) - 2),
            min_dist=0.0,
            random_state=settings.seed,
            n_jobs=1,
            precomputed_knn=(indices, np.sqrt(np.clip(2 - 2 * likeness, 0, None)), None),
        )
        flat = reducer.fit_transform(embedded)
    smallest = max(settings.min_cluster_floor, round(DENSE_SHARE * len(embedded)))
    clusterer = hdbscan.HDBSCAN(min_cluster_size=smallest, min_samples=min(5, smallest), core_dist_n_jobs=1)
    found = np.asarray(clusterer.fit_predict(flat.astype(np.float64)))
    inside = found >= 0
    if not inside.any():
        return found, 0.0
    return found, float(_cosines(vectors[inside], _centres(found[inside], vectors[inside]), found[inside]).mean())


def _neighbour_count(items: int, settings: ClusterSettings) -> int:
    return min(settings.neighbours, max(FEWEST_NEIGHBOURS, items // ITEMS_PER_NEIGHBOUR), items - 1)


def _embed(vectors: sparse.csr_matrix, settings: ClusterSettings) -> np.ndarray:
    """Unit vectors of a truncated SVD."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.preprocessing import normalize
    from threadpoolctl import threadpool_limits

    size = min(settings.svd_components, min(vectors.shape) - 1)
    if size < 2:
        return np.asarray(normalize(vectors.toarray()), dtype=np.float32)
    with threadpool_limits(1):
        embedded = TruncatedSVD(size, n_iter=4, random_state=settings.seed).fit_transform(vectors)
    return np.asarray(normalize(embedded), dtype=np.float32)


def _nearest(vectors: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions and cosines of the nearest rows, nearest first: the row itself, or one equal to it, comes first."""
    import faiss
    from threadpoolctl import threadpool_limits

    items, size = vectors.shape
    parts = round(PARTS_PER_ROOT * items**0.5)
    with threadpool_limits(1):
        if items <= EXACT_UP_TO:
            index: faiss.Index = faiss.IndexFlatIP(size)
        else:
            index = faiss.IndexIVFFlat(faiss.IndexFlatIP(size), size, parts, faiss.METRIC_INNER_PRODUCT)
            index.nprobe = PARTS_SEARCHED
            index.train(vectors)
        index.add(vectors)
        likeness, nearest = index.search(vectors, count)
    # Where the parts searched hold too few, the row itself stands in for the missing ones.
    return np.where(nearest < 0, np.arange(items)[:, None], nearest), likeness


def _shared_neighbours(vectors: np.ndarray, neighbours: int) -> sparse.csr_matrix:
    """A graph of nearest neighbours, weighted by how many of their neighbours two items share (Jarvis and Patrick 1973)."""
    nearest, _ = _nearest(vectors, neighbours + 1)
    rows = np.repeat(np.arange(len(vectors)), nearest.shape[1])
    links = sparse.csr_matrix((np.ones(nearest.size, dtype=np.float32), (rows, nearest.ravel())), shape=(len(vectors),) * 2)
    shared = (links @ links.T).multiply(links).tocsr()
    return shared.maximum(shared.T).tocsr()


def _communities(graph: sparse.csr_matrix, seed: int) -> np.ndarray:
    """Louvain's communities (scikit-network: its Leiden does not repeat itself, its Louvain does)."""
    from sknetwork.clustering import Louvain

    return np.asarray(Louvain(random_state=seed).fit_predict(graph))


def _communities_within(graph: sparse.csr_matrix, labels: np.ndarray, settings: ClusterSettings) -> np.ndarray:
    """Communities of each community's own graph: modularity overlooks groups that are small beside the whole."""
    found, taken = np.zeros(len(labels), dtype=int), 0
    for members in _members(labels):
        own = _communities(graph[members][:, members], settings.seed) if len(members) > 2 * settings.min_cluster_floor else 0
        found[members] = taken + own
        taken = found[members].max() + 1
    return found


def _merge_similar(labels: np.ndarray, vectors: sparse.csr_matrix, similarity: float) -> np.ndarray:
    """Join groups whose centres are alike (average linkage): communities break large groups up."""
    from scipy.cluster.hierarchy import fcluster, linkage

    centres = _centres(labels, vectors)
    if len(centres) < 2:
        return labels
    distances = np.clip(1 - centres @ centres.T, 0, None)[np.triu_indices(len(centres), 1)]
    joined = fcluster(linkage(distances.astype(np.float64), method="average"), 1 - similarity, criterion="distance")
    return np.asarray(joined[labels] - 1)


def _settle(cells: sparse.csr_matrix, fit: np.ndarray, labels: np.ndarray, smallest: int) -> np.ndarray:
    """Every row to the group most likely to ask for its skills, again and again until few rows move.

    Naive Bayes over skills asked for or not, weights counting as part of a skill; groups under `smallest` dissolve.
    """
    average = np.asarray(cells.mean(axis=0)).ravel()
    settled = np.full(cells.shape[0], -1)
    for _ in range(ROUNDS):
        odds, none = _profiles(cells[fit], labels, average, smallest)
        blocks = (cells[start : start + BLOCK] @ odds + none for start in range(0, cells.shape[0], BLOCK))
        before, settled = settled, np.concatenate([block.argmax(axis=1) for block in blocks])
        fit, labels = np.arange(len(settled)), settled
        if np.mean(before != settled) < SETTLED:
            break
    return np.unique(settled, return_inverse=True)[1]


def _profiles(cells: sparse.csr_matrix, labels: np.ndarray, average: np.ndarray, smallest: int) -> tuple[np.ndarray, np.ndarray]:
    """Log odds of each skill in each group (skills x groups), and of asking for none of them (groups)."""
    sizes = np.bincount(labels)
    large = sizes >= min(smallest, sizes.max())
    asked = (_indicator(labels) @ cells).toarray()[large]
    share = (asked + BACKGROUND_ITEMS * average) / (sizes[large, None] + BACKGROUND_ITEMS)
    share = np.clip(share, 1e-6, 1 - 1e-6)
    odds = np.log(share) - np.log1p(-share)
    return odds.T.astype(np.float32), np.log1p(-share).sum(axis=1) + np.log(sizes[large] / sizes.sum())


def _stay(labels: np.ndarray, earlier: np.ndarray, vectors: sparse.csr_matrix, centres: np.ndarray, margin: float) -> np.ndarray:
    """Rows back to the group that carries on their earlier cluster, unless their own is nearer by more than the margin.

    A group carries on the earlier cluster it shares the largest part of members with (Jaccard, one to one, at least
    CARRIED_ON).
    """
    from scipy.optimize import linear_sum_assignment

    known = earlier >= 0
    if not known.any():
        return labels
    cells = np.ones(known.sum()), (earlier[known], labels[known])
    common = sparse.coo_matrix(cells, shape=(earlier.max() + 1, len(centres)))
    shared = common.toarray()
    either = shared.sum(axis=1, keepdims=True) + shared.sum(axis=0, keepdims=True) - shared
    likeness = shared / np.maximum(either, 1)
    old, new = linear_sum_assignment(-likeness)
    heir = np.full(len(likeness), -1)
    carried = likeness[old, new] >= CARRIED_ON
    heir[old[carried]] = new[carried]
    kept = np.where(known, heir[earlier], -1)
    kept = np.where(kept >= 0, kept, labels)
    near = _cosines(vectors, centres, kept) >= _cosines(vectors, centres, labels) - margin
    return np.where(near, kept, labels)


def _earlier(ids: pl.Series, previous: pl.DataFrame) -> np.ndarray:
    """The earlier cluster of each id as a number from 0, -1 where there was none."""
    named = previous.select("item_id", pl.col("cluster").cast(pl.String)).filter(pl.col("cluster") != UNCLUSTERED)
    numbered = named.with_columns(pl.col("cluster").rank("dense").cast(pl.Int64) - 1)
    joined = ids.to_frame("item_id").join(numbered, on="item_id", how="left", maintain_order="left")
    return joined["cluster"].fill_null(-1).to_numpy()


def _indicator(labels: np.ndarray) -> sparse.csr_matrix:
    """Groups x rows, 1 where the row is of the group."""
    cells = np.ones(len(labels), dtype=np.float32), (labels, np.arange(len(labels)))
    return sparse.csr_matrix(cells, shape=(labels.max() + 1, len(labels)))


def _centres(labels: np.ndarray, vectors: sparse.csr_matrix) -> np.ndarray:
    """Unit mean vectors, groups x features."""
    from sklearn.preprocessing import normalize

    return np.asarray(normalize((_indicator(labels) @ vectors).toarray()))


def _cosines(vectors: sparse.csr_matrix, centres: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Cosine of each row to the centre of its group."""
    rows = np.repeat(np.arange(len(labels)), np.diff(vectors.indptr))
    return np.bincount(rows, vectors.data * centres[labels[rows], vectors.indices], minlength=len(labels))


def _members(labels: np.ndarray) -> list[np.ndarray]:
    """Rows of each group, groups from 0 on."""
    order = np.argsort(labels, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)


def _by_size(labels: np.ndarray) -> np.ndarray:
    """Renumber groups from the largest; equal sizes by first member."""
    names, first, place, sizes = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    order = np.lexsort((first, -sizes, names < 0))
    numbers = np.empty(len(names), dtype=int)
    numbers[order] = np.arange(len(names))
    return np.where(labels < 0, -1, numbers[place])


def _sample(ids: pl.Series, size: int) -> np.ndarray:
    """Positions of a sample that depends on the ids alone, so that a new item does not change who is in it."""
    if len(ids) <= size:
        return np.arange(len(ids))
    digests = [hashlib.blake2b(item.encode(), digest_size=8).digest() for item in ids]
    return np.sort(np.argsort(np.array(digests), kind="stable")[:size])
