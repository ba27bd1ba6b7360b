"""Texts that were read before are not read again, and what is known of them is what reading them would give."""

from __future__ import annotations

import polars as pl
import pytest

from jod_pipelines.skills.remembered import REMEMBERED, recognise_new, recogniser_version

NOTHING = pl.DataFrame(schema=REMEMBERED)


class Words:
    """A recogniser to which each word is a skill, and which counts what it reads."""

    name = "words"

    def __init__(self):
        self.read = []

    def recognise(self, texts, languages):
        self.read += texts
        rows = [(n, word, 0.5, "word", 0, 1) for n, text in enumerate(texts) for word in sorted(set(text.split()))]
        return pl.DataFrame(rows, schema=["text_id", "skill_uri", "score", "method", "start", "end"], orient="row")


def texts(*said):
    return pl.DataFrame({"text_key": [f"key of {text}" for text in said], "language": "fi", "text": list(said)})


@pytest.fixture
def words():
    return Words()


def test_only_new_texts_are_read_and_gone_ones_are_forgotten(words):
    first = recognise_new(texts("a b", "c", ""), words, "1", NOTHING)
    assert first.select("text_key", "skill_uri").rows() == [
        ("key of ", None),
        ("key of a b", "a"),
        ("key of a b", "b"),
        ("key of c", "c"),
    ]
    words.read.clear()
    second = recognise_new(texts("a b", "", "d"), words, "1", first)
    assert words.read == ["d"]
    assert second.equals(recognise_new(texts("a b", "", "d"), Words(), "1", NOTHING))


def test_another_recogniser_reads_everything_again(words):
    first = recognise_new(texts("a b", "c"), words, "1", NOTHING)
    words.read.clear()
    recognise_new(texts("a b", "c"), words, "2", first)
    assert sorted(words.read) == ["a b", "c"]
    labels = pl.DataFrame({"label": ["one"]})
    assert (
        recogniser_version(labels) == recogniser_version(labels) != recogniser_version(labels.with_columns(label=pl.lit("two")))
    )
