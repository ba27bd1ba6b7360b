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
    BANDS,
    KNOWN,
    UNTRIED_CHANCES,
    Calibrated,
    Profiles,
    Scorer,
    chance,
    coverage,
    evidence,
    features,
    importance,
    learn_chances,
    logistic,
    opportunity_match,
    reliability_of,
)
from jod_pipelines.opportunities.matching_files import Matcher, matrix_file, read_matcher, report_of, respond
from jod_pipelines.publication.matching_files import FOLDER, MATRIX, matching_problems, release_files
from jod_pipelines.sandbox.overlap import Hardness
from jod_pipelines.settings import MatchingSettings
from matching_worlds import NO_CONCEPTS, NO_STEPS, planted

SETTINGS = MatchingSettings()
CALIBRATED = Calibrated(
    np.array([[-4.0, 0.3, 8.0, 2.0], [-5.0, 0.5, 9.0, 1.0]]),
    np.tile(UNTRIED_CHANCES, (2, 1, 1)),
    *(pl.DataFrame() for _ in range(3)),
)


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
    return Scorer.of(profiles, CALIBRATED, concepts, SETTINGS.smoothing)


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
def test_more_of_what_is_asked_never_puts_an_opportunity_behind_those_that_do_not_ask_it(world, steps, person, data):
    scorer = scorer_of(profiles_of(world, steps))
    one = data.draw(st.sampled_from(sorted(world)))
    more = data.draw(st.sampled_from(sorted(world[one][2])))
    place = scorer.profiles.opportunity_ids.tolist().index(one)
    people = scorer.people([person, [*person, more]])
    odds, scores = scorer.log_odds(people), scorer.scores(people)
    assert ((scores >= 0) & (scores <= 1)).all()
    assert odds[1, place] >= odds[0, place] - 1e-5
    strangers = scorer.profiles.touching[scorer.profiles.columns([more])].toarray()[0] == 0
    rivals = strangers & (scorer.profiles.kinds == scorer.profiles.kinds[place])
    was_before = rivals & (odds[0] <= odds[0, place])
    assert (scores[1, was_before] <= scores[1, place] + 1e-6).all()
    np.testing.assert_allclose(scorer.score(person), scores[0], atol=1e-5)


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
        # Whole postings are easy for all three once chances are learnt by the number of skills: without that they were at .0025.
        least_error = min(cosine["brier"], jaccard["brier"])
        assert scorer["brier"] < (0.001 if person == "whole" else 0.98 * least_error)
    off = (hard.calibrated.curve["mean_score"] - hard.calibrated.curve["chosen_share"]).abs()
    assert off.max() < 0.1
    pairs = hard.calibrated.curve["pairs"]
    assert (off * pairs).sum() / pairs.sum() < 0.003


def test_the_first_score_is_right_as_often_as_it_says_however_many_skills_are_told(hard):
    found = hard.calibrated.reliability
    assert found["skills_from"].to_list() == list(BANDS)
    off = (found["mean_first"] - found["first_right"]).abs()
    # Log-odds alone are off by .2 to .25 for two and three skills. 5 000 people: two standard errors are .03 for one skill.
    assert off.max() < 0.05
    few = found.filter(pl.col("skills_from") <= 3)
    assert few["mean_first"].is_sorted() and few["mean_first"].max() > 0.7


def test_people_told_apart_by_nobody_but_their_number_of_skills_get_the_chances_of_that_number():
    """Ten opportunities, of which the first is right for two in ten who tell one skill, and for nine in ten who tell sixteen."""
    random = np.random.default_rng(1)
    known = np.repeat([1.0, 16.0], 2_000)
    right = random.random(4_000) < np.repeat([0.2, 0.9], 2_000)
    odds = np.tile(np.array([0.0, *[-3.0] * 9], dtype=np.float32), (4_000, 1))
    own = np.zeros(odds.shape, dtype=bool)
    own[:, 0] = right
    found = chance(odds, known, learn_chances(odds, known, own))
    assert found[0, 0] == pytest.approx(right[:2_000].mean(), abs=0.01)
    assert found[-1, 0] == pytest.approx(right[2_000:].mean(), abs=0.01)
    told = reliability_of(found, known, own)
    assert told["skills_from"].to_list() == [1, 16]
    np.testing.assert_allclose(told["mean_first"], told["first_right"], atol=0.01)
    # Nobody told three: the chance lies between those of the numbers beside it.
    between = chance(odds[:1], np.array([3.0]), learn_chances(odds, known, own))[0, 0]
    assert found[0, 0] - 1e-6 <= between <= found[-1, 0] + 1e-6


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(-12, 8), min_size=1, max_size=9), st.floats(0, 40))
def test_chances_keep_the_order_of_the_log_odds(odds, known):
    made = np.array([odds], dtype=np.float32)
    found = chance(made, np.array([known]), np.array(UNTRIED_CHANCES))[0]
    assert (np.diff(found[np.argsort(made[0], kind="stable")]) >= -1e-6).all()
    assert ((found >= 0) & (found <= 1)).all()


def test_a_lead_counts_for_those_who_tell_few_skills():
    odds = np.array([[-3.0, -6.0], [-3.0, -3.0]], dtype=np.float32)
    ahead, level = chance(odds, np.array([2.0, 2.0]), np.array(UNTRIED_CHANCES))[:, 0]
    # One opportunity as likely as another is half as likely as both; log-odds of -3 alone would be 5 %.
    assert ahead > 0.9 and level == pytest.approx(1 / (1 + np.exp(-0.68)), abs=1e-4)


def test_the_endpoints_files_alone_give_the_scores_of_the_reference(tmp_path, hard):
    """What `docs/methods/matching.md` and the manifest say, written out with nothing but NumPy."""
    scorer = hard.scorer
    (tmp_path / MATRIX).write_bytes(matrix_file(scorer, pl.DataFrame(schema=dict.fromkeys(LABELLED, pl.String))))
    archive = np.load(tmp_path / MATRIX, allow_pickle=False)
    matrix = {name: dense(archive, name) for name in ("weights", "said")}
    report = json.loads(report_of(scorer, hard.calibrated, SETTINGS, []))
    assert report["chances"]["job"] == archive["chances"][0].tolist()
    assert report["calibration"]["job"] == archive["calibration"][0].tolist()
    assert set(archive.files) >= set(report["arrays"])
    skills = archive["skill_uris"].tolist()
    rarity = np.log1p(len(matrix["weights"]) / np.maximum((matrix["weights"] > 0).sum(axis=0), 1))
    for person in (hard.people[0], hard.people[1][:2], hard.people[2][:1]):
        has = np.zeros(len(skills))
        has[[skills.index(uri) for uri in person]] = 1
        asked = matrix["weights"] * rarity
        unexplained = (matrix["weights"] == 0) @ has
        parts = [np.ones(len(asked)), has @ matrix["said"], (asked @ has) / asked.sum(axis=1), -np.log1p(unexplained)]
        odds = archive["calibration"][0] @ parts
        lead = odds - np.log(np.exp(odds).sum() - np.exp(odds))
        told = np.log(np.clip(has.sum(), 1, 16))
        chances = [np.interp(told, np.log(KNOWN), archive["chances"][0][:, column]) for column in range(3)]
        wanted = 1 / (1 + np.exp(-(chances[0] + chances[1] * odds + chances[2] * lead)))
        found = [row["score"] for row in respond(scorer, {"osaamiset": person})]
        np.testing.assert_allclose(found, wanted, atol=1e-4)


LABELLED = ("uri", "name_fi", "name_sv", "name_en")


def dense(archive, name):
    made = np.zeros(archive[f"{name}_shape"])
    rows = np.repeat(np.arange(len(made)), np.diff(archive[f"{name}_indptr"]))
    made[rows, archive[f"{name}_indices"]] = archive[f"{name}_data"]
    return made


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
