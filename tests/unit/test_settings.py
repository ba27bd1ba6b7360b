from pathlib import Path

import pytest

from jod_pipelines.errors import SettingsError
from jod_pipelines.platform import Platform
from jod_pipelines.settings import load_settings


@pytest.fixture(autouse=True)
def no_settings_around(monkeypatch):
    import os

    for name in list(os.environ):
        if name.startswith("JOD_"):
            monkeypatch.delenv(name)


def test_keyword_beats_environment(monkeypatch):
    monkeypatch.setenv("JOD_SCALE", "national")
    assert load_settings().postings == 1_000_000
    assert load_settings(scale="small").postings == 3_000
    assert load_settings(scale="20000").postings == 20_000


def test_nested_value_from_environment(monkeypatch):
    monkeypatch.setenv("JOD_HTTP__ATTEMPTS", "2")
    assert load_settings().http.attempts == 2


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"scale": "banana"}, "wrong setting scale"),
        ({"sources": "nowhere"}, "wrong setting sources"),
        ({"sources": "recorded"}, "needs recorded=DIR"),
        ({"sources": "recorded", "recorded": "/does/not/exist"}, "is not a folder"),
        ({"seed": -1}, "wrong setting seed"),
    ],
)
def test_wrong_value_is_one_clear_line(given, line):
    with pytest.raises(SettingsError) as caught:
        load_settings(**given)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_unknown_variable_is_refused_with_a_hint(monkeypatch):
    monkeypatch.setenv("JOD_SCLAE", "small")
    with pytest.raises(SettingsError, match="did you mean JOD_SCALE"):
        load_settings()


@pytest.mark.parametrize(
    ("variable", "value", "line"),
    [
        ("JOD_HTTP__CALLERID", "x", "wrong setting http.callerid: there is no such setting; did you mean caller_id?"),
        ("JOD_RECHECK__Q", "1", "wrong setting recheck.q: there is no such setting; known: largest_round, max_pct, nights"),
        ("JOD_DUCKDB_MEMORY", "lots", "wrong setting duckdb_memory: 'lots' is not written as it has to be, such as '6GB'"),
        ("JOD_KOODISTO_LISTS", "kunta", "wrong setting JOD_KOODISTO_LISTS in the environment: write it as JSON"),
    ],
)
def test_wrong_variable_says_what_to_write(monkeypatch, variable, value, line):
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert str(caught.value).startswith(line)
    assert "\n" not in str(caught.value)


def test_secret_is_not_shown():
    assert "topsecret" not in repr(load_settings(postings_key="topsecret"))


def test_data_origin_is_honest(tmp_path):
    assert load_settings().data_origin == "synthetic"
    assert load_settings(sources="recorded", recorded=tmp_path).data_origin == "real"
    assert load_settings(sources="live").data_origin == "real"


def test_a_home_keeps_its_sources_and_its_synthetic_country(tmp_path: Path) -> None:
    Platform(load_settings(home=tmp_path, scale="300")).claim()
    Platform(load_settings(home=tmp_path, scale="300")).claim()
    Platform(load_settings(home=tmp_path, sandbox_url="http://127.0.0.1:9")).claim()
    with pytest.raises(SettingsError, match="300 postings; sources sandbox with seed 2026 and 3000 postings need a home"):
        Platform(load_settings(home=tmp_path, scale="small")).claim()
    with pytest.raises(SettingsError, match="seed 2026 and 300 postings"):
        Platform(load_settings(home=tmp_path, scale="300", seed=7)).claim()
    with pytest.raises(SettingsError, match="sources sandbox; sources live need a home"):
        Platform(load_settings(home=tmp_path, sources="live")).claim()


def test_a_home_without_a_country_takes_that_of_its_next_run(tmp_path: Path) -> None:
    (tmp_path / "sources").write_text("sandbox")
    Platform(load_settings(home=tmp_path, scale="300")).claim()
    with pytest.raises(SettingsError, match="3000 postings need"):
        Platform(load_settings(home=tmp_path)).claim()
