"""Skills that employers of the synthetic world begin to ask for, or stop asking for, from a planted month on."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from jod_pipelines.sandbox.vocabulary import KindOfWork

EMERGING_SKILLS, FADING_SKILLS = 10, 5
MOST_KINDS_BEFORE = 1
"""Kinds of work that ask for such a skill anyway: what half the country asks for cannot emerge."""
KINDS_OF_WORK = 3
"""Kinds of work that ask for it beside those; none of them would otherwise."""
FULL_SHARE, MONTHS_TO_FULL = 0.35, 4
"""Share of the postings that ask for it in the end (fading: at first), reached along a line in so many months."""
NEWEST_START, OLDEST_START = 6, 12
"""Months before the world's last one between which the changes start."""


@dataclass(frozen=True)
class PlantedTrend:
    """A skill whose demand changes.

    Args:
        kinds: positions of the kinds of work that ask for it.
        start: first day of the month in which it begins to change.
    """

    skill_uri: str
    trend: str
    kinds: frozenset[int]
    start: date

    def chance(self, month: date) -> float:
        """Share of the postings of its kinds that ask for it in a month."""
        passed = (month.year - self.start.year) * 12 + month.month - self.start.month
        risen = FULL_SHARE * min(1.0, max(0.0, (passed + 1) / MONTHS_TO_FULL))
        return risen if self.trend == "emerging" else FULL_SHARE - risen


def plant_trends(own: random.Random, work: Sequence[KindOfWork], skills: Sequence[str], last: date) -> tuple[PlantedTrend, ...]:
    """Trends of distinct skills.

    Args:
        own: decides everything.
        work: all kinds of work.
        skills: URIs to choose from.
        last: first day of the world's last month.
    """
    asked_by = Counter(uri for kind in work for uri in {*kind.core, *kind.optional})
    rare = [uri for uri in skills if asked_by[uri] <= MOST_KINDS_BEFORE]
    chosen = own.sample(rare, min(EMERGING_SKILLS + FADING_SKILLS, len(rare)))
    found = []
    for number, uri in enumerate(chosen):
        strange = [place for place, kind in enumerate(work) if uri not in kind.core and uri not in kind.optional]
        back = last.year * 12 + last.month - 1 - own.randint(NEWEST_START, OLDEST_START)
        found.append(
            PlantedTrend(
                uri,
                "emerging" if number < EMERGING_SKILLS else "fading",
                frozenset(own.sample(strange, min(KINDS_OF_WORK, len(strange)))),
                date(back // 12, back % 12 + 1, 1),
            )
        )
    return tuple(found)
