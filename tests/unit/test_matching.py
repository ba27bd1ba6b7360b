"""A score means what it says, never falls for knowing more of what is asked, and is the same wherever it is computed."""

import hashlib
import json
import os
import subprocess
import sys
import time

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from jod_pipelines.cli import app
from jod_pipelines.cli_match import resolve, split
from jod_pipelines.errors import PublicationError, QueryError
from jod_pipelines.opportunities.matching import (
    Profiles,
    Scorer,
    coverage,
    evidence,
    features,
    importance,
    logistic,
    opportunity_match,
)
from jod_pipelines.opportunities.matching_files import Matcher, matrix_file, read_matcher, report_of, respond
from jod_pipelines.publication.matching_files import FOLDER, MATRIX, matching_problems, release_files
from jod_pipelines.sandbox.overlap import Hardness
from jod_pipelines.settings import MatchingSettings
from matching_worlds import NO_CONCEPTS, NO_STEPS, planted

SETTINGS = MatchingSettings()
CALIBRATION = np.array([[-4.0, 0.3, 8.0, 2.0], [-5.0, 0.5, 9.0, 1.0]])


def profiles_of(opportunities, steps=(), extra=()):
    """Profiles of {id: (kind, members, {skill: weight})}."""
    listed = [(key, kind, members) for key, (kind, members, _) in opportunities.items()]
    skills = [(key, skill, weight) for key, (_, _, own) in opportunities.items() for skill, weight in own.items()]
    return Profiles.of(
        pl.DataFrame(listed, schema=["opportunity_id", "opportunity_kind", "members"], orient="row"),
        pl.DataFrame(skills, schema={"opportunity_id": pl.String, "skill_uri": pl.String, "weight": pl.Float64}, orient="row"),
        extra,
        pl.DataFrame(list(steps), schema=NO_STEPS.schema, orient="row"),
        SETTINGS.related_weight,
    )


def scorer_of(profiles, concepts=NO_CONCEPTS):
    return Scorer.of(profiles, CALIBRATION, concepts, SETTINGS.smoothing)


SMALL = {
    "care": ("job", 40, {"nursing": 1.0, "first aid": 0.5, "teamwork": 0.9}),
    "code": ("job", 10, {"java": 0.9, "sql": 0.6, "teamwork": 0.9}),
    "nurse degree": ("education", 20, {"nursing": 0.9, "first aid": 0.9, "anatomy": 0.8}),
    "it degree": ("education", 20, {"java": 0.9, "sql": 0.9, "maths": 0.4}),
    "everything": ("education", 20, dict.fromkeys(("nursing", "law", "music", "maths", "anatomy", "sailing"), 0.5)),
}

names = st.sampled_from([f"s{n}" for n in range(8)])
profile = st.dictionaries(names, st.floats(0.05, 1.0), min_size=1, max_size=6)
worlds = st.lists(st.tuples(st.sampled_from(["job", "education"]), st.integers(1, 200), profile), min_size=1, max_size=6).map(
    lambda rows: {f"o{number}": row for number, row in enumerate(rows)}
)
steps = st.lists(st.tuples(names, names).filter(lambda pair: pair[0] != pair[1]), max_size=6)
persons = st.lists(names, max_size=8)


@settings(max_examples=150, deadline=None)
@given(worlds, steps, persons, st.data())
def test_more_of_what_is_asked_never_lowers_a_score_and_scores_lie_between_0_and_1(world, steps, person, data):
    scorer = scorer_of(profiles_of(world, steps))
    before = scorer.score(person)
    assert ((before >= 0) & (before <= 1)).all()
    one = data.draw(st.sampled_from(sorted(world)))
    more = data.draw(st.sampled_from(sorted(world[one][2])))
    place = scorer.profiles.opportunity_ids.tolist().index(one)
    assert scorer.score([*person, more])[place] >= before[place] - 1e-6


@settings(max_examples=80, deadline=None)
@given(worlds, steps, persons, st.randoms(use_true_random=False))
def test_neither_the_order_of_skills_nor_saying_one_twice_matters(world, steps, person, random):
    scorer = scorer_of(profiles_of(world, steps))
    shuffled = [*person, *person[:2]]
    random.shuffle(shuffled)
    np.testing.assert_allclose(scorer.score(shuffled), scorer.score(person), rtol=1e-5)
    explained = scorer.explain(shuffled)
    assert explained.equals(scorer.explain(person))
    assert explained["effect"].min() is None or explained["effect"].min() > -1e-4


@settings(max_examples=80, deadline=None)
@given(worlds, st.data())
def test_an_education_that_gives_more_of_what_a_job_asks_fits_it_no_worse(world, data):
    # A skill counts by how many opportunities have it: the skill is new to no one, so that only this education changes.
    job, school = data.draw(profile), data.draw(profile)
    more = data.draw(st.sampled_from(sorted(job)))
    known = {"a": ("education", 9, {more: 1.0} | school), "b": ("education", 9, {**school, "other": 0.1})}
    scores = opportunity_match(profiles_of(world | known | {"job": ("job", 9, job)}), educations=99, min_score=0.0)
    found = {row["education_opportunity_id"]: row for row in scores.iter_rows(named=True) if row["job_opportunity_id"] == "job"}
    assert all(0 <= row["match_score"] <= 1 and 0 <= row["covered_share"] <= 1 for row in found.values())
    assert found["a"]["covered_share"] >= (found["b"]["covered_share"] if "b" in found else 0)
    assert more in found["a"]["covered_skill_uris"]


def test_what_everybody_asks_says_nothing_and_what_few_ask_says_much():
    profiles = profiles_of(SMALL)
    said = evidence(profiles, SETTINGS.smoothing).toarray()
    care, code = (profiles.opportunity_ids.tolist().index(one) for one in ("care", "code"))
    skill = {name: place for place, name in enumerate(profiles.skill_uris.tolist())}
    assert said[skill["teamwork"], care] == pytest.approx(0, abs=1e-6)
    # 10 members with 0.9 of java beside a fifth of all jobs: log(((10 * 0.9 + 5 * 0.18) / 15) / 0.18).
    assert said[skill["java"], code] == pytest.approx(np.log((9 + 5 * 0.18) / 15 / 0.18), abs=1e-5)
    assert said[skill["java"], care] == 0
    counts = importance(profiles)
    assert counts[skill["nursing"]] < counts[skill["law"]]
    assert counts[skill["law"]] == pytest.approx(np.log(6))


def test_a_related_skill_counts_in_part():
    profiles = profiles_of(SMALL, steps=[("java", "programming")], extra=["programming", "sailing boats"])
    scorer = scorer_of(profiles)
    code = profiles.opportunity_ids.tolist().index("code")
    exact, near, nothing = (scorer.score([one, "sql"])[code] for one in ("java", "programming", "sailing boats"))
    assert nothing < near < exact
    shares = coverage(scorer.people([["java"], ["programming"]]), profiles)[:, code]
    assert shares[1] == pytest.approx(shares[0] / 2)
    assert features(scorer.people([["programming"]]), profiles, scorer.said)[0, code, 2] == 0


def test_an_unrelated_skill_costs_a_little_and_less_each_time():
    scorer = scorer_of(profiles_of(SMALL))
    code = scorer.profiles.opportunity_ids.tolist().index("code")
    odds = [scorer.log_odds(scorer.people([["java", "sql", *others]]))[0, code] for others in ([], ["law"], ["law", "music"])]
    assert 0 < odds[1] - odds[2] < odds[0] - odds[1]


def test_interests_may_be_occupations_and_weigh_as_told():
    concepts = pl.DataFrame({"concept_uri": ["isco/C2512"], "opportunity_id": ["code"], "members": [7]})
    scorer = scorer_of(profiles_of(SMALL), concepts)
    code = scorer.profiles.opportunity_ids.tolist().index("code")
    skills, wishes = scorer.score(["nursing"]), scorer.score([], ["isco/C2512"])
    assert wishes.argmax() in (code, scorer.profiles.opportunity_ids.tolist().index("it degree"))
    assert wishes[code] > skills[code]
    np.testing.assert_allclose(scorer.score(["nursing"], ["isco/C2512"], 0.25), 0.75 * skills + 0.25 * wishes, rtol=1e-5)
    assert not scorer.score(["no such skill"]).any()


def test_the_skills_that_counted_are_told_the_weightiest_first():
    scorer = scorer_of(profiles_of(SMALL))
    told = scorer.explain(["teamwork", "java", "sailing", "unheard of"]).filter(pl.col("opportunity_id") == "code")
    assert told["skill_uri"].to_list() == ["java", "teamwork"]
    with_, without = (scorer.log_odds(scorer.people([has])) for has in (["teamwork", "java", "sailing"], ["teamwork", "sailing"]))
    place = scorer.profiles.opportunity_ids.tolist().index("code")
    assert told["effect"][0] == pytest.approx(float((with_ - without)[0, place]), abs=1e-4)


def test_educations_for_a_job_are_those_that_give_what_it_asks():
    matches = opportunity_match(profiles_of(SMALL, steps=[("maths", "sql")]), educations=2, min_score=0.01)
    assert matches.group_by("job_opportunity_id").len()["len"].max() == 2
    care, code = (matches.filter(pl.col("job_opportunity_id") == job).row(0, named=True) for job in ("care", "code"))
    assert care["education_opportunity_id"] == "nurse degree"
    assert (care["match_rank"], care["covered_skill_uris"], care["missing_skill_uris"]) == (
        1,
        ["nursing", "first aid"],
        ["teamwork"],
    )
    assert code["education_opportunity_id"] == "it degree"
    harmonic = 2 * care["covered_share"] * care["used_share"] / (care["covered_share"] + care["used_share"])
    assert care["match_score"] == pytest.approx(harmonic, abs=1e-3)
    second = matches.filter(pl.col("job_opportunity_id") == "code", pl.col("match_rank") == 2).row(0, named=True)
    assert (second["education_opportunity_id"], second["related_skill_uris"]) == ("everything", ["sql"])
    assert second["missing_skill_uris"] == ["java", "teamwork"]


def test_a_feature_that_would_count_against_knowing_more_is_left_out():
    random = np.random.default_rng(3)
    made = random.random((200, 5, 2))
    own = made[:, :, 0] - made[:, :, 1] + random.normal(0, 0.2, (200, 5)) > 0
    constant, helps, harms = logistic(made, own)
    assert helps > 1 and harms == 0
    assert constant == pytest.approx(logistic(made[:, :, :1], own)[0])


HARD = Hardness(kinds=60)
"""Three skills in four are shared with the family or everyone, three in ten do not belong, one posting in twenty is blurred."""


@pytest.fixture(scope="module")
def hard():
    return planted(6_000, seed=1, hardness=HARD)


def hits(score, kind):
    first = np.argsort(-score, axis=1, kind="stable")[:, :5] == kind[:, None]
    return first[:, 0].mean(), first.any(axis=1).mean()


def test_held_out_postings_find_their_kind_of_work(hard):
    assert hard.possible == pytest.approx(0.991, abs=0.003)
    people = hard.scorer.people(hard.people)
    top_1, top_5 = hits(hard.scorer.scores(people), hard.kind)
    assert top_1 > hard.possible - 0.02
    assert top_5 > 0.99


def test_scores_mean_what_they_say_and_beat_cosine_and_jaccard_that_were_calibrated_likewise(hard):
    found = {(row["person"], row["method"]): row for row in hard.calibrated.quality.iter_rows(named=True)}
    for person, least in (("whole", 0.97), ("part", 0.79), ("few", 0.6), ("joined", 0.99)):
        scorer, cosine, jaccard = (found[person, method] for method in ("scorer", "cosine", "jaccard"))
        assert scorer["top_1"] > least
        assert scorer["top_1"] >= max(cosine["top_1"], jaccard["top_1"]) - 0.002
        assert scorer["brier"] < 0.9 * min(cosine["brier"], jaccard["brier"])
    off = (hard.calibrated.curve["mean_score"] - hard.calibrated.curve["chosen_share"]).abs()
    assert off.max() < 0.1
    pairs = hard.calibrated.curve["pairs"]
    assert (off * pairs).sum() / pairs.sum() < 0.003


def test_ten_thousand_people_take_seconds(hard):
    people = (hard.people * 7)[:10_000]
    began = time.perf_counter()
    assert hard.scorer.scores(hard.scorer.people(people)).shape == (10_000, 60)
    assert time.perf_counter() - began < 5


def matcher_of(tmp_path=None):
    concepts = pl.DataFrame({"concept_uri": ["isco/C2512"], "opportunity_id": ["code"], "members": [7]})
    scorer = scorer_of(profiles_of(SMALL), concepts)
    uris = [*scorer.profiles.skill_uris.tolist(), "isco/C2512", "left out"]
    labels = pl.DataFrame({"uri": uris, "name_fi": [f"{uri} fi" for uri in uris], "name_sv": uris, "name_en": [None] * len(uris)})
    return scorer, labels


def release_folder(tmp_path, hard):
    scorer, labels = matcher_of()
    report = report_of(scorer, hard.calibrated, SETTINGS, ["1.2.0"])
    folder = tmp_path / "releases" / "r1"
    for path, body in release_files(matrix_file(scorer, labels), report, {"release_id": "r1"}).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(body)
    for kind, name in (("job", "job_opportunity"), ("education", "education_opportunity")):
        ids = [one for one, (of, _, _) in SMALL.items() if of == kind]
        (folder / "parquet" / name).mkdir(parents=True)
        pl.DataFrame(
            {"opportunity_id": ids, **{f"title_{x}": [f"{one} {x}" for one in ids] for x in ("fi", "sv", "en")}}
        ).write_parquet(folder / "parquet" / name / f"{name}.parquet")
    (tmp_path / "releases" / "latest").symlink_to("r1")
    return folder


def test_the_matrix_reads_back_as_it_was_and_is_the_same_bytes_in_another_process(tmp_path, hard):
    folder = release_folder(tmp_path, hard)
    scorer, _ = matcher_of()
    matcher = read_matcher(folder / FOLDER / MATRIX)
    people = [["java", "teamwork"], ["isco/C2512"]]
    np.testing.assert_array_equal(matcher.scorer.scores(matcher.scorer.people(people)), scorer.scores(scorer.people(people)))
    assert matcher.labels["java"] == ("java fi", "java", "")
    assert "left out" not in matcher.labels
    code = "import hashlib; from tests.unit.test_matching import *; print(hashlib.sha256(matrix_file(*matcher_of())).hexdigest())"
    paths = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    elsewhere = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=paths).stdout.strip()
    body = (folder / FOLDER / MATRIX).read_bytes()
    assert hashlib.sha256(body).hexdigest() == elsewhere
    manifest = json.loads((folder / FOLDER / "manifest.json").read_bytes())
    assert (manifest["release_id"], manifest["files"][MATRIX]["sha256"]) == ("r1", elsewhere)


def test_matching_files_that_do_not_fit_the_release_are_found(tmp_path, hard):
    folder = release_folder(tmp_path, hard)
    assert matching_problems(folder, frozenset(SMALL)) == []
    assert matching_problems(folder, frozenset({*SMALL, "new"})) == ["matching/matching.npz lacks the active opportunity new"]
    assert "care, which is no active" in matching_problems(folder, frozenset(SMALL) - {"care"})[0]
    (folder / FOLDER / MATRIX).write_bytes(b"PK broken")
    assert "is damaged" in matching_problems(folder, frozenset(SMALL))[0]
    (folder / FOLDER / MATRIX).unlink()
    with pytest.raises(PublicationError, match="older than matching"):
        read_matcher(folder / FOLDER / MATRIX)


def test_the_consumers_request_is_answered_for_every_opportunity():
    scorer, _ = matcher_of()
    answer = respond(scorer, {"osaamiset": ["java", "sql"], "osaamisPainotus": 1.0, "kiinnostusPainotus": 0.0})
    assert {(row["id"], row["type"]) for row in answer} == {
        (one, "TYOMAHDOLLISUUS" if kind == "job" else "KOULUTUSMAHDOLLISUUS") for one, (kind, _, _) in SMALL.items()
    }
    scores = {row["id"]: row["score"] for row in answer}
    assert scores["code"] == pytest.approx(
        float(scorer.score(["java", "sql"])[scorer.profiles.opportunity_ids == "code"][0]), abs=1e-5
    )
    said = respond(scorer, {"osaamisetText": "I know java", "kuvaukset": [{"otsikko": "sql", "kuvaus": None}]}, str.split)
    assert {row["id"]: row["score"] for row in said} == scores
    both = {"osaamiset": ["java", "sql"], "kiinnostukset": ["nursing"], "osaamisPainotus": 0.8, "kiinnostusPainotus": 0.2}
    wanted = 0.8 * scorer.score(["java", "sql"]) + 0.2 * scorer.score(["nursing"])
    np.testing.assert_allclose([row["score"] for row in respond(scorer, both)], wanted, atol=1e-5)
    assert {row["score"] for row in respond(scorer, {"osaamisetText": "nobody listens"})} == {0.0}


def test_the_largest_request_of_the_consumer_is_answered():
    """1 000 URIs of each kind and 10 000 characters of each text; what nobody asks for changes no score."""
    scorer, _ = matcher_of()
    small = {"osaamiset": ["java", "sql"], "osaamisetText": "java"}
    others = [f"http://x/skill/{number}" for number in range(998)]
    large = {"osaamiset": [*small["osaamiset"], *others], "kiinnostukset": others, "osaamisetText": f"java {'x' * 9_995}"}
    large["kuvaukset"] = [{"otsikko": "x" * 10_000, "kuvaus": "x" * 10_000}] * 1_000
    answer = respond(scorer, large, str.split)
    assert {row["id"] for row in answer} == set(SMALL)
    assert answer == respond(scorer, small, str.split)


def test_jod_match_prints_what_fits_and_why(tmp_path, hard):
    release_folder(tmp_path, hard)
    shown = CliRunner().invoke(
        app, ["match", "--skills", "JAVA fi, Teamwork", "--lang", "sv", "--home", str(tmp_path), "--top", "2"]
    )
    assert shown.exit_code == 0, shown.output
    heading, first = shown.output.splitlines()[:2]
    assert heading.split()[0] == "möjlighet"
    assert first.startswith("code sv") and " arbete " in first and "java, teamwork" in first and first.rstrip().endswith("sql")
    jobs = CliRunner().invoke(app, ["match", "--interests", "isco/C2512", "--kind", "education", "--home", str(tmp_path)])
    assert "it degree fi" in jobs.output and "code" not in jobs.output
    wrong = CliRunner().invoke(app, ["match", "--skills", "jav fi", "--home", str(tmp_path)])
    assert (
        isinstance(wrong.exception, QueryError)
        and str(wrong.exception) == "no skill is called 'jav fi'; did you mean 'java fi', 'law fi'?"
    )
    nothing = CliRunner().invoke(app, ["match", "--home", str(tmp_path)])
    assert isinstance(nothing.exception, QueryError) and "say what the person can do" in str(nothing.exception)


def test_a_label_with_a_comma_and_a_label_of_two_concepts(tmp_path):
    scorer, _ = matcher_of()
    matcher = Matcher(
        scorer, {"sailing": ("knots, ropes", "", ""), "java": ("java", "", ""), "law": ("java", "", ""), "x": ("java", "", "")}
    )
    assert split("java, knots, Ropes", matcher) == ["java", "knots, Ropes"]
    assert split("a, b; c", matcher) == ["a, b", "c"]
    assert resolve(["JAVA", "sailing"], matcher, ["sailing", "java", "x"], "skill") == ["java", "sailing"]
