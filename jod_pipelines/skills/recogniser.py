"""Finds skills in texts: their labels by lemmas, phrases that say them otherwise, and labels a sentence is nearly like.

A label is found where all its content words stand close together in one sentence, in any order and inflection. Of
overlapping finds the one with more words wins. `said_otherwise.csv` holds phrases of our own for skills that schools and
employers call by other names than ESCO. What is left is compared with the labels by words (see `likeness`).
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
from jod_pipelines.skills.likeness import LabelVectors
from jod_pipelines.skills.words import WHOLE, Word, sentences, whole_lemma

LANGUAGES = ("fi", "sv", "en")
SCORES = {"preferred": 1.0, "alternative": 0.9, "hidden": 0.8, "synonym": 0.7, "title": 0.6, "likeness": 0.6}
"""Methods, strongest first, and how far a find by each is trusted."""
LIKENESS = {
    "fi": (0.99, 0.99),
    "sv": (0.99, 0.99),
    "en": (0.99, 0.99),
}
"""Least covered share of a label and density of the place that make a sentence like it; see decision 0026."""
OWN = ("synonym", "title")
"""Kinds of the phrases of our own."""
SAID_OTHERWISE = Path(__file__).with_name("said_otherwise.csv")
PLACE_NAMES = frozenset(
    "englanti espanja islanti italia japani kiina korea kreikka latvia liettua malta norja portugali puola ranska romania "
    "ruotsi saksa suomi tanska turkki ukraina unkari venäjä vietnam viro".split()
)
"""Finnish names of languages that are also names of countries: only the lower-case word is a language."""
TOO_WIDE = {
    "fi": frozenset(
        (
            *("suunnitella", "terveydenhuolto", "työmarkkinat", "aikuiskoulutus"),
            *("tarjota tietoa", "suorittaa tehtävänsä", "kehittää koulutusohjelmia", "pitää yllä laatua"),
            "kehittyvät teknologiat",
        )
    ),
    "sv": frozenset(
        (
            *("planera", "chef", "arbetsmarknad", "byggbranschen", "produktkunskap"),
            *("studera ämnen", "ta ansvar", "marknadsföra utbildningen"),
        )
    ),
    "en": frozenset(("plan", "finnish", "swedish", "english", "study cultures", "work trains")),
}
"""Labels of everyday words, which say nothing of a skill where they stand: lines of business, and
what any text says of its programme (it offers knowledge) or of the world (technology develops)."""
SLACK = 1
"""Foreign words allowed between the words of a label."""
SHORTEST_SINGLE = 4
"""A one-word label shorter than this matches too much."""
TEXTS_AT_ONCE = 20_000
"""Texts whose words are held at one time; the words of a million postings would take 10 GB."""
LABELS = ("skill_uri", "language", "label", "kind")
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
    is_close: bool
    """No foreign word may stand in it: phrases of our own, and ESCO's English alternatives, which are many and much alike."""
    sequence: tuple[str, ...] | None
    """The lemmas as the label has them, where their order counts (English alternatives)."""

    def is_in_order(self, words: list[Word], places: frozenset[int]) -> bool:
        """Whether the words at these places stand in the label's order, as far as it counts."""
        return self.sequence is None or all(
            lemma in words[place].forms for lemma, place in zip(self.sequence, sorted(places), strict=False)
        )


_Find = tuple[_Label, frozenset[int], int, int]
"""A label, the positions of its words in the sentence, and the character span of the evidence."""


class SkillRecogniser:
    """Labels and phrases by lemmas, and likeness to preferred labels.

    What a language needs is made when its first text comes.

    Args:
        labels: skill_uri, language, label, kind (preferred, alternative or hidden).
        broader: skill_uri, broader_uri; the other skills of a text decide by it which of two concepts with one label is meant.
    """

    name = "labels-and-phrases-3"

    def __init__(self, labels: pl.DataFrame, broader: pl.DataFrame | None = None) -> None:
        self._labels = pl.concat([labels.select(LABELS), said_otherwise().join(labels, on="skill_uri", how="semi")])
        self._groups = _groups(broader)
        self._made: dict[str, tuple[dict[str, list[_Label]], LabelVectors, list[str]]] = {}

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
        broader = tables["broader"]
        assert isinstance(broader, pl.DataFrame)
        return cls(
            labels.join(skills, on="concept_uri", how="semi").rename({"concept_uri": "skill_uri"}),
            broader.rename({"concept_uri": "skill_uri"}).select("skill_uri", "broader_uri") if len(broader) else None,
        )

    def recognise(self, texts: Sequence[str], languages: Sequence[str]) -> pl.DataFrame:
        """See `Recogniser.recognise`; method is a key of `SCORES`."""
        parts = [pl.DataFrame(schema=RESULT)]
        for language in LANGUAGES:
            numbers = [number for number, other in enumerate(languages) if other == language]
            for start in range(0, len(numbers), TEXTS_AT_ONCE):
                parts.append(self._recognise_in(language, numbers[start : start + TEXTS_AT_ONCE], texts))
        found = pl.concat(parts)
        best = found.sort("text_id", "skill_uri", "score", "start", "end", descending=[False, False, True, False, False])
        return best.unique(["text_id", "skill_uri"], keep="first", maintain_order=True)

    def _recognise_in(self, language: str, numbers: list[int], texts: Sequence[str]) -> pl.DataFrame:
        index, vectors, uris = self._of(language)
        at, parsed = [], []
        for number in numbers:
            for words in sentences(texts[number] or "", language):
                at.append(number)
                parsed.append(words)
        rows = []
        for number, words in zip(at, parsed, strict=True):
            for label, start, end in _without_contained(_in_sentence(words, index)):
                rows.append((number, label.skill_uri, SCORES[label.kind], label.kind, start, end))
        covered, density = LIKENESS[language]
        for like in vectors.near(parsed, covered):
            if like.density >= density:
                score = SCORES["likeness"] * like.covered * like.density
                rows.append((at[like.sentence], uris[like.label], score, "likeness", like.start, like.end))
        return self._told_apart(pl.DataFrame(rows, schema=RESULT, orient="row"))

    def _of(self, language: str) -> tuple[dict[str, list[_Label]], LabelVectors, list[str]]:
        if language not in self._made:
            too_wide = pl.col("label").map_elements(_plain, return_dtype=pl.String).is_in(TOO_WIDE[language])
            labels = self._labels.filter(pl.col("language") == language, pl.col("kind").is_in(OWN) | ~too_wide)
            preferred = labels.filter(pl.col("kind") == "preferred")
            vectors = LabelVectors([_bare(label) for label in preferred["label"]], language)
            self._made[language] = _index(labels, language), vectors, preferred["skill_uri"].to_list()
        return self._made[language]

    def _told_apart(self, found: pl.DataFrame) -> pl.DataFrame:
        """Of concepts that one place names with one method, those whose groups the text's other skills share the most.

        An alternative label counts only where no preferred label has the same place.

        What cannot be told apart stays, each with its part of the score.
        """
        if found.is_empty():
            return found
        by_preferred = (pl.col("method") == "preferred").any().over("text_id", "start", "end")
        found = found.filter(~(by_preferred & pl.col("method").is_in(("alternative", "hidden"))))
        place = ["text_id", "method", "start", "end"]
        alone = pl.len().over(place) == 1
        others = found.filter(alone).join(self._groups, on="skill_uri").group_by("text_id", "broader_uri").len("support")
        support = (
            found.filter(~alone)
            .join(self._groups, on="skill_uri", how="left")
            .join(others, on=["text_id", "broader_uri"], how="left")
            .group_by(*place, "skill_uri", "score")
            .agg(support=pl.col("support").sum())
            .filter(pl.col("support") == pl.col("support").max().over(place))
            .with_columns(score=pl.col("score") / pl.len().over(place))
        )
        return pl.concat([found.filter(alone), support.select(found.columns)])


def _in_sentence(words: list[Word], index: dict[str, list[_Label]]) -> list[_Find]:
    found = []
    for position, word in enumerate(words):
        for rank, form in enumerate(word.forms):
            for label in index.get(form, ()):
                if len(label.lemmas) == 1:
                    # One word says a skill by its own lemma only, and Suomessa is not a skill in Finnish.
                    own = rank == 0 or form.startswith(WHOLE)
                    if own and not (word.is_capital and form in PLACE_NAMES):
                        found.append((label, frozenset((position,)), word.start, word.end))
                    continue
                places = _place(label.lemmas, words, position)
                loose = places is not None and max(places) - min(places) >= len(label.lemmas)
                if places is not None and not (loose and label.is_close) and label.is_in_order(words, places):
                    found.append((label, places, words[min(places)].start, words[max(places)].end))
    return found


def _place(lemmas: tuple[str, ...], words: list[Word], first: int) -> frozenset[int] | None:
    """Positions of a label's lemmas close together around the position of its rarest one, or None.

    Several lemmas may stand in one compound word; the first part of a compound alone says nothing.
    """
    reach = len(lemmas) - 1 + SLACK
    clause = words[first].clause
    near = [p for p in range(max(0, first - reach), min(len(words), first + reach + 1)) if words[p].clause == clause]
    places = {lemmas[0]: first}
    for lemma in lemmas[1:]:
        place = next((p for p in near if lemma in words[p].forms), None)
        if place is None:
            return None
        places[lemma] = place
    used = frozenset(places.values())
    if max(used) - min(used) >= len(lemmas) + SLACK:
        return None
    named = {place for lemma, place in places.items() if lemma not in words[place].modifiers}
    return used if used == named else None


def _without_contained(found: list[_Find]) -> Iterable[tuple[_Label, int, int]]:
    """Finds that do not lie within a longer one: 'test automation' is not also 'automation'."""
    kept: list[_Find] = []
    for item in sorted(found, key=lambda item: (-len(item[0].lemmas), item[2], item[0].skill_uri)):
        if not any(item[1] <= other[1] and len(item[0].lemmas) < len(other[0].lemmas) for other in kept):
            kept.append(item)
    return [(label, start, end) for label, _, start, end in kept]


def said_otherwise() -> pl.DataFrame:
    """Phrases of our own for skills, in the columns of labels.

    Kind is `synonym`, or `title` for the title of a degree whose holders have all learnt the skill.
    """
    return pl.read_csv(SAID_OTHERWISE).rename({"phrase": "label"}).select(LABELS)


def _groups(broader: pl.DataFrame | None) -> pl.DataFrame:
    if broader is None:
        return pl.DataFrame(schema={"skill_uri": pl.String, "broader_uri": pl.String})
    return broader.select("skill_uri", "broader_uri").unique()


def _plain(label: str) -> str:
    return _bare(label).strip().lower()


def _bare(label: str) -> str:
    return re.sub(r"\s*\([^)]*\)", "", label)


def _index(labels: pl.DataFrame, language: str) -> dict[str, list[_Label]]:
    """Labels under their rarest lemma, so that a text word leads to few candidates."""
    parsed = []
    for skill_uri, text, kind in labels.select("skill_uri", "label", "kind").iter_rows():
        bare = _bare(text)
        words = [word for words in sentences(bare, language) for word in words]
        lemmas = [_phrase_form(bare[word.start : word.end], word, language) if kind in OWN else word.forms[0] for word in words]
        if len(lemmas) > 1 or (lemmas and _tells_alone(lemmas[0], bare, kind, language)):
            parsed.append((skill_uri, kind, lemmas))
    counts = Counter(lemma for _, _, lemmas in parsed for lemma in set(lemmas))
    index: dict[str, list[_Label]] = defaultdict(list)
    seen = set()
    for skill_uri, kind, lemmas in parsed:
        in_order = language == "en" and kind in ("alternative", "hidden")
        is_close = in_order or kind in OWN
        ordered = tuple(sorted(lemmas, key=lambda lemma: (counts[lemma], lemma)))
        if (skill_uri, ordered) not in seen:
            seen.add((skill_uri, ordered))
            index[ordered[0]].append(_Label(skill_uri, kind, ordered, is_close, tuple(lemmas) if in_order else None))
    return dict(index)


def _tells_alone(lemma: str, label: str, kind: str, language: str) -> bool:
    """Whether a label of one word is one wherever the word stands: ESCO's English ones are often everyday words (data)."""
    if kind in OWN:
        return True
    everyday = language == "en" and kind != "preferred" and label.islower()
    return len(lemma) >= SHORTEST_SINGLE and not everyday


def _phrase_form(text: str, word: Word, language: str) -> str:
    """The form of a phrase's word that a text must hold: with its last part, where that would be taken for empty."""
    whole = whole_lemma(text.lower(), language)
    return word.forms[0] if whole == word.forms[0] else WHOLE + whole
