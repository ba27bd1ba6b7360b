"""A release is whole or not there at all, says what it is, and shows when it was touched."""

import json
from dataclasses import replace
from datetime import date

import duckdb
import polars as pl
import pytest

from jod_pipelines.contracts.model import load_contracts, published_table
from jod_pipelines.errors import PublicationError
from jod_pipelines.forecasting.backtest import MODELS
from jod_pipelines.forecasting.evaluation import ISSUED
from jod_pipelines.forecasting.vintages import PUBLISHED
from jod_pipelines.publication import jod_documents, release
from jod_pipelines.publication.compare import compare_releases
from jod_pipelines.publication.datapackage import ReleaseNote, SourceNote, logical_hash
from jod_pipelines.publication.disclosure import contacts_in, permitted, small_groups
from jod_pipelines.publication.release import ReleaseContent, disclosure_problems, find_release, list_releases, publish, verify
from jod_pipelines.publication.wording import NAMES, TEXTS

JOB, EDUCATION = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
GROUP = "http://data.europa.eu/esco/isco/C2512"
SKILL = "http://data.europa.eu/esco/skill/0005c151-5b5a-4a66-8aac-60e734beb1ab"
DAY = date(2026, 11, 1)


def texts(**parts):
    return {f"{part}_{language}": f"{text} {language} äö" for part, text in parts.items() for language in ("fi", "sv", "en")}


def frame(name, *rows):
    table = published_table(name)
    return pl.DataFrame([{column: row.get(column) for column in table.polars_schema} for row in rows], schema=table.polars_schema)


def content(release_id="2026-11-01-aaaaaaaaaa", **changes):
    common = texts(title="Otsikko", summary="Tiivistelmä", description="Kuvaus") | {
        "members": 9,
        "first_seen": DAY,
        "last_seen": DAY,
        "active": True,
    }
    spread = {"share_pct": 50.0, "count": 4, "empty_count": 1}
    datasets = {
        "job_opportunity": frame(
            "job_opportunity",
            common
            | {"opportunity_id": JOB, "occupation_group_uri": GROUP}
            | {f"tasks_{x}": ["a", "b"] for x in ("fi", "sv", "en")},
        ),
        "education_opportunity": frame(
            "education_opportunity",
            common
            | {"opportunity_id": EDUCATION, "opportunity_type": "degree", "implementations": 12}
            | {"duration_min_months": 36, "duration_median_months": 42, "duration_max_months": 48},
        ),
        "job_opportunity_distribution": frame(
            "job_opportunity_distribution",
            spread | {"opportunity_id": JOB, "distribution_type": "OSAAMINEN", "value_code": SKILL},
            spread | {"opportunity_id": JOB, "distribution_type": "MAAKUNTA", "value_code": "01"},
        ),
        "education_opportunity_distribution": frame(
            "education_opportunity_distribution",
            spread | {"opportunity_id": EDUCATION, "distribution_type": "KUNTA", "value_code": "091"},
        ),
        "education_opportunity_programme": frame(
            "education_opportunity_programme",
            {"opportunity_id": EDUCATION, "programme_oid": "1.2.246.562.13.1", "name_fi": "Nimi"},
        ),
        "occupation_group": frame(
            "occupation_group", {"occupation_uri": GROUP, "occupation_code": "2512", "match_state": "shortage"}
        ),
        "occupation_group_distribution": frame(
            "occupation_group_distribution",
            {
                "occupation_uri": GROUP,
                "distribution_type": "REGION",
                "value_code": "01",
                "share_pct": 100.0,
                "figure_occupation_code": "251",
                "year": 2024,
            },
        ),
        "opportunity_skill": frame(
            "opportunity_skill",
            {"opportunity_kind": "job", "opportunity_id": JOB, "skill_uri": SKILL, "weight": 0.5, "essential": True},
        ),
        "opportunity_lineage": frame(
            "opportunity_lineage",
            {"release_id": release_id, "opportunity_kind": "job", "opportunity_id": JOB, "event": "minted", "from_ids": []},
        ),
        "forecast_vacancies": frame(
            "forecast_vacancies",
            {
                "region_code": "SSS",
                "occupation_code": "SSS",
                "scenario": "baseline",
                "origin": date(2026, 10, 1),
                "target_month": DAY,
            }
            | {
                "horizon_months": 1,
                "mean": 5.0,
                "q2_5": 1.0,
                "q10": 2.0,
                "q50": 5.0,
                "q90": 8.0,
                "q97_5": 9.0,
                "model": "level",
                "unit": "vacancies",
            },
        ),
    }
    datasets |= {name: frame(name) for name in load_contracts()["published"] if name not in datasets}
    note = ReleaseNote(
        release_id=release_id,
        created="2026-11-01T00:00:00+00:00",
        data_origin="synthetic",
        as_of="2026-11-01",
        fingerprint="f",
        parent=None,
        sources=(SourceNote("a/b", "A", "Lähde A", "ok", "abc", "2026-11-01T00:00:00+00:00"),),
    )
    history = pl.DataFrame({"month": [date(2026, 9, 1), date(2026, 10, 1)], "value": [6.0, 4.0]})
    return ReleaseContent(note, datasets | changes, 5, history)


def put(tmp_path, made=None):
    return publish(made or content(), tmp_path, before_pointing=lambda: None)


def test_a_release_has_everything_verifies_and_is_pointed_at_last(tmp_path):
    seen = []

    def before_pointing():
        seen.append(((tmp_path / "latest").exists(), (tmp_path / "2026-11-01-aaaaaaaaaa" / "datapackage.json").exists()))

    folder = publish(content(), tmp_path, before_pointing=before_pointing)
    assert seen == [(False, True)]
    assert verify(folder) == []
    assert (tmp_path / "latest").resolve() == folder.resolve()
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {
        "datapackage.json",
        "dcat.jsonld",
        "parquet/job_opportunity/job_opportunity.parquet",
        "jod/full_json_lines_tyomahdollisuus.json",
        "jod/full_json_lines_koulutusmahdollisuus.json",
        "jod/ammattiryhma.csv",
        "jod_marts.duckdb",
        "catalogue/index.html",
    } <= names
    assert not list(tmp_path.glob(".*.tmp"))


def test_the_same_release_again_touches_nothing(tmp_path):
    folder = put(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert put(tmp_path) == folder
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_a_synthetic_release_says_so_in_every_place(tmp_path):
    folder = put(tmp_path)
    package = json.loads((folder / "datapackage.json").read_text())
    assert package["data_origin"] == "synthetic"
    assert {resource["data_origin"] for resource in package["resources"]} == {"synthetic"}
    for path in folder.glob("parquet/*/*.parquet"):
        assert pl.read_parquet_metadata(path)["data_origin"] == "synthetic"
    for page in folder.glob("catalogue/*.html"):
        assert 'content="synthetic"' in page.read_text()
    for name in ("full_json_lines_tyomahdollisuus.json", "full_json_lines_koulutusmahdollisuus.json"):
        assert all(json.loads(line)["data_origin"] == "synthetic" for line in (folder / "jod" / name).read_text().splitlines())
    with duckdb.connect(str(folder / "jod_marts.duckdb"), read_only=True) as connection:
        assert connection.execute("select value from release where property = 'data_origin'").fetchone() == ("synthetic",)
        comments = connection.execute("select comment from duckdb_tables() where table_name != 'release'").fetchall()
        assert all("data origin: synthetic" in comment and "sv: " in comment for (comment,) in comments)
        silent = "select count(*) from duckdb_columns() where comment is null and not internal and table_name != 'release'"
        assert connection.execute(silent).fetchone() == (0,)
    assert "synthetic" in (folder / "dcat.jsonld").read_text()


def test_the_data_package_is_valid_frictionless(tmp_path):
    from frictionless import Package

    package = Package(json.loads((put(tmp_path) / "datapackage.json").read_text()))
    assert not package.to_descriptor().get("errors")
    assert {resource.name for resource in package.resources} >= {"job-opportunity", "forecast-vacancies"}
    assert all(resource.schema.fields for resource in package.resources if resource.format == "parquet")


def test_what_is_touched_after_publication_is_found(tmp_path):
    folder = put(tmp_path)
    victim = folder / "jod" / "ammattiryhma.csv"
    body = victim.read_bytes()
    victim.write_bytes(body + b"x")
    assert verify(folder) == ["jod/ammattiryhma.csv is not what was published"]
    victim.write_bytes(body)
    (folder / "extra.html").write_text("x")
    assert verify(folder) == ["extra.html is not listed"]
    (folder / "extra.html").unlink()
    victim.unlink()
    assert verify(folder) == ["jod/ammattiryhma.csv is listed and missing"]


@pytest.mark.parametrize(
    ("name", "change", "line"),
    [
        ("job_opportunity", {"opportunity_id": "not-a-uuid"}, "opportunity_id pattern"),
        ("forecast_vacancies", {"q10": 7.0}, "Quantiles rise"),
        ("job_opportunity_distribution", {"share_pct": 101.0}, "at most 100"),
    ],
)
def test_content_that_breaks_its_contract_is_never_published(tmp_path, name, change, line):
    made = content()
    broken = made.datasets[name].with_columns(**{column: pl.lit(value) for column, value in change.items()})
    with pytest.raises(PublicationError, match=line):
        put(tmp_path, replace(made, datasets=made.datasets | {name: broken}))
    assert list_releases(tmp_path) == []
    assert not (tmp_path / "latest").exists()


def test_a_process_that_dies_while_writing_leaves_no_release(tmp_path, monkeypatch):
    monkeypatch.setattr(release, "describe", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        put(tmp_path)
    monkeypatch.undo()
    assert list_releases(tmp_path) == []
    assert verify(put(tmp_path)) == []


def test_an_empty_kind_is_marked_not_to_be_delivered(tmp_path):
    made = content()
    none = {name: made.datasets[name].clear() for name in ("job_opportunity", "job_opportunity_distribution")}
    folder = put(tmp_path, replace(made, datasets=made.datasets | none))
    resources = {r["path"]: r for r in json.loads((folder / "datapackage.json").read_text())["resources"]}
    assert "retire" in resources["jod/full_json_lines_tyomahdollisuus.json"]["notice"]
    assert "notice" not in resources["jod/full_json_lines_koulutusmahdollisuus.json"]


def test_small_groups_and_contacts_stop_publication():
    made = content()
    few = made.datasets["job_opportunity"].with_columns(members=pl.lit(4, pl.Int64))
    assert small_groups(few, 5) == [JOB]
    told = made.datasets["job_opportunity"].with_columns(summary_fi=pl.lit("soita 040 123 4567"))
    assert contacts_in(told) == ["soita 040 123 4567"]
    listed = told.select(pl.lit("1").alias("id"), words=pl.lit(["hitsaus", "etunimi(at)example.fi"]))
    assert contacts_in(listed) == ["etunimi(at)example.fi"]
    harmless = told.select(
        programme_oids=pl.lit(["1.2.246.562.13.0401234567"]),
        ammattinimike=pl.lit("hitsaaja 2026"),
        code=pl.lit("skill/03213991-ea23"),
    )
    assert contacts_in(harmless) == []
    assert disclosure_problems(made) == []
    problems = disclosure_problems(replace(made, datasets=made.datasets | {"job_opportunity": few}))
    assert "fewer than 5" in problems[0]


def test_only_permitted_columns_leave():
    table = published_table("opportunity_skill")
    secret = replace(table, columns=tuple(replace(c, publish=c.name != "weight") for c in table.columns))
    assert "weight" not in permitted(content().datasets["opportunity_skill"], secret).columns


def test_the_logical_hash_knows_content_from_order():
    table = published_table("job_opportunity_distribution")
    rows = content().datasets["job_opportunity_distribution"]
    assert logical_hash(rows, table) == logical_hash(rows.reverse(), table)
    assert logical_hash(rows, table) != logical_hash(rows.with_columns(count=pl.lit(5, pl.Int64)), table)


def test_releases_are_found_by_a_part_of_their_id(tmp_path):
    with pytest.raises(PublicationError, match=r"there is no release in .*; run `jod run` first"):
        find_release(tmp_path / "releases", "latest")
    put(tmp_path)
    with pytest.raises(PublicationError, match="there is no release before"):
        find_release(tmp_path, "previous")
    first = find_release(tmp_path, "latest")
    put(tmp_path, content("2026-11-02-bbbbbbbbbb"))
    assert [item["latest"] for item in list_releases(tmp_path)].count(True) == 1
    assert find_release(tmp_path, "2026-11-02").name == "2026-11-02-bbbbbbbbbb"
    assert find_release(tmp_path, "latest").name == "2026-11-02-bbbbbbbbbb"
    assert find_release(tmp_path, "previous") == first == find_release(tmp_path, "PREVIOUS")
    with pytest.raises(PublicationError, match="2 releases match"):
        find_release(tmp_path, "2026-11")
    with pytest.raises(PublicationError, match="0 releases match 'nosuch'; there are: latest, 2026-11-02"):
        find_release(tmp_path, "nosuch")


def test_a_diff_counts_rows_opportunities_and_moves(tmp_path):
    made = content("2026-11-02-bbbbbbbbbb")
    other = made.datasets["job_opportunity"].with_columns(opportunity_id=pl.lit("33333333-3333-4333-8333-333333333333"))
    retired = made.datasets["job_opportunity"].with_columns(active=pl.lit(False))
    moved = made.datasets["forecast_vacancies"].with_columns(mean=pl.lit(10.0), q50=pl.lit(5.0))
    datasets = made.datasets | {"job_opportunity": pl.concat([other, retired]), "forecast_vacancies": moved}
    datasets["job_opportunity_distribution"] = made.datasets["job_opportunity_distribution"].head(1)
    found = compare_releases(put(tmp_path), put(tmp_path, replace(made, datasets=datasets)))
    assert found.rows["job_opportunity"] == (1, 2)
    assert found.opportunities["job_opportunity"] == {"carried": 0, "minted": 1, "reactivated": 0, "retired": 1, "retitled": 0}
    assert found.forecast["median_move_pct"] == 100.0
    assert found.forecasts["forecast_vacancies"]["outside_80_pct"] == 100.0
    json.dumps(found.as_json())


def test_documents_hold_every_distribution_and_no_backslash(tmp_path):
    folder = put(tmp_path)
    line = (folder / "jod" / jod_documents.JOB_FILE).read_bytes()
    assert b"\\" not in line
    assert "äö" in line.decode()
    document = json.loads(line)
    assert document["perustiedot"]["tyoaikaJakauma"] == {"kokonaismaara": 9, "tyhjienMaara": 9, "arvot": []}
    assert document["sijainti"]["maakuntaJakauma"]["arvot"] == [{"arvo": "01", "prosenttiosuus": 50.0}]
    group = (folder / "jod" / jod_documents.GROUP_FILE).read_text().splitlines()
    assert group[0] == "esco_uri,data"
    assert "Alitarjonta" in group[1]
    assert "palkkaus" not in group[1]


def test_pages_escape_what_comes_from_outside(tmp_path):
    made = content()
    hostile = made.datasets["job_opportunity"].with_columns(title_fi=pl.lit("<script>alert(1)</script>"))
    folder = put(tmp_path, replace(made, datasets=made.datasets | {"job_opportunity": hostile}))
    page = (folder / "catalogue" / "index.html").read_text()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_the_forecast_is_drawn_with_the_months_before_it(tmp_path):
    months = pl.date_range(date(2022, 1, 1), date(2026, 10, 1), "1mo", eager=True)
    history = pl.DataFrame({"month": months, "value": [float(place) for place in range(len(months))]})
    with_past = put(tmp_path / "a", replace(content(), vacancy_history=history)) / "catalogue" / "forecast.fi.svg"
    without = put(tmp_path / "b", replace(content(), vacancy_history=history.clear())) / "catalogue" / "forecast.fi.svg"
    assert "toteutunut" in with_past.read_text()
    assert "2024" in with_past.read_text()
    assert "2023" not in with_past.read_text()  # 36 months, not all there are
    assert "toteutunut" not in without.read_text()


@pytest.mark.parametrize(("page", "words"), [
    ("index.html", ("Koko maa", "aiempi tilanne", "1.11.2026", "0,41")),
    ("index.sv.html", ("Hela landet", "tidigare läge", "1.11.2026", "0,41")),
    ("index.en.html", ("Whole country", "earlier state", "1 November 2026", "0.41")),
])  # fmt: skip
def test_codes_days_and_numbers_are_in_the_language_of_the_page(tmp_path, page, words):
    row = {"forecast": "vacancies", "series_group": "country", "model": "issued", "series": 1, "origins": 4}
    row |= {"horizon_from": 1, "horizon_to": 12, "mase": 0.41, "mase_seasonal_naive": 0.5, "rmsse": 0.4, "wis": 1.0}
    row |= {"coverage_80_pct": 80.0, "coverage_95_pct": 95.0}
    made = content(forecast_evaluation=frame("forecast_evaluation", row))
    stale = SourceNote("a/b", "A", "Lähde A", "stale", "abc", "2026-11-01T00:00:00+00:00", "an address nobody outside needs")
    folder = put(tmp_path, replace(made, note=replace(made.note, sources=(stale,))))
    text = (folder / "catalogue" / page).read_text()
    for word in words:
        assert word in text
    for code in (">issued<", ">country<", ">stale<", "an address nobody outside needs"):
        assert code not in text


@pytest.mark.parametrize(("page", "words"), [
    ("accuracy.html", ("Avoimet työpaikat", "0,41", "18,0", "mikään malli ei ollut parempi", "AutoETS-mallin rinnalla", "0,77")),
    ("accuracy.sv.html", ("Lediga platser", "0,41", "18,0", "ingen modell bättre", "Jämfört med AutoETS", "0,77")),
    ("accuracy.en.html", ("Open vacancies", "0.41", "18.0", "For 1 of 1 series no model", "Beside AutoETS", "0.77")),
])  # fmt: skip
def test_the_page_on_accuracy_tells_who_lost_and_what_came(tmp_path, page, words):
    figures = {
        "mase": 0.41,
        "mase_seasonal_naive": 0.5,
        "rmsse": 0.4,
        "wis": 1.0,
        "coverage_80_pct": 79.0,
        "coverage_95_pct": 94.0,
    }
    row = {"forecast": "vacancies", "series_group": "country", "series": 1, "origins": 4, "horizon_from": 1, "horizon_to": 12}
    models = {"issued": {}, "issued_on_sample": {}, "auto_ets": {"mase": 0.77}}
    rows = [frame("forecast_evaluation", row | figures | {"model": model} | other) for model, other in models.items()]
    made = content(forecast_evaluation=pl.concat(rows))
    lost = made.datasets["forecast_vacancies"].with_columns(model=pl.lit("seasonal_naive"))
    folder = put(tmp_path, replace(made, datasets=made.datasets | {"forecast_vacancies": lost}))
    text = (folder / "catalogue" / page).read_text()
    for word in words:
        assert word in text
    assert TEXTS[{"": "fi", ".sv": "sv", ".en": "en"}[page[8:-5]]]["none_came"] in text
    assert f'href="{page}"' in (folder / "catalogue" / page.replace("accuracy", "index")).read_text()
    came = frame("forecast_evaluation", row | figures | {"model": "published", "mase": 3.25})
    folder = put(tmp_path / "later", replace(made, datasets=made.datasets | {"forecast_evaluation": pl.concat([*rows, came])}))
    assert TEXTS["fi"]["said_and_came"] in (folder / "catalogue" / "accuracy.html").read_text()


def test_every_code_the_pages_show_has_a_name_in_each_language():
    evaluation = {column.name: column for column in published_table("forecast_evaluation").columns}
    codes = {
        *evaluation["series_group"].allowed,
        *evaluation["forecast"].allowed,
        *MODELS,
        ISSUED,
        PUBLISHED,
        "ok",
        "stale",
        "skipped",
    }
    for language, names in NAMES.items():
        assert codes <= set(names), language
        assert set(TEXTS[language]) == set(TEXTS["en"])
