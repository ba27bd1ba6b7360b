"""Kinds of work over the months: planted births, deaths, sleeps, splits and mergers in a stream of postings.

A kind asks for each of its skills with a chance of its own; the chances wander a little every month. Around them the
same noise as in the world: forgotten skills, foreign skills, and postings that belong to no kind at all. A split is a
specialisation: from its month on a part of a kind's postings moves, over `RAMP` months, to a profile of its own. A
merger is the reverse: two kinds ask for more and more of the same, until one demand is left.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from jod_pipelines.sandbox.vocabulary import KindOfWork, own_vocabulary

RAMP = 3
CORE_CHANCE, OPTIONAL_CHANCE = 0.75, 0.3
"""As in the world's postings."""
FOREIGN_SKILL = 0.25
DRIFT = 0.02
"""Standard deviation of one month's change of a skill's chance."""
TOLD_APART = 0.5
"""Kinds more alike than this (cosine of their chances) may never have been told apart, and are not planted to merge."""
SPLIT_SHARE = 0.4
"""What part of a kind's postings moves to the new kind."""


@dataclass(frozen=True)
class TimelineSizes:
    """How large a timeline is.

    Attributes:
        months: months observed; before them the stream has run for a whole window already.
        window_months: how long a posting stays in view.
        postings_month: postings of all kinds in a month, on average.
        kinds: kinds of work alive at the start, at most 60.
        births, deaths, sleeps, splits, mergers: planted events of each sort.
        unrelated_share: share of postings that ask for skills of no kind.
    """

    months: int = 12
    window_months: int = 6
    postings_month: int = 1_000
    kinds: int = 50
    births: int = 6
    deaths: int = 5
    sleeps: int = 2
    splits: int = 4
    mergers: int = 4
    unrelated_share: float = 0.05


@dataclass(frozen=True)
class Timeline:
    """What the sources would say, and what only an evaluation may read.

    Attributes:
        sizes: as planted.
        postings: item_id, month (0 is the first observed one, earlier ones negative), skill_uris.
        truth: item_id, kind: what each posting asked for when it was published; none for an unrelated one.
        events: month, event (birth, death, sleep, return, split, merger), kind, other: of a split the parent, of a merger the
            kind that takes the first one in.
        hardness: figures of how hard the kinds are to tell apart.
    """

    sizes: TimelineSizes
    postings: pl.DataFrame
    truth: pl.DataFrame
    events: pl.DataFrame
    hardness: dict[str, float]


@dataclass
class _Stream:
    """The postings of one kind: its expected volume by month, and each skill's chance by month."""

    volume: np.ndarray
    chances: np.ndarray


def plant(seed: int, sizes: TimelineSizes | None = None) -> Timeline:
    """A timeline made of the sandbox's own kinds of work.

    Args:
        seed: everything follows from it.
    """
    sizes = sizes or TimelineSizes()
    dice = np.random.default_rng([seed, 71])
    vocabulary = own_vocabulary()
    skills = np.array(sorted(vocabulary.skills))
    months = np.arange(-sizes.window_months, sizes.months)
    chosen = sorted(dice.permutation(len(vocabulary.work))[: sizes.kinds + sizes.births].tolist())
    streams = {vocabulary.work[n].key: _steady(vocabulary.work[n], skills, len(months), dice) for n in chosen}
    free = [list(streams)[n] for n in dice.permutation(len(streams)).tolist()]
    events = []
    for one, other in _alike(streams, free, sizes.mergers):
        month = int(dice.integers(1, sizes.window_months))
        events.append((month, "merger", other, one))
        _merge(streams[one], streams[other], month - months[0])
    for _ in range(sizes.births):
        key, month = free.pop(), int(dice.integers(1, sizes.months - 3))
        events.append((month, "birth", key, None))
        streams[key].volume[months < month] = 0
    for _ in range(sizes.deaths):
        key, month = free.pop(), int(dice.integers(0, sizes.months - sizes.window_months))
        events.append((month, "death", key, None))
        streams[key].volume[months >= month] = 0
    for _ in range(sizes.sleeps):
        key, back = free.pop(), sizes.window_months + 2
        events += [(0, "sleep", key, None), (back, "return", key, None)]
        streams[key].volume[(months >= 0) & (months < back)] = 0
    for _ in range(sizes.splits):
        key, month = free.pop(), int(dice.integers(1, sizes.window_months))
        events.append((month, "split", f"{key}/new", key))
        streams[f"{key}/new"] = _split(streams[key], month - months[0], dice)
    postings, truth = _draw(streams, months, sizes, skills, dice)
    planted = pl.DataFrame(events, schema=["month", "event", "kind", "other"], orient="row").sort("month", "event", "kind")
    return Timeline(sizes, postings, truth, planted, _hardness(streams, postings, sizes.window_months))


def _steady(work: KindOfWork, skills: np.ndarray, months: int, dice: np.random.Generator) -> _Stream:
    start = np.zeros(len(skills))
    start[np.isin(skills, work.optional)] = OPTIONAL_CHANCE
    start[np.isin(skills, work.core)] = CORE_CHANCE
    wander = np.cumsum(dice.normal(0, DRIFT, (months, len(skills))), axis=0)
    chances = np.where(start > 0, np.clip(start + wander, 0.05, 0.95), 0)
    return _Stream(np.full(months, dice.lognormal(0, 0.4)), chances)


def _alike(streams: dict[str, _Stream], free: list[str], count: int) -> list[tuple[str, str]]:
    """The pairs of kinds most alike of those that can be told apart, the larger first; takes them out of `free`."""
    cosine = _cosine(np.array([streams[key].chances[0] for key in free]))
    pairs = sorted(((cosine[a, b], free[a], free[b]) for a in range(len(free)) for b in range(a)), reverse=True)
    found: list[tuple[str, str]] = []
    for likeness, one, other in pairs:
        if len(found) < count and likeness <= TOLD_APART and one in free and other in free:
            free.remove(one)
            free.remove(other)
            found.append((one, other) if streams[one].volume[0] >= streams[other].volume[0] else (other, one))
    return found


def _merge(into: _Stream, gone: _Stream, start: int) -> None:
    """Both profiles become their mean, then the demand of the second is the first's."""
    share = _ramp(start, len(into.volume))[:, None]
    joint = (into.chances + gone.chances) / 2
    into.chances = (1 - share) * into.chances + share * joint
    gone.chances = (1 - share) * gone.chances + share * joint
    over = np.arange(len(into.volume)) >= start + RAMP
    into.volume = into.volume + np.where(over, gone.volume, 0)
    gone.volume = np.where(over, 0, gone.volume)


def _split(parent: _Stream, start: int, dice: np.random.Generator) -> _Stream:
    """The new kind keeps half of what its parent asks for, and as much of its own comes instead."""
    asked = dice.permutation(np.flatnonzero(parent.chances[0] > 0))
    foreign = dice.permutation(np.flatnonzero(parent.chances[0] == 0))[: len(asked) // 2]
    own = parent.chances.copy()
    own[:, foreign] = own[:, asked[: len(foreign)]]
    own[:, asked[: len(foreign)]] = 0
    share = _ramp(start, len(parent.volume))[:, None]
    begun = np.arange(len(parent.volume)) >= start
    child = _Stream(np.where(begun, SPLIT_SHARE * parent.volume, 0), (1 - share) * parent.chances + share * own)
    parent.volume = np.where(begun, (1 - SPLIT_SHARE) * parent.volume, parent.volume)
    return child


def _ramp(start: int, months: int) -> np.ndarray:
    """0 before the month, 1 from `RAMP` months on."""
    return np.clip((np.arange(months) - start + 1) / RAMP, 0, 1)


def _draw(
    streams: dict[str, _Stream], months: np.ndarray, sizes: TimelineSizes, skills: np.ndarray, dice: np.random.Generator
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Postings and what they are."""
    volume = np.array([stream.volume for stream in streams.values()])
    counts = dice.poisson(volume * sizes.postings_month * (1 - sizes.unrelated_share) / volume.sum(axis=0).mean())
    unrelated = dice.poisson(sizes.unrelated_share * sizes.postings_month, len(months))
    anything = np.full(len(skills), 6 / len(skills))
    frames = []
    for number, month in enumerate(months.tolist()):
        kinds = [*np.repeat(list(streams), counts[:, number]), *[None] * int(unrelated[number])]
        chances = np.concatenate(
            [
                np.repeat([stream.chances[number] for stream in streams.values()], counts[:, number], axis=0),
                np.tile(anything, (int(unrelated[number]), 1)),
            ]
        )
        asked = dice.random(chances.shape) < chances
        foreign = np.flatnonzero(dice.random(len(asked)) < FOREIGN_SKILL)
        asked[foreign, dice.integers(0, len(skills), len(foreign))] = True
        asked[np.arange(len(asked)), chances.argmax(axis=1)] |= ~asked.any(axis=1)
        names = [f"{month - months[0]:02d}-{n:06d}" for n in dice.permutation(len(kinds)).tolist()]
        listed = [skills[row].tolist() for row in asked]
        frames.append(
            pl.DataFrame({"item_id": names, "month": month, "skill_uris": listed, "kind": pl.Series(kinds, dtype=pl.String)})
        )
    whole = pl.concat(frames).sort("item_id")
    return whole.select("item_id", "month", "skill_uris"), whole.select("item_id", "kind")


def _cosine(rows: np.ndarray) -> np.ndarray:
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(unit @ unit.T)


def _hardness(streams: dict[str, _Stream], postings: pl.DataFrame, start: int) -> dict[str, float]:
    """How near kinds stand to each other when the observation starts, and how little a posting says."""
    alive = np.array([stream.chances[start] for stream in streams.values() if stream.volume[start] > 0])
    cosine = _cosine(alive) - np.eye(len(alive))
    shared = (alive > 0).sum(axis=0) > 1
    return {
        "nearest_kind_cosine_mean": float(cosine.max(axis=1).mean()),
        "nearest_kind_cosine_max": float(cosine.max()),
        "skills_shared_with_another_kind_pct": float(100 * (alive[:, shared] > 0).sum() / (alive > 0).sum()),
        "skills_in_posting_mean": float(postings["skill_uris"].list.len().mean() or 0),  # type: ignore[arg-type]
    }
