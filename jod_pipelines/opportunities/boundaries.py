"""Keeps apart what people know apart, until it is clearly one.

A clustering joins two groups when they are alike enough, and two that are just about as alike as that are joined in one
month and told apart in the next. So groups that had ids of their own the run before must be more alike than that to be
joined. And what looks like one group by its centre may be two by its members: neighbouring kinds of work, or a new kind
that grew within its parent. Where the halves of a group are less alike than chance would make them, they are two.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy import sparse

from jod_pipelines.opportunities.clustering import cluster, skill_matrix
from jod_pipelines.settings import ClusterSettings, IdentitySettings

FEWEST = 5
"""With fewer members left an opportunity is no group that could be kept apart."""
STARTS = 5
"""Times the two halves of a group are looked for, from other places; the best is taken."""
ALL_ALIKE = 0.999
"""Items that are nearly equal (mean cosine) have no halves."""
SHUFFLED = 2_000
HOLDS_TOGETHER = 0.5
"""A half whose members are this much less alike than those of the other is a heap of leftovers, no group of its own."""


def steady_clusters(
    items: pl.DataFrame, previous: pl.DataFrame | None, clustering: ClusterSettings, identity: IdentitySettings
) -> pl.DataFrame:
    """`cluster` with `keep_apart` and `tell_apart` after it: what opportunities are made of.

    Args:
        items: see `cluster`.
        previous: item_id, cluster of the run before; none at the first.
    """
    kept = keep_apart(cluster(items, clustering, previous), items, previous, identity.join_likeness)
    return tell_apart(kept, items, identity.split_likeness)


def keep_apart(
    clusters: pl.DataFrame, items: pl.DataFrame, previous: pl.DataFrame | None, needed_likeness: float
) -> pl.DataFrame:
    """Take groups apart again that were several the run before and are not clearly one now.

    Args:
        clusters: as `cluster` returns them.
        items: what was clustered (item_id, skill_uris, …).
        previous: item_id, cluster of the run before; none leaves everything as it is.
        needed_likeness: mean cosine between members of two groups, beside that within each, at which they become one.

    Returns:
        `clusters` with new numbers for what was taken apart; items that were in none of the groups join the nearest one.
    """
    contested = _contested(clusters, previous) if previous is not None else None
    if contested is None or contested.is_empty():
        return clusters
    clusters = clusters.sort("item_id")
    matrix = skill_matrix(items.sort("item_id"))
    named = clusters.select("item_id", "cluster").join(contested, on=["item_id", "cluster"], how="left", maintain_order="left")
    earlier = named["earlier"].to_numpy()
    labels, strengths = clusters["cluster"].to_numpy().copy(), clusters["strength"].to_numpy().copy()
    for number in contested["cluster"].unique().sort().to_list():
        rows = np.flatnonzero(labels == number)
        parts = _parts(matrix[rows], earlier[rows], needed_likeness)
        if parts is not None:
            groups, strengths[rows] = parts
            labels[rows] = np.where(groups == 0, number, labels.max() + groups)
    return clusters.with_columns(cluster=pl.Series(labels), strength=pl.Series(strengths))


def tell_apart(clusters: pl.DataFrame, items: pl.DataFrame, likeness_of_one: float) -> pl.DataFrame:
    """Take groups apart that are clearly two, though their centres are alike: neighbours share many skills.

    Args:
        clusters: as `cluster` returns them.
        items: what was clustered (item_id, skill_uris, …).
        likeness_of_one: mean cosine between members of the two halves, beside that within each and beside that of the halves
            that chance makes of one group, under which they are two.

    Returns:
        `clusters` with new numbers for the smaller halves.
    """
    if clusters["outlier"].all():
        return clusters
    clusters = clusters.sort("item_id")
    matrix = skill_matrix(items.sort("item_id"))
    labels, strengths = clusters["cluster"].to_numpy().copy(), clusters["strength"].to_numpy().copy()
    waiting = list(range(labels.max() + 1))
    while waiting:
        number = waiting.pop()
        rows = np.flatnonzero(labels == number)
        groups = _halves(matrix[rows], likeness_of_one)
        if groups is not None:
            strengths[rows] = _cosines(matrix[rows], matrix[rows], groups)[np.arange(len(rows)), groups]
            labels[rows[groups == 1]] = labels.max() + 1
            waiting += [number, int(labels.max())]
    return clusters.with_columns(cluster=pl.Series(labels), strength=pl.Series(strengths))


def _contested(clusters: pl.DataFrame, previous: pl.DataFrame) -> pl.DataFrame:
    """item_id, cluster, earlier (a number): the members of earlier clusters, where one cluster now holds most of several."""
    named = previous.select("item_id", earlier=pl.col("cluster").cast(pl.String).rank("dense").cast(pl.Int64))
    both = clusters.filter(~pl.col("outlier")).select("item_id", "cluster").join(named, on="item_id")
    here = pl.len().over("cluster", "earlier")
    most = both.filter(here >= FEWEST, 2 * here > pl.len().over("earlier"))
    return most.filter(pl.col("earlier").n_unique().over("cluster") > 1)


def _parts(vectors: sparse.csr_matrix, earlier: np.ndarray, needed_likeness: float) -> tuple[np.ndarray, np.ndarray] | None:
    """Part (0 the largest) and cosine to its centre of each row; nothing when the rows are one group.

    Args:
        vectors: unit rows.
        earlier: number of the earlier cluster of each row; not a number where there is none.
    """
    from scipy.cluster.hierarchy import fcluster, linkage

    known = ~np.isnan(earlier)
    names, place = np.unique(earlier[known], return_inverse=True)
    likeness, _ = _likeness(vectors[known], place)
    apart = np.clip(1 - likeness[np.triu_indices(len(names), 1)], 0, None)
    joined = fcluster(linkage(apart, method="average"), 1 - needed_likeness, criterion="distance")[place]
    if len(np.unique(joined)) == 1:
        return None
    order = np.argsort(-np.bincount(joined)[1:], kind="stable")
    groups = np.argsort(order)[joined - 1]
    cosines = _cosines(vectors, vectors[known], groups)
    nearest = cosines.argmax(axis=1)
    nearest[known] = groups
    return nearest, cosines[np.arange(len(nearest)), nearest]


def _halves(vectors: sparse.csr_matrix, likeness_of_one: float) -> np.ndarray | None:
    """Half (0 the larger, 1) of each row; nothing when the rows are one group or one half is a heap of leftovers.

    Any group has halves; how alike those of one group would be is found by shuffling who asks for which skill, as the gap
    statistic does (Tibshirani et al. 2001).
    """
    size = vectors.shape[0]
    if size < 2 * FEWEST or _likeness(vectors, np.zeros(size, dtype=int))[1][0] > ALL_ALIKE:
        return None
    groups = _two_means(vectors)
    if np.bincount(groups, minlength=2).min() < FEWEST:
        return None
    likeness, within = _likeness(vectors, groups)
    if likeness[0, 1] >= likeness_of_one or within.min() < HOLDS_TOGETHER * within.max():
        return None
    mixed = _shuffled(vectors)
    halves = _two_means(mixed)
    by_chance = _likeness(mixed, halves)[0][0, 1] if np.bincount(halves, minlength=2).min() > 1 else 1.0
    if likeness[0, 1] >= likeness_of_one * by_chance:
        return None
    return np.asarray(groups if 2 * groups.sum() <= size else 1 - groups)


def _two_means(vectors: sparse.csr_matrix) -> np.ndarray:
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        return np.asarray(KMeans(2, n_init=STARTS, random_state=0).fit_predict(vectors))


def _shuffled(vectors: sparse.csr_matrix) -> sparse.csr_matrix:
    """Unit rows that ask for each skill as often as these do, but independently of all others; SHUFFLED of them at most."""
    from sklearn.preprocessing import normalize

    some = vectors[:: -(-vectors.shape[0] // SHUFFLED)]
    some = some[:, np.flatnonzero(some.getnnz(axis=0))].toarray()
    mixed = sparse.csr_matrix(normalize(np.random.default_rng(0).permuted(some, axis=0)))
    return mixed[mixed.getnnz(axis=1) > 0]


def _likeness(vectors: sparse.csr_matrix, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean cosine between members of each two groups beside that within both, and that within each group."""
    sums, sizes = _sums(vectors, groups), np.bincount(groups)
    products = sums @ sums.T
    within = np.maximum((products.diagonal() - sizes) / (sizes * (sizes - 1)), 1e-9)
    return products / np.outer(sizes, sizes) / np.sqrt(np.outer(within, within)), within


def _cosines(vectors: sparse.csr_matrix, members: sparse.csr_matrix, groups: np.ndarray) -> np.ndarray:
    """Cosine of each row to the centre of each group of members."""
    centres = _sums(members, groups)
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    return np.asarray(vectors @ centres.T)


def _sums(vectors: sparse.csr_matrix, groups: np.ndarray) -> np.ndarray:
    cells = np.ones(len(groups)), (groups, np.arange(len(groups)))
    return np.asarray((sparse.csr_matrix(cells) @ vectors).toarray())
