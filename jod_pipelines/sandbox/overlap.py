"""Kinds of work that overlap, as hard as wished and of any size: skill lists with planted kinds, without texts.

The small world's kinds have little in common, so any method finds them. Here kinds come in families: most of what a kind
asks for is asked by its family or by everyone, postings forget skills and ask for skills that do not belong, some are
hardly about their kind at all, and a few kinds are large while many are small. `oracle` tells how well the kinds can be
told apart at all: no method can be expected to do better than one that knows what each kind asks for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy import sparse

SKILLS_OF_KIND = 20
"""Skills a kind asks for, some nearly always, some seldom."""
CHANCES = (0.1, 0.6)
"""How often postings of a kind ask for one of its skills, drawn evenly for each of them."""
FAMILY, FAMILY_SKILLS, GENERAL_SKILLS = 5, 24, 30
"""Kinds of a family, skills a family draws on, skills anyone may ask for."""
GENERAL_SHARE = 0.3
"""Of the shared skills, those anyone may ask for."""
BLURRED_KEPT = 0.4
"""What a blurred posting keeps of what its kind asks for."""
BLOCK = 50_000


@dataclass(frozen=True)
class Hardness:
    """What makes kinds of work hard to tell apart.

    Attributes:
        shared_pct: of a kind's skills, those its family or everyone else asks for too.
        noise_skills_pct: of a posting's skills, those that have nothing to do with its kind.
        blurred_postings_pct: postings that name few of their kind's skills and fill up with others.
        size_skew: sizes of kinds follow rank to the power of minus this; 0 makes all equal.
        kinds: how many kinds; None grows slowly with the postings (200 of 20 000, 324 of 100 000, 647 of 1 000 000).
    """

    shared_pct: float = 75.0
    noise_skills_pct: float = 30.0
    blurred_postings_pct: float = 5.0
    size_skew: float = 1.0
    kinds: int | None = None


@dataclass(frozen=True)
class Overlap:
    """Postings with planted kinds.

    Attributes:
        items: item_id, skill_uris, as `cluster()` takes them.
        truth: item_id, kind.
        oracle: item_id, cluster: the kind most likely by the true chances of every skill in every kind.
    """

    items: pl.DataFrame
    truth: pl.DataFrame
    oracle: pl.DataFrame


def overlapping_postings(postings: int, seed: int, hardness: Hardness | None = None, skills: int = 3_000) -> Overlap:
    """Draw postings of overlapping kinds.

    Args:
        postings: how many.
        seed: everything follows from it.
        hardness: how much kinds overlap.
        skills: how many skills there are.
    """
    hardness = hardness or Hardness()
    own = np.random.default_rng([seed, 61])
    kinds = hardness.kinds or round(200 * (postings / 20_000) ** 0.3)
    asked, chances = _kinds_of_work(own, kinds, skills, hardness.shared_pct / 100)
    sizes = np.arange(1, kinds + 1) ** -hardness.size_skew
    sizes /= sizes.sum()
    popularity = own.permutation(np.arange(1, skills + 1) ** -0.6)
    popularity /= popularity.sum()
    noise_share, blurred_share = hardness.noise_skills_pct / 100, hardness.blurred_postings_pct / 100
    strays = chances.sum(axis=1).mean() * noise_share / (1 - noise_share)
    evidence = [_evidence(asked, chances, kept, strays, popularity) for kept in (1.0, BLURRED_KEPT)]
    kind = own.choice(kinds, postings, p=sizes)
    blurred = own.random(postings) < blurred_share
    lists, likeliest = [], []
    for start in range(0, postings, BLOCK):
        part = slice(start, start + BLOCK)
        cells = _draw(own, asked[kind[part]], chances[kind[part]], blurred[part], strays, popularity)
        lists.append(_skill_lists(cells))
        likeliest.append(_likeliest(cells, evidence, np.log(sizes), blurred_share))
    ids = pl.Series("item_id", [f"{number:07d}" for number in range(postings)])
    return Overlap(
        items=pl.DataFrame({"item_id": ids, "skill_uris": pl.concat(lists)}),
        truth=pl.DataFrame({"item_id": ids, "kind": kind}),
        oracle=pl.DataFrame({"item_id": ids, "cluster": np.concatenate(likeliest), "strength": 1.0, "outlier": False}),
    )


def _kinds_of_work(own: np.random.Generator, kinds: int, skills: int, shared: float) -> tuple[np.ndarray, np.ndarray]:
    """The skills of each kind and how often postings ask for them, both kinds x SKILLS_OF_KIND."""
    general = own.choice(skills, GENERAL_SKILLS, replace=False)
    families = [
        own.choice(np.setdiff1d(np.arange(skills), general), FAMILY_SKILLS, replace=False) for _ in range(0, kinds, FAMILY)
    ]
    family_of = own.permutation(kinds) % len(families)
    common = round(SKILLS_OF_KIND * shared)
    from_all = round(common * GENERAL_SHARE)
    asked = []
    for number in range(kinds):
        family = families[family_of[number]]
        rest = np.setdiff1d(np.arange(skills), np.concatenate([general, family]))
        parts = (general, from_all), (family, common - from_all), (rest, SKILLS_OF_KIND - common)
        asked.append(np.concatenate([own.choice(pool, count, replace=False) for pool, count in parts]))
    return np.array(asked), own.uniform(*CHANCES, (kinds, SKILLS_OF_KIND))


def _draw(
    own: np.random.Generator, asked: np.ndarray, chances: np.ndarray, blurred: np.ndarray, strays: float, popularity: np.ndarray
) -> sparse.csr_matrix:
    """What each posting asks for, postings x skills of 0 and 1; a blurred one loses skills and gains as many strays."""
    kept = np.where(blurred, BLURRED_KEPT, 1.0)
    rows, places = np.nonzero(own.random(chances.shape) < chances * kept[:, None])
    lost = chances.sum(axis=1) * (1 - kept)
    stray_rows = np.repeat(np.arange(len(asked)), own.poisson(strays + lost))
    stray_skills = own.choice(len(popularity), len(stray_rows), p=popularity)
    cells = np.concatenate([rows, stray_rows]), np.concatenate([asked[rows, places], stray_skills])
    matrix = sparse.csr_matrix((np.ones(len(cells[0]), dtype=np.float32), cells), shape=(len(asked), len(popularity)))
    matrix.data[:] = 1
    return matrix


def _skill_lists(cells: sparse.csr_matrix) -> pl.Series:
    """Skill URIs of each row."""
    names = pl.Series([f"http://data.sandbox.example/esco/skill/{number:05d}" for number in range(cells.shape[1])])
    rows = np.repeat(np.arange(cells.shape[0]), np.diff(cells.indptr))
    long = pl.DataFrame({"row": rows, "skill_uris": names.gather(cells.indices)})
    lists = long.group_by("row", maintain_order=True).agg("skill_uris")
    empty = pl.Series("skill_uris", [[]], dtype=pl.List(pl.String))
    every = pl.DataFrame({"row": np.arange(cells.shape[0])}).join(lists, on="row", how="left", maintain_order="left")
    return every["skill_uris"].fill_null(empty)


def _evidence(
    asked: np.ndarray, chances: np.ndarray, kept: float, strays: float, popularity: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Naive Bayes in two parts: log odds of each skill in each kind (skills x kinds), and of naming none (kinds)."""
    lost = chances.sum(axis=1, keepdims=True) * (1 - kept)
    absent = np.exp(-(strays + lost) * popularity)
    np.put_along_axis(absent, asked, np.take_along_axis(absent, asked, axis=1) * (1 - kept * chances), axis=1)
    absent = np.clip(absent, 1e-9, 1 - 1e-9)
    return (np.log1p(-absent) - np.log(absent)).T.astype(np.float32), np.log(absent).sum(axis=1)


def _likeliest(
    cells: sparse.csr_matrix, evidence: list[tuple[np.ndarray, np.ndarray]], prior: np.ndarray, blurred_share: float
) -> np.ndarray:
    """The most likely kind of each posting, which may be blurred or not."""
    clear, blurred = (cells @ odds + none for odds, none in evidence)
    both = np.logaddexp(clear + np.log1p(-blurred_share), blurred + np.log(blurred_share)) if blurred_share else clear
    return np.asarray((both + prior).argmax(axis=1))
