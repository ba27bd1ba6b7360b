"""How well skills are recognised where it is known what a text says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Quality:
    """Counts of pairs of text and skill: found and right, found, and said."""

    right: int
    found: int
    said: int

    @classmethod
    def of(cls, found: pl.DataFrame, truth: pl.DataFrame) -> Quality:
        """Compare what was found with what is so; both have text_id and skill_uri."""
        pairs = ["text_id", "skill_uri"]
        own, known = found.select(pairs).unique(), truth.select(pairs).unique()
        return cls(own.join(known, on=pairs).height, own.height, known.height)

    @property
    def precision(self) -> float:
        """Share of what was found that is right; 1 where nothing was found."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Share of what is said that was found; 1 where nothing is said."""
        return self.right / self.said if self.said else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


def quality_by_language(found: pl.DataFrame, truth: pl.DataFrame, languages: Sequence[str]) -> dict[str, Quality]:
    """Quality in each language, texts being numbered in the order of `languages`."""
    result = {}
    for language in sorted(set(languages)):
        numbers = [number for number, other in enumerate(languages) if other == language]
        result[language] = Quality.of(*(frame.filter(pl.col("text_id").is_in(numbers)) for frame in (found, truth)))
    return result
