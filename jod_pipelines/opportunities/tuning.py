"""Tries settings of the grouping on a sample and keeps the trace, which says why the settings are what they are.

Where the truth is planted, the adjusted Rand index judges. Real items have none; then two things judge that a good grouping has:
members are nearer to their own group than to the next one (silhouette, Rousseeuw 1987), and two parts of the sample that overlap
are grouped alike (stability, Ben-Hur and others 2002).
"""

from __future__ import annotations

import hashlib
import time
from typing import Any

import numpy as np
import polars as pl

from jod_pipelines.opportunities.clustering import cluster, skill_matrix
from jod_pipelines.settings import ClusterSettings, TuningSettings

PART = 0.8
"""Share of the sample in each of the two parts that overlap."""
TRACE = pl.Schema(
    {
        "changed": pl.String(),
        "is_current": pl.Boolean(),
        "settings": pl.String(),
        "items": pl.Int64(),
        "groups": pl.Int64(),
        "unclustered_pct": pl.Float64(),
        "ari": pl.Float64(),
        "silhouette": pl.Float64(),
        "agreement": pl.Float64(),
        "score": pl.Float64(),
        "seconds": pl.Float64(),
    }
)
"""`changed` is the setting that differs from the current ones; `score` ranks the trials; `seconds` are of one grouping."""


def trials(current: ClusterSettings, tuning: TuningSettings) -> dict[str, ClusterSettings]:
    """Settings to try, by what is changed: the current ones, and each of the others with one value of another setting."""
    changes = [(name, value) for name, values in tuning.values.items() for value in values if getattr(current, name) != value]
    other = {f"{name}={value}": ClusterSettings(**current.model_dump() | {name: value}) for name, value in changes}
    return {"": current} | other


def tune(
    items: pl.DataFrame, current: ClusterSettings, tuning: TuningSettings, truth: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Group a sample with each of the settings to try.

    Args:
        items: see `cluster`.
        truth: item_id, kind; where it is known.

    Returns:
        TRACE, best first; equal scores: the current settings first, then the fewest groups.
    """
    sample = items.filter(pl.Series(_order(items["item_id"], tuning.seed)) < tuning.sample_items).sort("item_id")
    rows = [_trial(name, settings, sample, tuning, truth) for name, settings in trials(current, tuning).items()]
    trace = pl.DataFrame(rows, schema=TRACE, orient="row")
    return trace.sort("score", "is_current", "groups", "changed", descending=[True, True, False, False], nulls_last=True)


def verdict(trace: pl.DataFrame) -> str:
    """The trace in a sentence."""
    best, current = trace.row(0, named=True), trace.row(by_predicate=pl.col("is_current"), named=True)
    if best["score"] is None:
        return "there is too little to group: nothing can be said of the settings"
    if best["is_current"]:
        return f"none of the {len(trace)} tried is better than the current settings: score {best['score']:.3f}"
    own = "none" if current["score"] is None else f"{current['score']:.3f}"
    return f"{best['changed']} is the best of {len(trace)} tried: score {best['score']:.3f}, the current settings {own}"


def _trial(
    changed: str, settings: ClusterSettings, sample: pl.DataFrame, tuning: TuningSettings, truth: pl.DataFrame | None
) -> dict[str, Any]:
    started = time.perf_counter()
    found = cluster(sample, settings)
    seconds = time.perf_counter() - started
    ari, silhouette = _ari(found, truth), _silhouette(sample, found, tuning.seed)
    agreement = _agreement(sample, settings, tuning.seed) if ari is None else None
    truthless = [value for value in (silhouette, agreement) if value is not None]
    return {
        "changed": changed,
        "is_current": not changed,
        "settings": settings.model_dump_json(),
        "items": len(found),
        "groups": found.filter(~pl.col("outlier"))["cluster"].n_unique(),
        "unclustered_pct": 100 * float(found["outlier"].mean() or 0),  # type: ignore[arg-type]
        "ari": ari,
        "silhouette": silhouette,
        "agreement": agreement,
        "score": ari if ari is not None else sum(truthless) / 2 if len(truthless) == 2 else None,
        "seconds": round(seconds, 2),
    }


def _ari(found: pl.DataFrame, truth: pl.DataFrame | None) -> float | None:
    if truth is None:
        return None
    from sklearn.metrics import adjusted_rand_score

    known = found.join(truth, on="item_id").with_columns(pl.col("kind").rank("dense"))
    return float(adjusted_rand_score(known["kind"].to_numpy(), known["cluster"].to_numpy())) if len(known) else None


def _silhouette(sample: pl.DataFrame, found: pl.DataFrame, seed: int) -> float | None:
    """Of grouped items, by the cosine of their skills; -1 to 1."""
    from sklearn.metrics import silhouette_score

    inside = np.flatnonzero(~found["outlier"].to_numpy())
    groups = found["cluster"].to_numpy()[inside]
    if not 2 <= len(np.unique(groups)) < len(inside):
        return None
    vectors = skill_matrix(sample)[inside]
    return float(silhouette_score(vectors, groups, metric="cosine", sample_size=min(5_000, len(inside)), random_state=seed))


def _agreement(sample: pl.DataFrame, settings: ClusterSettings, seed: int) -> float | None:
    """Adjusted Rand index, over what both hold, of the groupings of two overlapping parts of the sample."""
    from sklearn.metrics import adjusted_rand_score

    order = pl.Series(_order(sample["item_id"], seed + 1)) / max(len(sample), 1)
    first, second = (cluster(sample.filter(part), settings) for part in (order < PART, order >= 1 - PART))
    both = first.join(second, on="item_id", suffix="_second")
    return float(adjusted_rand_score(both["cluster"].to_numpy(), both["cluster_second"].to_numpy())) if len(both) else None


def _order(ids: pl.Series, seed: int) -> np.ndarray:
    """Ranks of items in an order that depends on nothing but their ids and the seed."""
    digests = [hashlib.blake2b(f"{seed}:{item}".encode(), digest_size=8).digest() for item in ids]
    ranks = np.empty(len(digests), dtype=np.int64)
    ranks[np.argsort(np.array(digests), kind="stable")] = np.arange(len(digests))
    return ranks
