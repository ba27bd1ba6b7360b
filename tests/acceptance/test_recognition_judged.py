"""Recognition on real texts, against judgements made by hand.

`judged/README.md` has the rules by which the samples were judged. The recordings are read in place; the judgements hold
identifiers, places in the text and URIs, no sentence.
"""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from jod_pipelines.landing.archive import Document
from jod_pipelines.skills import SkillRecogniser
from jod_pipelines.sources import opintopolku
from jod_pipelines.sources.resource import parse_json

pytestmark = [pytest.mark.long, pytest.mark.recorded]
JUDGED = Path(__file__).with_name("judged")
TEXT_KINDS = ("name", "description")


@pytest.fixture(scope="module")
def recogniser(recorded: Path) -> SkillRecogniser:
    return SkillRecogniser.from_esco(recorded / "esco")


@pytest.fixture(scope="module")
def programme_skills(recorded: Path, recogniser: SkillRecogniser) -> pl.DataFrame:
    """programme_oid and skill_uri of what is recognised in names and descriptions of the 461 real programmes."""
    files = sorted((recorded / "opintopolku" / "search").glob("*.ndjson"))
    lines = [line for path in files for line in path.read_bytes().splitlines() if line]
    documents = [Document(str(number), line, "") for number, line in enumerate(lines)]
    parsed = parse_json(documents, ("koulutus", "toteutus"), opintopolku.read_hit).tables["koulutus"]
    programmes = pl.DataFrame(parsed, infer_schema_length=None)
    texts = pl.concat(
        programmes.select("programme_oid", language=pl.lit(language), text=pl.col(f"{kind}_{language}"))
        for kind in TEXT_KINDS
        for language in ("fi", "sv", "en")
    ).drop_nulls("text")
    found = recogniser.recognise(texts["text"].to_list(), texts["language"].to_list())
    with_oid = texts.with_row_index("text_id").with_columns(pl.col("text_id").cast(pl.Int64))
    return found.join(with_oid, on="text_id").select("skill_uri", "programme_oid").unique()


def test_most_real_programmes_have_five_skills(programme_skills: pl.DataFrame) -> None:
    counts = programme_skills.group_by("programme_oid").len()
    assert len(counts) >= 455
    assert counts.filter(pl.col("len") >= 5).height >= 350


def test_three_of_four_skills_of_real_programmes_are_right(programme_skills: pl.DataFrame) -> None:
    judged = pl.read_csv(JUDGED / "programme_skills.csv")
    still = judged.join(programme_skills, on=["programme_oid", "skill_uri"], how="semi")
    assert len(still) >= 200, "too many judged skills are no longer recognised: judge a new sample"
    assert still["is_right"].mean() >= 0.75  # type: ignore[operator]


def test_real_requirements(recorded: Path, recogniser: SkillRecogniser, capsys: pytest.CaptureFixture[str]) -> None:
    judged = pl.read_csv(JUDGED / "requirement_skills.csv")
    path = recorded / "opintopolku" / "eperusteet" / "derived_ammattitaitovaatimukset_6942140.ndjson"
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    places = judged["line"].unique(maintain_order=True).to_list()
    assert [lines[place]["koodiUri"] for place in places] == judged["requirement_uri"].unique(maintain_order=True).to_list()
    found = recogniser.recognise([lines[place]["vaatimus"]["fi"] for place in places], ["fi"] * len(places))
    said = {(places[text], uri) for text, uri in found.select("text_id", "skill_uri").iter_rows()}
    right = set(judged.drop_nulls("skill_uri").select("line", "skill_uri").iter_rows())
    precision, recall = len(said & right) / len(said), len(said & right) / len(right)
    with capsys.disabled():
        print(f"\n{len(places)} real requirements in Finnish: precision {precision:.2f}, recall {recall:.2f}")
    assert precision >= 0.75
    assert recall >= 0.3
