"""Finds the labels of skills in texts by their lemmas.

A label is found where all its content words stand close together in one sentence, in any order and inflection. Of
overlapping finds the one with more words wins.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import polars as pl

from jod_pipelines.errors import JodError
from jod_pipelines.skills.words import Word, sentences

LANGUAGES = ("fi", "sv", "en")
SCORES = {"preferred": 1.0, "alternative": 0.9, "hidden": 0.8}
SLACK = 1
"""Foreign words allowed between the words of a label."""
SHORTEST_SINGLE = 4
"""A one-word label shorter than this matches too much."""
RESULT = {
    "text_id": pl.Int64(),
    "skill_uri": pl.String(),
    "score": pl.Float64(),
    "method": pl.String(),
    "start": pl.Int64(),
    "end": pl.Int64(),
}


class Recogniser(Protocol):
    """Anything that finds skills in texts; the pipeline depends on this and not on a method."""

    name: str

    def recognise(self, texts: Sequence[str], languages: Sequence[str]) -> pl.DataFrame:
        """Skills found in each text.

        Args:
            texts: the texts.
            languages: `fi`, `sv` or `en` of each text.

        Returns:
            text_id (position in `texts`), skill_uri, score (0-1), method, start, end (character span of the evidence);
            one row per text and skill, sorted by both.
        """


@dataclass(frozen=True, slots=True)
class _Label:
    """A label as the multiset of its lemmas, in order of rarity."""

    skill_uri: str
    kind: str
    lemmas: tuple[str, ...]
    is_name: bool


_Find = tuple[_Label, frozenset[int], int, int]
"""A label, the positions of its words in the sentence, and the character span of the evidence."""


class SkillRecogniser:
    """Lemmatised label matching.

    Args:
        labels: skill_uri, language, label, kind (preferred, alternative or hidden).
    """

    name = "lemma-labels-1"

    def __init__(self, labels: pl.DataFrame) -> None:
        self._index = {language: _index(labels.filter(pl.col("language") == language), language) for language in LANGUAGES}

    @classmethod
    def from_esco(cls, folder: Path | str) -> SkillRecogniser:
        """A recogniser of the skills in an ESCO or FINESCO download.

        Raises:
            JodError: the folder holds no skills.
        """
        from jod_pipelines.landing.archive import Document
        from jod_pipelines.sources.esco import FILE_NAME, parse

        paths = sorted(path for path in Path(folder).iterdir() if FILE_NAME.fullmatch(path.name))
        tables = parse(Document(path.name, path.read_bytes(), "") for path in paths).tables
        concepts, labels = tables["concept"], tables["label"]
        assert isinstance(concepts, pl.DataFrame) and isinstance(labels, pl.DataFrame)
        if concepts.is_empty():
            raise JodError(f"{folder} holds no ESCO skills")
        skills = concepts.filter(concept_type="skill").select("concept_uri")
        return cls(labels.join(skills, on="concept_uri", how="semi").rename({"concept_uri": "skill_uri"}))

    def recognise(self, texts: Sequence[str], languages: Sequence[str]) -> pl.DataFrame:
        """See `Recogniser.recognise`."""
        rows = [
            (text_id, label.skill_uri, SCORES[label.kind], label.kind, start, end)
            for text_id, (text, language) in enumerate(zip(texts, languages, strict=True))
            for label, start, end in self._find(text, language)
        ]
        return pl.DataFrame(rows, schema=RESULT, orient="row").sort("text_id", "skill_uri")

    def _find(self, text: str, language: str) -> list[tuple[_Label, int, int]]:
        index = self._index.get(language)
        if not index or not text:
            return []
        best: dict[str, tuple[_Label, int, int]] = {}
        for words in sentences(text, language):
            for label, start, end in _without_contained(_in_sentence(words, index)):
                known = best.get(label.skill_uri)
                if known is None or SCORES[label.kind] > SCORES[known[0].kind]:
                    best[label.skill_uri] = (label, start, end)
        return list(best.values())


def _in_sentence(words: list[Word], index: dict[str, list[_Label]]) -> list[_Find]:
    found = []
    for position, word in enumerate(words):
        for rank, form in enumerate(word.forms):
            for label in index.get(form, ()):
                if len(label.lemmas) == 1:
                    # One word says a skill by its own lemma only, and Suomessa is not a skill in Finnish.
                    if rank == 0 and (label.is_name or not word.is_name):
                        found.append((label, frozenset((position,)), word.start, word.end))
                    continue
                places = _place(label.lemmas, words, position)
                if places is not None:
                    found.append((label, places, words[min(places)].start, words[max(places)].end))
    return found


def _place(lemmas: tuple[str, ...], words: list[Word], first: int) -> frozenset[int] | None:
    """Positions of a label's lemmas close together around the position of its rarest one, or None.

    Several lemmas may stand in one compound word.
    """
    reach = len(lemmas) - 1 + SLACK
    near = range(max(0, first - reach), min(len(words), first + reach + 1))
    places = {first}
    for lemma in lemmas[1:]:
        place = next((p for p in near if lemma in words[p].forms), None)
        if place is None:
            return None
        places.add(place)
    return frozenset(places) if max(places) - min(places) < len(lemmas) + SLACK else None


def _without_contained(found: list[_Find]) -> Iterable[tuple[_Label, int, int]]:
    """Finds that do not lie within a longer one: 'test automation' is not also 'automation'."""
    kept: list[_Find] = []
    for item in sorted(found, key=lambda item: (-len(item[0].lemmas), item[2], item[0].skill_uri)):
        if not any(item[1] <= other[1] and len(item[0].lemmas) < len(other[0].lemmas) for other in kept):
            kept.append(item)
    return [(label, start, end) for label, _, start, end in kept]


def _index(labels: pl.DataFrame, language: str) -> dict[str, list[_Label]]:
    """Labels under their rarest lemma, so that a text word leads to few candidates."""
    parsed = []
    for skill_uri, text, kind in labels.select("skill_uri", "label", "kind").iter_rows():
        bare = re.sub(r"\s*\([^)]*\)", "", text)
        lemmas = [word.forms[0] for words in sentences(bare, language) for word in words]
        if lemmas and (len(lemmas) > 1 or len(lemmas[0]) >= SHORTEST_SINGLE):
            parsed.append((skill_uri, kind, lemmas, bare[0].isupper()))
    counts = Counter(lemma for _, _, lemmas, _ in parsed for lemma in set(lemmas))
    index: dict[str, list[_Label]] = defaultdict(list)
    seen = set()
    for skill_uri, kind, lemmas, is_name in parsed:
        ordered = tuple(sorted(lemmas, key=lambda lemma: (counts[lemma], lemma)))
        if (skill_uri, ordered) not in seen:
            seen.add((skill_uri, ordered))
            index[ordered[0]].append(_Label(skill_uri, kind, ordered, is_name))
    return dict(index)
