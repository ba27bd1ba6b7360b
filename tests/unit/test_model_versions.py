"""A model's version changes with its data, its code and its settings, and with nothing else."""

import json
from shutil import copytree, ignore_patterns

import yaml

from jod_pipelines import model_versions
from jod_pipelines.fingerprint import PROJECT
from jod_pipelines.forecasting.scenarios import FOLDER
from jod_pipelines.model_versions import MODELS, Fit, model_rows
from jod_pipelines.publication.retrospect_page import TEXTS_OF_CARDS
from jod_pipelines.settings import ClusterSettings, LongTermSettings, Settings

FITS = {model.name: Fit(10, {"clusters": 2, "ari_all": None}) for model in MODELS}
SNAPSHOTS = {"esco/classification": "c1", "mylly/job_postings": "c2", "statfin/tyonv_12ti": "c3"}


def versions(settings=None, snapshots=SNAPSHOTS):
    return dict(model_rows(settings or Settings(), snapshots, FITS).select("model_name", "model_version").iter_rows())


def changed(other):
    return {name for name, version in versions().items() if other[name] != version}


def test_a_version_follows_the_content_of_its_own_sources():
    assert changed(versions(snapshots=SNAPSHOTS | {"statfin/tyonv_12ti": "c4"})) == {
        "labour_market_forecast",
        "long_term_forecast",
    }
    assert changed(versions(snapshots=SNAPSHOTS | {"mylly/job_postings": "c5"})) == {
        "job_clusters",
        "identity_registry",
        "matching",
        "opportunity_map",
        "skill_trend",
        "skill_demand_forecast",
    }


def test_a_version_follows_its_settings():
    other = Settings(clusters=ClusterSettings(neighbours=20))
    assert changed(versions(other)) == {"job_clusters", "education_clusters"}


def test_scenarios_of_ones_own_make_a_version_by_what_they_say_not_by_where_they_lie(tmp_path):
    found = []
    for folder, factor in (("here", 0.9), ("there", 0.9), ("changed", 0.8)):
        copytree(FOLDER, tmp_path / folder, ignore=ignore_patterns("*.py", "__pycache__"))
        care = tmp_path / folder / "ageing_care.yaml"
        care.write_text(care.read_text("utf-8").replace("leaving_factor: 0.93", f"leaving_factor: {factor}"), "utf-8")
        found.append(versions(Settings(long_term=LongTermSettings(scenarios=tmp_path / folder)))["long_term_forecast"])
    assert found[0] == found[1] != found[2]


def test_a_version_follows_its_code(monkeypatch):
    known = model_versions.code_fingerprint
    monkeypatch.setattr(
        model_versions, "code_fingerprint", lambda *paths: known(*paths) + "x" * ("jod_pipelines/skills" in paths)
    )
    other = versions()
    monkeypatch.undo()
    assert changed(other) == {
        "skill_recogniser",
        "job_clusters",
        "education_clusters",
        "skill_trend",
        "skill_demand_forecast",
    }


def test_all_code_that_models_name_is_there():
    assert [path for model in MODELS for path in model.code if not (PROJECT / path).exists()] == []


def test_what_a_row_says_can_be_read_back():
    row = model_rows(Settings(), SNAPSHOTS, {"job_clusters": FITS["job_clusters"]}).row(0, named=True)
    assert json.loads(row["settings"])["min_cluster_floor"] == Settings().clusters.min_cluster_floor
    assert json.loads(row["quality"]) == {"clusters": 2}
    assert row["snapshots"] == ["esco/classification@c1", "mylly/job_postings@c2"]


def test_a_model_without_data_is_not_there():
    assert model_rows(Settings(), SNAPSHOTS, {"job_clusters": Fit(0, {}), "opportunity_map": Fit(3, {})})[
        "model_name"
    ].to_list() == ["opportunity_map"]


def test_every_model_has_a_card_in_three_languages():
    said = yaml.safe_load(TEXTS_OF_CARDS.read_bytes())
    assert set(said["cards"]) == {model.name for model in MODELS}
    parts = {"title", "what", "made_of", "limits"}
    for card in said["cards"].values():
        assert {language: set(texts) for language, texts in card.items()} == dict.fromkeys(("fi", "sv", "en"), parts)
    assert all(set(words) == {"fi", "sv", "en"} for words in said["measures"].values())
