"""How well skills fit opportunities: a person with any opportunity, a job opportunity with the educations that lead to it.

The method and how good it is: `docs/methods/matching.md`. Everything here is pure and deterministic.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from scipy import sparse

from jod_pipelines.settings import MatchingSettings

KINDS = ("job", "education")
UNTRIED = (-3.9, 0.2, 11.0, 1.7)
"""Calibration of a kind with too few members to learn one from: as learnt from the 461 recorded programmes."""
FEWEST_PEOPLE = 50
KNOWN = (1, 2, 4, 8, 16)
"""Numbers of skills at which the chances are learnt; between them they are interpolated by the logarithm of the number."""
FEWEST_OF_KNOWN = 10
"""People of a number of skills that it takes to learn its chances; with fewer, those of the nearest number hold."""
UNTRIED_CHANCES = ((0.42, 0.0, 1.14), (0.68, 0.0, 1.26), (0.68, 0.0, 1.27), (0.75, 0.34, 0.79), (0.52, 0.52, 0.44))
"""Chances of a kind with too few members, from where `UNTRIED` is."""
BANDS = (1, 2, 3, 4, 8, 16)
"""Least numbers of skills of the groups of people that reliability is told of."""
FEW = 3
"""Skills that someone tells who tells few."""
Floats = np.ndarray[Any, np.dtype[np.float32]]
Texts = np.ndarray[Any, np.dtype[np.str_]]


@dataclass(frozen=True)
class Profiles:
    """What opportunities are made of, as the scorer reads it.

    Attributes:
        opportunity_ids: (o,) ids, sorted.
        kinds: (o,) `job` or `education`.
        members: (o,) number of members.
        skill_uris: (s,) every skill that can be named, sorted.
        weights: (o, s) share of the members that have the skill, 0-1; only the skills published of the opportunity.
        related: (s, s) how much having one skill counts as having another, 0-1; nothing on the diagonal.
    """

    opportunity_ids: Texts
    kinds: Texts
    members: Floats
    skill_uris: Texts
    weights: sparse.csr_array
    related: sparse.csr_array

    @classmethod
    def of(
        cls,
        opportunities: pl.DataFrame,
        skills: pl.DataFrame,
        skill_uris: Iterable[str],
        broader: pl.DataFrame,
        related_weight: float,
    ) -> Profiles:
        """From tables.

        Args:
            opportunities: opportunity_id, opportunity_kind, members.
            skills: opportunity_id, skill_uri, weight; rows of other opportunities are left out.
            skill_uris: skills there are besides those of opportunities.
            broader: skill_uri, broader_uri: direct steps of the hierarchy; what is not among the skills is left out.
            related_weight: what a skill one step broader or narrower counts.
        """
        ordered = opportunities.sort("opportunity_id")
        uris = pl.Series("skill_uri", sorted({*skill_uris, *skills["skill_uri"]}), dtype=pl.String)
        places = pl.DataFrame({"skill_uri": uris}).with_row_index("column")
        rows = ordered.select("opportunity_id").with_row_index("row")
        cells = skills.join(rows, on="opportunity_id").join(places, on="skill_uri")
        steps = broader.join(places, on="skill_uri").join(
            places.rename({"skill_uri": "broader_uri", "column": "above"}), on="broader_uri"
        )
        one_way = _matrix(steps["column"], steps["above"], np.full(len(steps), related_weight), (len(uris), len(uris)))
        return cls(
            ordered["opportunity_id"].to_numpy().astype(str),
            ordered["opportunity_kind"].to_numpy().astype(str),
            ordered["members"].to_numpy().astype(np.float32),
            uris.to_numpy().astype(str),
            _matrix(cells["row"], cells["column"], cells["weight"].to_numpy(), (len(ordered), len(uris))),
            one_way.maximum(one_way.T).tocsr(),
        )

    @cached_property
    def touching(self) -> sparse.csr_array:
        """(s, o): 1 where a skill is one of the opportunity's, or related to one."""
        own = (self.weights > 0).astype(np.float32).T.tocsr()
        return ((own + self.related @ own) > 0).astype(np.float32).tocsr()

    def columns(self, uris: Sequence[str]) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Places of skills among `skill_uris`; -1 for one that is not there."""
        return _places(self.skill_uris, uris)


def evidence(profiles: Profiles, smoothing: float) -> sparse.csr_array:
    """What having a skill says for each opportunity: how many times as common it is there as anywhere, as a logarithm.

    With n members, w the share of them with the skill and p the share of all members of that kind of opportunity:
    log(((n w + k p) / (n + k)) / p), where k `smoothing` members of the average kind are added. Below zero counts as nothing, so
    that no skill is ever held against a person. A related skill says its share of the most that those it is related to say.

    Returns:
        (s, o) float32, at least 0.
    """
    parts = []
    for kind in KINDS:
        rows = np.flatnonzero(profiles.kinds == kind)
        shares, sizes = profiles.weights[rows], profiles.members[rows]
        common = (sizes @ shares) / max(float(sizes.sum()), 1.0)
        cells = shares.tocoo()
        said = (sizes[cells.row] * cells.data + smoothing * common[cells.col]) / (sizes[cells.row] + smoothing)
        lift = np.maximum(0.0, np.log(said / common[cells.col]))
        parts.append(_matrix(cells.col, rows[cells.row], lift, profiles.weights.shape[::-1]))
    direct = sum(parts[1:], parts[0]).tocsr()
    return direct.maximum(_largest_product(profiles.related, direct)).astype(np.float32).tocsr()


def importance(profiles: Profiles) -> Floats:
    """How telling each skill is (s,): log(1 + opportunities / opportunities with the skill), 0 for one of none."""
    found = np.bincount(profiles.weights.indices, minlength=len(profiles.skill_uris))
    return np.where(found > 0, np.log1p(len(profiles.opportunity_ids) / np.maximum(found, 1)), 0.0).astype(np.float32)


def covered(people: sparse.csr_array, related: sparse.csr_array) -> sparse.csr_array:
    """Skills people have or are near to having, (p, s) 0-1: their own, and related ones in part."""
    near = people @ related
    near.data = np.minimum(near.data, float(related.data.max(initial=0.0)))
    return people.maximum(near).tocsr()


def coverage(people: sparse.csr_array, profiles: Profiles) -> Floats:
    """Share of what an opportunity asks or gives that people have, (p, o) 0-1; a skill counts by weight and importance."""
    asked = profiles.weights * importance(profiles)
    total = np.maximum(np.asarray(asked.sum(axis=1)), 1e-9)
    return np.asarray((covered(people, profiles.related) @ asked.T).toarray() / total, dtype=np.float32)


@dataclass(frozen=True)
class Scorer:
    """Scores a person's skills and interests against every opportunity.

    Attributes:
        profiles: the opportunities.
        said: (s, o) what each skill says for each opportunity; see `evidence`.
        calibration: (2, 4) for `KINDS`: constant, and what evidence, coverage and unexplained skills count in log-odds.
        chances: (2, 5, 3) for `KINDS` and `KNOWN`: how log-odds become a chance; see `chance`.
        concept_uris: (c,) what an interest may be besides a skill: occupations, their groups, fields of education; sorted.
        concepts: (c, s) the skills of each, 0-1.
    """

    profiles: Profiles
    said: sparse.csr_array
    calibration: np.ndarray[Any, np.dtype[np.float64]]
    chances: np.ndarray[Any, np.dtype[np.float64]]
    concept_uris: Texts
    concepts: sparse.csr_array

    @classmethod
    def of(cls, profiles: Profiles, calibrated: Calibrated, concepts: pl.DataFrame, smoothing: float) -> Scorer:
        """Ready to score.

        Args:
            calibrated: see `calibrate`.
            concepts: concept_uri, opportunity_id, members: how many members of an opportunity are of that occupation or field.
        """
        uris = np.array(sorted(set(concepts["concept_uri"])), dtype=str)
        rows = _places(uris, concepts["concept_uri"].to_list())
        columns = _places(profiles.opportunity_ids, concepts["opportunity_id"].to_list())
        known = columns >= 0
        counts = _matrix(rows[known], columns[known], concepts["members"].to_numpy()[known], (len(uris), len(profiles.members)))
        named = (_rows_of_sum_one(counts) @ profiles.weights).tocsr()
        said = evidence(profiles, smoothing)
        return cls(profiles, said, calibrated.coefficients, calibrated.chances, uris, named)

    def people(self, skills: Sequence[Sequence[str]]) -> sparse.csr_array:
        """People as (p, s): 1 for the skills one has, and the skills of the concepts one names; unknown ones are left out."""
        rows = np.repeat(np.arange(len(skills)), [len(each) for each in skills])
        uris = [uri for each in skills for uri in each]
        own, named = self.profiles.columns(uris), _places(self.concept_uris, uris)
        shape = (len(skills), len(self.profiles.skill_uris))
        direct = _matrix(rows[own >= 0], own[own >= 0], np.ones((own >= 0).sum()), shape)
        direct.data[:] = 1
        concepts = _matrix(
            rows[named >= 0], named[named >= 0], np.ones((named >= 0).sum()), (len(skills), len(self.concept_uris))
        )
        through = (concepts @ self.concepts).tocsr()
        through.data = np.minimum(through.data, 1)
        return direct.maximum(through).tocsr()

    def log_odds(self, people: sparse.csr_array) -> Floats:
        """(p, o) by what opportunities of a kind are ordered; with more skills of an opportunity they never fall for it."""
        return _weighed(features(people, self.profiles, self.said), self.calibration[self._kinds])

    def scores(self, people: sparse.csr_array) -> Floats:
        """(p, o) 0-1; 0 for somebody without any skill."""
        odds, known = self.log_odds(people), np.asarray(people.sum(axis=1))
        score = np.zeros(odds.shape, dtype=np.float32)
        for place in np.unique(self._kinds):
            columns = np.flatnonzero(self._kinds == place)
            score[:, columns] = chance(odds[:, columns], known, self.chances[place])
        return np.where(known[:, None] > 0, score, 0).astype(np.float32)

    def score(self, skills: Sequence[str], interests: Sequence[str] = (), interest_weight: float = 0.5) -> Floats:
        """One person's scores (o,): the mean of that of the skills and that of the interests; of one alone without the other."""
        of_skills, of_interests = self.scores(self.people([skills, interests]))
        weight = interest_weight if of_skills.any() and of_interests.any() else float(of_interests.any())
        return np.asarray((1 - weight) * of_skills + weight * of_interests, dtype=np.float32)

    def explain(self, skills: Sequence[str]) -> pl.DataFrame:
        """How much each of a person's skills counts: the log-odds that would be lost without it.

        Returns:
            opportunity_id, skill_uri, effect: the skills that touch the opportunity, the largest effect first.
        """
        known = sorted({uri for uri, place in zip(skills, self.profiles.columns(skills), strict=True) if place >= 0})
        without = [[other for other in known if other != uri] for uri in known]
        odds = self.log_odds(self.people([known, *without]))
        touching = self.profiles.touching[self.profiles.columns(known)].toarray() > 0
        rows, columns = np.nonzero(touching)
        effect = (odds[0] - odds[1:])[rows, columns]
        names = np.array(known, dtype=str)[rows].tolist()
        frame = {"opportunity_id": self.profiles.opportunity_ids[columns].tolist(), "skill_uri": names, "effect": effect.tolist()}
        schema = {"opportunity_id": pl.String(), "skill_uri": pl.String(), "effect": pl.Float64()}
        return pl.DataFrame(frame, schema=schema).sort("opportunity_id", "effect", "skill_uri", descending=[False, True, False])

    @cached_property
    def _kinds(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        return np.array([KINDS.index(kind) for kind in self.profiles.kinds], dtype=np.int64)


def features(people: sparse.csr_array, profiles: Profiles, said: sparse.csr_array) -> Floats:
    """What a score is made of, (p, o, 3): evidence, coverage, and minus log(1 + skills the opportunity has no use for)."""
    unexplained = np.asarray(people.sum(axis=1))[:, None] - (people @ profiles.touching).toarray()
    penalty = -np.log1p(np.maximum(unexplained, 0))
    return np.stack([(people @ said).toarray(), coverage(people, profiles), penalty], axis=2).astype(np.float32)


@dataclass(frozen=True)
class Calibrated:
    """A calibration and how it does on people it was not learnt from.

    Attributes:
        coefficients: (2, 4), chances: (2, 5, 3); see `Scorer`.
        quality: opportunity_kind, person (`whole` has a member's skills, `part` some of them, `few` three at
            most, `joined` those of two), method
            (`scorer`, `cosine`, `jaccard`), people, top_1, top_5, brier.
        curve: opportunity_kind, score_from, score_to, pairs, mean_score, chosen_share.
        reliability: opportunity_kind, skills_from, people, mean_first (score of the first opportunity), first_right, brier, by
            how many skills people tell: that many or more, and fewer than the next row says.
    """

    coefficients: np.ndarray[Any, np.dtype[np.float64]]
    chances: np.ndarray[Any, np.dtype[np.float64]]
    quality: pl.DataFrame
    curve: pl.DataFrame
    reliability: pl.DataFrame


def calibrate(profiles: Profiles, members: pl.DataFrame, skills: pl.DataFrame, settings: MatchingSettings) -> Calibrated:
    """Learn what scores mean from the members themselves, as people who have the skills of one posting or programme.

    Each member is scored by profiles made without it and its fold (`settings.folds`). Every other person is kept for
    measuring. A score is the chance that a pair of a person and an opportunity is one of a member and its own.

    Args:
        members: item_id, opportunity_id.
        skills: item_id, skill_uri.
    """
    coefficients, chances = np.tile(UNTRIED, (len(KINDS), 1)), np.tile(UNTRIED_CHANCES, (len(KINDS), 1, 1))
    quality, curves, reliability = [], [], []
    for place, kind in enumerate(KINDS):
        people = _held_out(profiles, kind, members, skills, settings)
        if people is None:
            continue
        learnt, kept = people.half(0), people.half(1)
        coefficients[place] = logistic(learnt.features, learnt.own)
        chances[place] = learn_chances(_weighed(learnt.features, coefficients[place]), learnt.known, learnt.own)
        shown = {"scorer": chance(_weighed(kept.features, coefficients[place]), kept.known, chances[place])}
        for number, method in enumerate(("cosine", "jaccard")):
            beside = [each.beside[:, :, number : number + 1] for each in (learnt, kept)]
            fitted = logistic(beside[0], learnt.own)
            odds = [_weighed(each, fitted) for each in beside]
            shown[method] = chance(odds[1], kept.known, learn_chances(odds[0], learnt.known, learnt.own))
        quality += [
            {"opportunity_kind": kind, "person": person, "method": method} | _figures(score[rows], kept.own[rows])
            for method, score in shown.items()
            for person in PEOPLE
            if len(rows := np.flatnonzero(kept.person == person))
        ]
        curves.append(_curve(kind, shown["scorer"], kept.own))
        reliability.append(
            reliability_of(shown["scorer"], kept.known, kept.own).select(pl.lit(kind).alias("opportunity_kind"), "*")
        )
    frames = (pl.concat(parts) if parts else pl.DataFrame() for parts in (curves, reliability))
    return Calibrated(coefficients, chances, pl.DataFrame(quality), *frames)


def chance(log_odds: Floats, known: Floats, chances: np.ndarray[Any, np.dtype[np.float64]]) -> Floats:
    """The chances that opportunities of one kind are a person's own, (p, o) 0-1.

    They are the log-odds and the lead of an opportunity over all others of the kind, weighed by how many skills the person
    told: someone with two skills has few log-odds anywhere, yet a clear first. Neither weight is below zero, so that people see
    opportunities in the order of their log-odds.

    Args:
        log_odds: (p, o).
        known: (p,) number of skills told.
        chances: (5, 3) for `KNOWN`: constant, and what log-odds and lead count.
    """
    mixed = _between_known(known) @ chances
    odds = log_odds.astype(np.float64)
    return _chance(mixed[:, :1] + mixed[:, 1:2] * odds + mixed[:, 2:] * _lead(odds))


def learn_chances(
    log_odds: Floats, known: Floats, own: np.ndarray[Any, np.dtype[np.bool_]]
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """What `chance` needs, (5, 3): a logistic regression for each of `KNOWN`, in which those who told about as many weigh most.

    Args:
        log_odds: (p, o).
        known: (p,) number of skills told.
        own: (p, o) whether an opportunity is a person's own.
    """
    odds = log_odds.astype(np.float64)
    made, weights = np.stack([odds, _lead(odds)], axis=2), _between_known(known)
    learnt = np.flatnonzero(weights.sum(axis=0) >= FEWEST_OF_KNOWN)
    if not len(learnt):
        return np.array(UNTRIED_CHANCES)
    fitted = []
    for column in learnt:
        rows = np.flatnonzero(weights[:, column] > 0)
        fitted.append(logistic(made[rows], own[rows], weights[rows, column]))
    nearest = np.abs(np.arange(len(KNOWN))[:, None] - learnt).argmin(axis=1)
    return np.stack([fitted[place] for place in nearest])


def _lead(log_odds: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Log-odds of each opportunity against all others together (p, o); where there are no others, its own."""
    if log_odds.shape[1] < 2:
        return log_odds
    highest = log_odds.max(axis=1, keepdims=True)
    sizes = np.exp(log_odds - highest)
    total = sizes.sum(axis=1, keepdims=True)
    # What is left beside one that is everything is lost in rounding: no lead is above 27.
    others = np.maximum(total - sizes, 1e-12 * total)
    return np.asarray(log_odds - highest - np.log(others))


def _between_known(known: Floats) -> np.ndarray[Any, np.dtype[np.float64]]:
    """(p, 5): how near numbers of skills are to each of `KNOWN`; a row sums to one."""
    places = np.log(np.clip(known, KNOWN[0], KNOWN[-1]))
    return np.stack([np.interp(places, np.log(KNOWN), unit) for unit in np.eye(len(KNOWN))], axis=1)


def reliability_of(score: Floats, known: Floats, own: np.ndarray[Any, np.dtype[np.bool_]]) -> pl.DataFrame:
    """How the score of people's first opportunity compares with how often it is right, by number of skills; see `Calibrated`."""
    first = score.argmax(axis=1)
    people = pl.DataFrame(
        {
            "skills_from": np.array(BANDS)[np.maximum(np.digitize(known, BANDS) - 1, 0)],
            "score": score.max(axis=1).astype(float),
            "right": own[np.arange(len(own)), first],
            "error": ((score - own) ** 2).mean(axis=1).astype(float),
        }
    )
    return (
        people.group_by("skills_from")
        .agg(
            people=pl.len(),
            mean_first=pl.col("score").mean().round(4),
            first_right=pl.col("right").mean().round(4),
            brier=pl.col("error").mean().round(5),
        )
        .sort("skills_from")
    )


PEOPLE = ("whole", "part", "few", "joined")


@dataclass(frozen=True)
class _People:
    """Made-up people: features (p, o, 3), cosine and Jaccard beside them (p, o, 2), own (p, o) bool, person (p,), known (p,)."""

    features: Floats
    beside: Floats
    own: np.ndarray[Any, np.dtype[np.bool_]]
    person: Texts
    known: Floats

    def half(self, first: int) -> _People:
        """Every other of them."""
        every = slice(first, None, 2)
        return _People(self.features[every], self.beside[every], self.own[every], self.person[every], self.known[every])


def _held_out(
    profiles: Profiles, kind: str, members: pl.DataFrame, skills: pl.DataFrame, settings: MatchingSettings
) -> _People | None:
    """People made of members and scored by profiles made without them; None of a kind too small."""
    columns = np.flatnonzero(profiles.kinds == kind)
    listed = members.filter(pl.col("opportunity_id").is_in(profiles.opportunity_ids[columns].tolist())).sort("item_id")
    if len(columns) < 2 or len(listed) < FEWEST_PEOPLE:
        return None
    has, belongs = _members(profiles, listed, skills)
    random = np.random.default_rng(settings.seed)
    fold = random.permutation(len(listed)) % settings.folds
    chosen = random.permutation(len(listed))[: settings.sample]
    parts = []
    for number in range(settings.folds):
        kept = np.sort(chosen[fold[chosen] == number])
        others = np.flatnonzero(fold != number)
        partial = _profiles_from(profiles, columns, has[others], belongs[others])
        some, few = has[kept].copy(), has[kept].copy()
        some.data *= random.random(len(some.data)) < settings.part_share
        few.data *= _places_at_random(few, random) < random.integers(1, FEW + 1, len(kept)).repeat(np.diff(few.indptr))
        other = np.roll(kept, 1)
        for person, people, own in (
            ("whole", has[kept], belongs[kept]),
            ("part", some, belongs[kept]),
            ("few", few, belongs[kept]),
            ("joined", has[kept].maximum(has[other]).tocsr(), belongs[kept] + belongs[other]),
        ):
            told = np.flatnonzero(np.asarray(people.sum(axis=1)) > 0)
            people, mine = people[told], own[told].toarray()[:, columns] > 0
            made = features(people, partial, evidence(partial, settings.smoothing))[:, columns]
            beside = np.stack([_cosine(people, partial.weights), _jaccard(people, partial.weights)], axis=2)[:, columns]
            parts.append(_People(made, beside, mine, np.full(len(told), person), np.asarray(people.sum(axis=1))))
    names = ("features", "beside", "own", "person", "known")
    return _People(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def _places_at_random(rows: sparse.csr_array, random: np.random.Generator) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The cells of each row of a matrix numbered from 0 at random, in the order they are stored."""
    row = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    order = np.lexsort((random.random(len(row)), row))
    places = np.empty(len(row), dtype=np.int64)
    places[order] = np.arange(len(row)) - rows.indptr[:-1].repeat(np.diff(rows.indptr))
    return places


def _members(profiles: Profiles, members: pl.DataFrame, skills: pl.DataFrame) -> tuple[sparse.csr_array, sparse.csr_array]:
    """What members (m) have (m, s), and what they belong to (m, o)."""
    rows = members.select("item_id").with_row_index("row")
    known = pl.DataFrame({"skill_uri": pl.Series(profiles.skill_uris, dtype=pl.String)}).with_row_index("column")
    # Numbers before anything is compared: a million postings say ten million skills.
    cells = skills.join(rows, on="item_id").join(known, on="skill_uri").select("row", "column").unique().sort("row", "column")
    has = _matrix(cells["row"].to_numpy(), cells["column"].to_numpy(), np.ones(len(cells)), (len(rows), len(known)))
    opportunities = _places(profiles.opportunity_ids, members["opportunity_id"].to_list())
    shape = (len(members), len(profiles.opportunity_ids))
    return has, _matrix(np.arange(len(members)), opportunities, np.ones(len(members)), shape)


def _profiles_from(
    profiles: Profiles, columns: np.ndarray[Any, np.dtype[np.int64]], has: sparse.csr_array, belongs: sparse.csr_array
) -> Profiles:
    """The profiles as some of the members make those of one kind; the others stay, and so do the skills that are listed."""
    members = np.where(np.isin(np.arange(len(profiles.members)), columns), np.asarray(belongs.sum(axis=0)), 0)
    counted = (belongs.T @ has).multiply(profiles.weights > 0)
    shares = sparse.diags_array(1 / np.maximum(members, 1)) @ counted
    rest = sparse.diags_array(np.where(np.isin(np.arange(len(members)), columns), 0.0, 1.0)) @ profiles.weights
    weights = sparse.csr_array(shares + rest).astype(np.float32)
    weights.eliminate_zeros()
    return replace(profiles, weights=weights, members=np.where(members > 0, members, profiles.members).astype(np.float32))


def logistic(
    made: np.ndarray[Any, Any], own: np.ndarray[Any, np.dtype[np.bool_]], weights: np.ndarray[Any, Any] | None = None
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Constant and coefficients of a logistic regression without any below zero: such a feature is left out.

    Args:
        made: (p, o, f) features.
        own: (p, o) what is learnt.
        weights: (p,) what each person counts; all the same without them.
    """
    from sklearn.linear_model import LogisticRegression

    cells, answers = made.reshape(-1, made.shape[2]), own.ravel()
    counts = None if weights is None else np.repeat(weights, own.shape[1])
    found: np.ndarray[Any, np.dtype[np.float64]] = np.zeros(made.shape[2] + 1)
    used = list(range(made.shape[2]))
    while used:
        fitted = LogisticRegression(C=1e6, max_iter=2_000).fit(cells[:, used], answers, sample_weight=counts)
        if (fitted.coef_ >= 0).all():
            break
        used = [place for place, value in zip(used, fitted.coef_[0], strict=True) if value >= 0]
    found[0] = fitted.intercept_[0]
    found[[1 + place for place in used]] = fitted.coef_[0]
    # Rounded, so that the last bits of a solver are not a new calibration.
    return found.round(4)


def _weighed(made: Floats, coefficients: np.ndarray[Any, np.dtype[np.float64]]) -> Floats:
    """Log-odds (p, o) of features (p, o, f); coefficients (f + 1,) or one row for each opportunity."""
    return np.asarray(coefficients[..., 0] + (made * coefficients[..., 1:]).sum(axis=2), dtype=np.float32)


def _chance(log_odds: np.ndarray[Any, Any]) -> Floats:
    return np.asarray(1 / (1 + np.exp(-log_odds)), dtype=np.float32)


def _figures(score: Floats, own: np.ndarray[Any, np.dtype[np.bool_]]) -> dict[str, float]:
    """people, top_1 (the first is one's own), top_5 (share of one's own among the first five), brier."""
    first = np.argsort(-score, axis=1, kind="stable")[:, :5]
    hits = np.take_along_axis(own, first, axis=1)
    found = hits.sum(axis=1) / np.minimum(own.sum(axis=1), 5)
    figures = {"top_1": hits[:, 0].mean(), "top_5": found.mean(), "brier": ((score - own) ** 2).mean()}
    return {"people": len(score)} | {name: round(float(value), 5) for name, value in figures.items()}


def _curve(kind: str, score: Floats, own: np.ndarray[Any, np.dtype[np.bool_]]) -> pl.DataFrame:
    edges = [0.0, 0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0]
    pairs = pl.DataFrame(
        {"score": score.ravel().astype(float), "own": own.ravel(), "part": np.digitize(score.ravel(), edges[1:-1])}
    )
    return (
        pairs.group_by("part")
        .agg(pairs=pl.len(), mean_score=pl.col("score").mean().round(4), chosen_share=pl.col("own").mean().round(4))
        .sort("part")
        .select(
            opportunity_kind=pl.lit(kind),
            score_from=pl.col("part").replace_strict(dict(enumerate(edges[:-1])), return_dtype=pl.Float64),
            score_to=pl.col("part").replace_strict(dict(enumerate(edges[1:])), return_dtype=pl.Float64),
            pairs="pairs",
            mean_score="mean_score",
            chosen_share="chosen_share",
        )
    )


def _cosine(people: sparse.csr_array, weights: sparse.csr_array) -> Floats:
    return np.asarray((_unit(people) @ _unit(weights).T).toarray(), dtype=np.float32)


def _jaccard(people: sparse.csr_array, weights: sparse.csr_array) -> Floats:
    listed = (weights > 0).astype(np.float32)
    common = (people @ listed.T).toarray()
    either = np.asarray(people.sum(axis=1))[:, None] + np.asarray(listed.sum(axis=1)) - common
    return np.asarray(common / np.maximum(either, 1), dtype=np.float32)


def _unit(rows: sparse.csr_array) -> sparse.csr_array:
    lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)))
    return sparse.csr_array(sparse.diags_array(1 / np.maximum(lengths, 1e-9)) @ rows)


def _rows_of_sum_one(counts: sparse.csr_array) -> sparse.csr_array:
    return sparse.csr_array(sparse.diags_array(1 / np.maximum(np.asarray(counts.sum(axis=1)), 1e-9)) @ counts)


MATCH_SCHEMA: dict[str, pl.DataType] = {
    "job_opportunity_id": pl.String(),
    "education_opportunity_id": pl.String(),
    "match_rank": pl.Int32(),
    "match_score": pl.Float64(),
    "covered_share": pl.Float64(),
    "used_share": pl.Float64(),
    "covered_skill_uris": pl.List(pl.String()),
    "related_skill_uris": pl.List(pl.String()),
    "missing_skill_uris": pl.List(pl.String()),
}


def opportunity_match(profiles: Profiles, educations: int, min_score: float) -> pl.DataFrame:
    """For each job opportunity the educations that fit best.

    `covered_share` is the part of what the job asks that the education gives, `used_share` the part of what the education
    gives that the job asks; each skill counts by its weight and importance, a related one in part. The score is their
    harmonic mean, so that neither an education of everything nor one of a single skill comes first.

    Args:
        educations: how many of them at most for each job.
        min_score: those below are left out.

    Returns:
        `MATCH_SCHEMA`: rank from 1; skills of the job the education gives, gives something related to, and does not give,
        those most members ask first.
    """
    jobs, schools = (np.flatnonzero(profiles.kinds == kind) for kind in KINDS)
    if not len(jobs) or not len(schools):
        return pl.DataFrame(schema=MATCH_SCHEMA)
    given = (profiles.weights > 0).astype(np.float32)
    asked_shares, used_shares = coverage(given[schools], profiles)[:, jobs].T, coverage(given[jobs], profiles)[:, schools]
    score = 2 * asked_shares * used_shares / np.maximum(asked_shares + used_shares, 1e-9)
    ids = profiles.opportunity_ids
    rows, columns = np.nonzero(score >= max(min_score, 1e-6))
    pairs = (
        pl.DataFrame(
            {
                "job_opportunity_id": ids[jobs[rows]].tolist(),
                "education_opportunity_id": ids[schools[columns]].tolist(),
                "match_score": score[rows, columns],
                "covered_share": asked_shares[rows, columns],
                "used_share": used_shares[rows, columns],
            },
            schema={name: MATCH_SCHEMA[name] for name in ("job_opportunity_id", "education_opportunity_id")}
            | dict.fromkeys(("match_score", "covered_share", "used_share"), pl.Float64()),
        )
        .with_columns(pl.col("match_score", "covered_share", "used_share").round(4).clip(0, 1))
        .sort("job_opportunity_id", "match_score", "education_opportunity_id", descending=[False, True, False])
        .with_columns(match_rank=pl.int_range(1, pl.len() + 1).over("job_opportunity_id").cast(pl.Int32))
        .filter(pl.col("match_rank") <= educations)
    )
    listed = _cells(profiles, jobs, profiles.weights).rename({"opportunity_id": "job_opportunity_id", "value": "weight"})
    held = _cells(profiles, schools, covered(given, profiles.related)).rename({"opportunity_id": "education_opportunity_id"})
    state = pl.col("value").fill_null(0)
    ordered = pairs.join(listed, on="job_opportunity_id").join(held, on=["education_opportunity_id", "skill_uri"], how="left")
    lists = (
        ordered.sort(
            "job_opportunity_id", "education_opportunity_id", "weight", "skill_uri", descending=[False, False, True, False]
        )
        .group_by("job_opportunity_id", "education_opportunity_id", maintain_order=True)
        .agg(
            covered_skill_uris=pl.col("skill_uri").filter(state >= 1),
            related_skill_uris=pl.col("skill_uri").filter((state > 0) & (state < 1)),
            missing_skill_uris=pl.col("skill_uri").filter(state == 0),
        )
    )
    matched = pairs.join(lists, on=["job_opportunity_id", "education_opportunity_id"])
    return matched.select(list(MATCH_SCHEMA)).sort("job_opportunity_id", "match_rank")


def _cells(profiles: Profiles, rows: np.ndarray[Any, np.dtype[np.int64]], matrix: sparse.csr_array) -> pl.DataFrame:
    """opportunity_id, skill_uri, value of some rows of a matrix (o, s)."""
    cells = matrix[rows].tocoo()
    return pl.DataFrame(
        {
            "opportunity_id": profiles.opportunity_ids[rows[cells.row]].tolist(),
            "skill_uri": profiles.skill_uris[cells.col].tolist(),
            "value": cells.data,
        },
        schema={"opportunity_id": pl.String(), "skill_uri": pl.String(), "value": pl.Float32()},
    )


def _matrix(rows: Any, columns: Any, values: Any, shape: tuple[int, int]) -> sparse.csr_array:
    cells = (np.asarray(values, dtype=np.float32), (np.asarray(rows, dtype=np.int64), np.asarray(columns, dtype=np.int64)))
    return sparse.coo_array(cells, shape=shape).tocsr()


def _places(ordered: Texts, wanted: Sequence[str]) -> np.ndarray[Any, np.dtype[np.int64]]:
    names = np.asarray(wanted, dtype=str)
    if not len(ordered):
        return np.full(len(names), -1)
    found = np.minimum(np.searchsorted(ordered, names), len(ordered) - 1)
    return np.where(ordered[found] == names, found, -1)


def _largest_product(left: sparse.csr_array, right: sparse.csr_array) -> sparse.csr_array:
    """Like a matrix product, with the largest of the products in place of their sum."""
    steps = left.tocoo()
    counts = np.diff(right.indptr)[steps.col]
    rows = np.repeat(steps.row, counts)
    cells = right[steps.col]
    frame = pl.DataFrame({"row": rows, "column": cells.indices, "value": np.repeat(steps.data, counts) * cells.data})
    best = frame.group_by("row", "column").agg(pl.col("value").max())
    return _matrix(best["row"], best["column"], best["value"], (left.shape[0], right.shape[1]))
