"""Labels most of whose words stand close together in a sentence, though not all of them or not in the label's own words.

The sparse product of sentences and labels over base forms gives the share of a label's weight each sentence covers; of
those above a threshold the words in question must also stand close together. Weights are inverse frequencies among the
labels, so that a skill's object counts and its verb (use, manage, apply) hardly does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from jod_pipelines.skills.words import Word, sentences, units

COMMONEST = 0.02
"""A base form in a larger share of the labels leads to no candidates of its own."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """A label a sentence is like: place of sentence and label, covered share of its weight, density of the place in words."""

    sentence: int
    label: int
    covered: float
    density: float
    start: int
    end: int


class LabelVectors:
    """Labels of one language as weighted sets of base forms.

    Args:
        labels: the labels, without what stands in parentheses.
        language: their language.
    """

    def __init__(self, labels: Sequence[str], language: str) -> None:
        parsed = [
            list(dict.fromkeys(unit for words in sentences(label, language) for word in words for unit in units(word, language)))
            for label in labels
        ]
        counts = Counter(unit for found in parsed for unit in found)
        self.vocabulary = {unit: number for number, unit in enumerate(sorted(counts))}
        self.weights = np.array([np.log(len(labels) / counts[unit]) for unit in sorted(counts)])
        self.unknown = float(np.log(len(labels)))
        self.units = parsed
        rows = [number for number, found in enumerate(parsed) for _ in found]
        columns = [self.vocabulary[unit] for found in parsed for unit in found]
        shape = (len(labels), len(self.vocabulary))
        raw = sp.csr_matrix((self.weights[columns], (rows, columns)), shape=shape)
        totals = np.asarray(raw.sum(axis=1)).ravel()
        self.labels = (sp.diags(1 / np.maximum(totals, 1e-9)) @ raw).T.tocsr()

    def near(self, texts: Sequence[list[Word]], covered: float) -> Iterator[Likeness]:
        """Labels of which each sentence covers at least a share, two words or more of them."""
        rows, columns = [], []
        for number, words in enumerate(texts):
            known = {self.vocabulary[form] for word in words for form in word.forms if form in self.vocabulary}
            rows += [number] * len(known)
            columns += known
        shape = (len(texts), len(self.vocabulary))
        found = (sp.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=shape) @ self.labels).tocoo()
        keep = found.data >= covered
        for sentence, label, share in zip(
            found.row[keep].tolist(), found.col[keep].tolist(), found.data[keep].tolist(), strict=True
        ):
            place = self._place(texts[sentence], set(self.units[label]))
            if place is not None:
                yield Likeness(sentence, label, float(share), *place)

    def _place(self, words: list[Word], wanted: set[str]) -> tuple[float, int, int] | None:
        """Density and span of the shortest run of words of one clause with all wanted forms the sentence has, or None.

        One word is no run, and the first part of a compound alone says nothing.
        """
        marks = [_named(word, wanted) for word in words]
        all_found = set().union(*marks)
        at = [number for number, mark in enumerate(marks) if mark]
        if len(at) < 2 or len(all_found) < 2 or not self._reach(all_found, wanted):
            return None
        best: tuple[int, int] | None = None
        for first in at:
            have: set[str] = set()
            for last in at:
                if last >= first:
                    have |= marks[last]
                    if have == all_found:
                        if best is None or last - first < best[1] - best[0]:
                            best = (first, last)
                        break
        if best is None or best[0] == best[1] or words[best[0]].clause != words[best[1]].clause:
            return None
        first, last = best
        inside = [self._weight(words[number]) for number in range(first, last + 1)]
        hit = [self._weight(words[number]) for number in range(first, last + 1) if marks[number]]
        return sum(hit) / max(sum(inside), 1e-9), words[first].start, words[last].end

    def _reach(self, found: set[str], wanted: set[str]) -> bool:
        """Whether what counts of the label is still enough: what was found of it weighs three quarters of it."""
        total = sum(self.weights[self.vocabulary[unit]] for unit in wanted)
        return bool(sum(self.weights[self.vocabulary[unit]] for unit in found) >= 0.75 * total)

    def _weight(self, word: Word) -> float:
        known = [self.weights[self.vocabulary[form]] for form in word.forms if form in self.vocabulary]
        return float(max(known)) if known else self.unknown


def _named(word: Word, wanted: set[str]) -> set[str]:
    marks = wanted.intersection(word.forms)
    return marks if marks - word.modifiers else set()
