"""Recognition where it is known what was said: the sandbox's postings.

How hard they are: of the skills named, 40 % are said by another label than the preferred one; in Finnish nearly half stand
as a noun of action in genitive, partitive or elative, and four in ten of the others as a verb in the third person; every
seventh text denies a skill it does not ask for. Around them stand sentences on the employer, benefits and contacts. All
words of a label are there, though, and the labels are some 250 of this project's own: real texts are harder, see the judged
samples in tests/acceptance.
"""

from __future__ import annotations

import pytest

from jod_pipelines.bench.skills import planted
from jod_pipelines.skills import SkillRecogniser
from jod_pipelines.skills.evaluation import Quality, quality_by_language


@pytest.mark.long
def test_planted_skills_are_found_in_each_language_and_none_is_invented() -> None:
    labels, known = planted(1_500)
    found = SkillRecogniser(labels).recognise(known.texts, known.languages)
    measured = quality_by_language(found, known.truth, known.languages)
    assert set(measured) == {"fi", "sv", "en"}
    assert all(quality.said >= 300 and quality.f1 >= 0.95 for quality in measured.values()), measured
    assert set(found["skill_uri"]) <= set(labels["skill_uri"])


def test_quality_counts_pairs() -> None:
    assert Quality(right=1, found=2, said=4).f1 == pytest.approx(1 / 3)
    assert Quality(0, 0, 0).f1 == 1.0
    assert Quality(0, 3, 2).f1 == 0.0
