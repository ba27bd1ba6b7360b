"""The map of opportunities: each a point, near those that ask for or teach the same skills.

UMAP lays the skill profiles out on a plane. A map that is drawn anew each day turns and folds at random, and readers lose
their way; so what was on the last map starts where it was and moves slowly, what is new starts among those it is most
like, and the whole is laid back over the last map.
"""

from __future__ import annotations

import warnings

import numpy as np
import polars as pl

from jod_pipelines.settings import MapSettings

FEWEST = 5
"""With fewer opportunities than this a map says nothing."""
STRETCHED = 10.0
"""Width and height UMAP gives any start."""
POSITIONS = {"opportunity_id": pl.String(), "x": pl.Float64(), "y": pl.Float64()}


def lay_out(
    skills: pl.DataFrame, earlier: pl.DataFrame, settings: MapSettings, earlier_skills: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Places of opportunities on a plane.

    Args:
        skills: opportunity_id, skill_uri, weight (0-1).
        earlier: opportunity_id, x, y of the last map; empty for the first.
        settings: neighbours, rounds and the seed.
        earlier_skills: opportunity_id, skill_uri, weight of the last map; where nothing has changed since, neither does the map.

    Returns:
        opportunity_id, x, y, sorted by opportunity_id; no rows for fewer than five opportunities. Distances are
        meaningful near by only, directions mean nothing.
    """
    ids = skills["opportunity_id"].unique().sort()
    if len(ids) < FEWEST:
        return pl.DataFrame(schema=POSITIONS)
    if earlier_skills is not None and _same(skills, earlier_skills) and earlier["opportunity_id"].sort().equals(ids):
        return earlier.select(*POSITIONS).sort("opportunity_id")
    vectors = _profiles(skills, ids)
    known = pl.DataFrame({"opportunity_id": ids}).join(earlier, on="opportunity_id", how="left", maintain_order="left")
    before = known.select("x", "y").to_numpy().astype(np.float64)
    is_known = ~np.isnan(before[:, 0])
    carried = is_known.sum() >= FEWEST
    start = _among_likes(before, is_known, vectors) if carried else _principal(vectors)
    placed = _umap(vectors, start, settings, rate=settings.moving_rate if carried else 1.0)
    placed = _laid_over(placed, before, is_known) if carried else _wide(placed)
    return pl.DataFrame({"opportunity_id": ids, "x": placed[:, 0].round(3), "y": placed[:, 1].round(3)}, schema=POSITIONS)


def moved(earlier: pl.DataFrame, now: pl.DataFrame) -> float | None:
    """Median distance that opportunities on both maps moved, in % of the width of the earlier map; None without any."""
    both = earlier.join(now, on="opportunity_id", suffix="_now")
    width = earlier.select(pl.max_horizontal(pl.col("x").max() - pl.col("x").min(), pl.col("y").max() - pl.col("y").min()))
    distance = ((pl.col("x_now") - pl.col("x")) ** 2 + (pl.col("y_now") - pl.col("y")) ** 2).sqrt()
    median = both.select(distance.median()).item() if len(both) else None
    return None if median is None or not width.item() else 100 * float(median / width.item())


def _same(skills: pl.DataFrame, others: pl.DataFrame) -> bool:
    columns = ["opportunity_id", "skill_uri", "weight"]
    return skills.select(columns).sort(columns).equals(others.select(columns).sort(columns))


def _profiles(skills: pl.DataFrame, ids: pl.Series) -> np.ndarray:
    """Unit vectors of skill weights, rare skills counting more (smoothed inverse document frequency)."""
    wide = skills.sort("skill_uri").pivot("skill_uri", index="opportunity_id", values="weight").sort("opportunity_id")
    weights = wide.drop("opportunity_id").fill_null(0.0).to_numpy().astype(np.float64)
    rarity = np.log((1 + len(ids)) / (1 + (weights > 0).sum(axis=0))) + 1
    vectors = weights * rarity
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12))


def _principal(vectors: np.ndarray) -> np.ndarray:
    """First two principal components, as wide as UMAP's own starts."""
    axes = _wide(vectors)
    return np.asarray(STRETCHED * axes / max(np.abs(axes).max(), 1e-9))


def _wide(points: np.ndarray) -> np.ndarray:
    """Points about their mean, turned so that they spread most from left to right and then from bottom to top."""
    flat = np.pad(points, ((0, 0), (0, max(0, 2 - points.shape[1]))))
    left, sizes, _ = np.linalg.svd(flat - flat.mean(axis=0), full_matrices=False)
    axes = left[:, :2] * sizes[:2]
    return np.asarray(axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(2)]))


def _among_likes(before: np.ndarray, is_known: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Where each was; what is new, at the mean of the three it is most like."""
    start = before.copy()
    likeness = vectors[~is_known] @ vectors[is_known].T
    nearest = np.argsort(-likeness, axis=1, kind="stable")[:, :3]
    start[~is_known] = before[is_known][nearest].mean(axis=1)
    return start


def _umap(vectors: np.ndarray, start: np.ndarray, settings: MapSettings, rate: float) -> np.ndarray:
    """UMAP from a start; it stretches both axes of a start to the same range, which is taken back."""
    from jod_pipelines.opportunities import numba_cache

    numba_cache.enable()
    import umap
    from threadpoolctl import threadpool_limits

    start = np.where(np.ptp(start, axis=0) > 0, start, np.arange(len(start))[:, None])  # it cannot stretch what has no width
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reducer = umap.UMAP(
            n_neighbors=min(settings.neighbours, len(vectors) - 1),
            min_dist=settings.min_distance,
            metric="cosine",
            init=start.astype(np.float32),
            n_epochs=settings.rounds,
            learning_rate=rate,
            random_state=settings.seed,
            n_jobs=1,
        )
        placed = np.asarray(reducer.fit_transform(vectors), dtype=np.float64)
    return np.asarray(placed * np.ptp(start, axis=0) / STRETCHED + start.min(axis=0))


def _laid_over(placed: np.ndarray, before: np.ndarray, is_known: np.ndarray) -> np.ndarray:
    """The new layout turned, scaled and shifted so that what both maps show lies as near its old place as can be (Procrustes)."""
    centre, old_centre = placed[is_known].mean(axis=0), before[is_known].mean(axis=0)
    new, old = placed[is_known] - centre, before[is_known] - old_centre
    left, sizes, right = np.linalg.svd(new.T @ old)
    scale = sizes.sum() / max((new**2).sum(), 1e-12)
    return np.asarray((placed - centre) @ (left @ right) * scale + old_centre)
