"""Matching in a whole run: educations that lead to the planted kinds of work, and files that fit the release."""

import hashlib
import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from jod_pipelines.matches import make_matches
from jod_pipelines.opportunities.matching_files import Matcher, read_matcher
from jod_pipelines.platform import Platform
from jod_pipelines.publication.matching_files import MATRIX
from jod_pipelines.sandbox.vocabulary import own_vocabulary
from jod_pipelines.settings import load_settings
from tests_support import jod


@pytest.fixture(scope="module")
def matcher(small_home: Path) -> Matcher:
    return read_matcher(small_home / "releases" / "latest" / "matching" / MATRIX)


def published(home: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(home / "releases" / "latest" / "parquet" / name / f"{name}.parquet")


def planted_kinds(home: Path, kind: str, item: str) -> dict[str, str]:
    members = pl.read_parquet(home / "warehouse" / "derived" / f"members_{kind}.parquet")
    truth = pl.read_parquet(home / "sandbox" / "truth" / f"{item}_kind.parquet")
    kinds = members.join(truth, on="item_id").group_by("opportunity_id").agg(pl.col("kind").mode().sort().first())
    return dict(kinds.iter_rows())


def test_the_first_education_of_a_job_leads_to_its_kind_of_work(small_home: Path) -> None:
    # The world is easy: programmes teach the core skills of the kinds of work they lead to, among 46 kinds of programme.
    work, taught = planted_kinds(small_home, "job", "posting"), planted_kinds(small_home, "education", "programme")
    leads_to = {programme.key: set(programme.leads_to) for programme in own_vocabulary().programmes}
    matches = published(small_home, "opportunity_match").with_columns(
        right=pl.struct("job_opportunity_id", "education_opportunity_id").map_elements(
            lambda pair: work[pair["job_opportunity_id"]] in leads_to[taught[pair["education_opportunity_id"]]],
            return_dtype=pl.Boolean,
        )
    )
    assert matches["match_rank"].max() <= 10
    assert matches["job_opportunity_id"].n_unique() == len(work)
    assert matches.filter(pl.col("match_rank") == 1)["right"].mean() >= 0.92
    within_3 = matches.filter(pl.col("match_rank") <= 3).group_by("job_opportunity_id").agg(pl.col("right").any())
    assert within_3["right"].mean() >= 0.97


def test_the_skills_of_a_job_are_covered_related_or_missing(small_home: Path) -> None:
    needed = published(small_home, "opportunity_skill").filter(pl.col("opportunity_kind") == "job")
    listed = needed.group_by("opportunity_id").agg(pl.col("skill_uri").sort())
    lists = ("covered_skill_uris", "related_skill_uris", "missing_skill_uris")
    matches = published(small_home, "opportunity_match").with_columns(together=pl.concat_list(*lists).list.sort())
    joined = matches.join(listed, left_on="job_opportunity_id", right_on="opportunity_id")
    assert len(joined) == len(matches) > 100
    assert joined.select((pl.col("together") == pl.col("skill_uri")).all()).item()


def test_the_matching_files_are_those_of_the_release_and_the_same_when_made_again(small_home: Path, tmp_path: Path) -> None:
    release = small_home / "releases" / "latest"
    manifest = json.loads((release / "matching" / "manifest.json").read_bytes())
    package = json.loads((release / "datapackage.json").read_bytes())
    assert manifest["release_id"] == package["id"] and manifest["fingerprint"] == package["fingerprint"]
    resources = {resource["path"]: resource for resource in package["resources"]}
    assert resources["matching/manifest.json"]["format"] == "json"
    assert resources[f"matching/{MATRIX}"]["hash"] == f"sha256:{manifest['files'][MATRIX]['sha256']}"
    active = {kind: published(small_home, f"{kind}_opportunity")["active"].sum() for kind in ("job", "education")}
    assert manifest["opportunities"] == active
    home = tmp_path / "home"
    shutil.copytree(small_home, home, symlinks=True)
    make_matches(Platform(load_settings(home=home)))
    again = (home / "warehouse" / "derived" / MATRIX).read_bytes()
    assert hashlib.sha256(again).hexdigest() == manifest["files"][MATRIX]["sha256"]


def test_calibrated_scores_of_the_run_beat_cosine_and_jaccard(small_home: Path) -> None:
    manifest = json.loads((small_home / "releases" / "latest" / "matching" / "manifest.json").read_bytes())
    found = {(row["opportunity_kind"], row["person"], row["method"]): row for row in manifest["quality"]}
    for kind, person, top_1 in (("job", "whole", 0.98), ("job", "part", 0.87), ("education", "whole", 0.98)):
        scorer, cosine, jaccard = (found[kind, person, method] for method in ("scorer", "cosine", "jaccard"))
        assert scorer["top_1"] >= top_1
        # Whole members are told apart by all three.
        assert scorer["brier"] < (0.001 if person == "whole" else min(cosine["brier"], jaccard["brier"]))
    for row in manifest["reliability"]:
        if row["people"] >= 500:
            assert row["mean_first"] == pytest.approx(row["first_right"], abs=0.05)


def test_an_occupation_named_as_an_interest_leads_to_its_kind_of_work(small_home: Path, matcher: Matcher) -> None:
    jobs = published(small_home, "job_opportunity").filter("active").drop_nulls("occupation_uri").sort("opportunity_id")
    scorer = matcher.scorer
    ids = scorer.profiles.opportunity_ids.tolist()
    own = 0
    for job, occupation in jobs.select("opportunity_id", "occupation_uri").iter_rows():
        first = scorer.score([], [occupation]).argsort()[::-1][:2]
        own += job in {ids[place] for place in first}
    assert own / len(jobs) > 0.9


def test_the_command_answers_in_each_language_and_names_what_it_does_not_know(small_home: Path) -> None:
    asked = ("match", "--skills", "kehittää verkkosovelluksia", "--kind", "job", "--top", "3", "--lang")
    answers = {language: jod(*asked, language, home=small_home) for language in ("fi", "sv", "en")}
    assert {answer.code for answer in answers.values()} == {0}
    titles = published(small_home, "job_opportunity")
    for language, heading in (("fi", "sopivuus"), ("sv", "passar"), ("en", "fit")):
        head, first = answers[language].out.splitlines()[:2]
        assert heading in head
        assert any(first.startswith(title) for title in titles[f"title_{language}"])
    assert "kehittää verkkosovelluksia" in answers["fi"].out and "kehittää verkkosovelluksia" not in answers["en"].out
    unknown = jod("match", "--skills", "kehittää verkkosovelluksi", home=small_home)
    assert unknown.code == 2 and "did you mean 'kehittää verkkosovelluksia'" in unknown.err
