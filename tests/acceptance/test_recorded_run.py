"""The platform on recorded real data."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import polars as pl
import pytest

from tests_support import Run, jod, stored

pytestmark = [pytest.mark.slow, pytest.mark.recorded]


@pytest.fixture
def release(recorded_run: Run) -> Path:
    return (recorded_run.home / "releases" / "latest").resolve()


def dataset(release: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(release / "parquet" / name / f"{name}.parquet")


def test_it_ends_with_a_release_marked_real(recorded_run: Run, release: Path) -> None:
    package = json.loads((release / "datapackage.json").read_text())
    assert package["data_origin"] == "real"
    assert "(real)" in recorded_run.out
    assert jod("verify", "latest", home=recorded_run.home).code == 0


def test_what_has_no_recording_is_skipped_with_a_clear_line(recorded_run: Run, release: Path) -> None:
    assert "mylly/job_postings skipped: no recording of job postings" in recorded_run.out
    assert "opintopolku/koulutus skipped: no koulutus details are recorded for the 461 found by the search" in recorded_run.out
    assert dataset(release, "job_opportunity").is_empty()
    assert (release / "jod" / "full_json_lines_tyomahdollisuus.json").read_bytes() == b""


def test_real_programmes_code_lists_organisations_and_skills_are_all_there(recorded_run: Run) -> None:
    with duckdb.connect(str(recorded_run.home / "warehouse" / "jod.duckdb"), read_only=True) as connection:

        def count(sql: str) -> int:
            row = connection.execute(sql).fetchone()
            assert row is not None
            return int(row[0])

        assert count("select count(*) from education.fct_programme") == 461
        assert (
            count("select count(*) from core.dim_skill where name_fi is not null and name_sv is not null and name_en is not null")
            == 13_896
        )
        assert count("select count(*) from core.dim_organisation") == 991
        assert count("select count(*) from core.dim_area where area_level = 'municipality'") == 626
        assert count("select count(*) from core.dim_area where area_level = 'municipality' and is_current") == 308
        assert count("select count(distinct programme_oid) from opportunities.fct_programme_skill") >= 455
        assert count("select count(*) from labour_market.fct_vacancies_monthly where source_table = 'tyonv/12ti'") > 0
        assert count("select count(*) from labour_market.fct_vacancies_monthly where status = 'confidential'") > 0


def test_confidential_and_true_numbers_survive_from_the_answer_to_the_release(
    recorded_run: Run, recorded: Path, release: Path
) -> None:
    answer = json.loads((recorded / "statfin" / "software_occupations_register_kunnat_12ti.json").read_text("utf-8"))
    measures = ("unemployed_jobseekers", "open_vacancies")
    symbols = {"...": "confidential"}
    sent = {
        (area.removeprefix("MK"), occupation, month.replace("M", "-") + "-01", measure): value
        for area, occupation, month, values in ((*row["key"], row["values"]) for row in answer["data"])
        if area == "SSS" or area.startswith("MK")
        for measure, value in zip(measures, values, strict=True)
    }
    key = ["region_code", "occupation_code", "month", "measure"]
    published = dataset(release, "labour_market_monthly").filter(pl.col("source_table") == "tyonv/12ti")
    released = {
        (region, occupation, str(month), measure): (status, value)
        for region, occupation, month, measure, status, value in published.select(*key, "status", "value").iter_rows()
    }
    expected = {
        cell: (symbols[value], None) if value in symbols else ("zero" if float(value) == 0 else "value", float(value))
        for cell, value in sent.items()
    }
    assert {cell: released.get(cell) for cell in expected} == expected
    assert {status for status, _ in expected.values()} == {"confidential", "zero", "value"}
    with duckdb.connect(str(recorded_run.home / "warehouse" / "jod.duckdb"), read_only=True) as connection:
        mart = connection.sql("from labour_market.fct_vacancies_monthly").pl()
    assert mart.sort(key).equals(dataset(release, "labour_market_monthly").sort(key))


def test_every_code_no_dimension_knows_is_explained(recorded_run: Run) -> None:
    with duckdb.connect(str(recorded_run.home / "warehouse" / "jod.duckdb"), read_only=True) as connection:
        unexplained = connection.execute(
            "select dataset, column_name, code from core.unmapped_codes where reason_en is null"
        ).fetchall()
        listed = connection.execute("select count(*) from core.unmapped_codes").fetchone()
    assert unexplained == []
    assert listed is not None
    assert listed[0] > 100


def test_no_municipality_of_the_real_register_looks_whole_when_a_part_is_hidden(recorded_run: Run) -> None:
    with duckdb.connect(str(recorded_run.home / "warehouse" / "jod.duckdb"), read_only=True) as connection:
        found = connection.execute(
            "select count(distinct current_municipality_code), count(*) filter (where status = 'confidential'),"
            " count(*) filter (where (status in ('value', 'zero')) != (value is not null))"
            " from intermediate.int_jobseekers_in_current_borders"
        ).fetchone()
    assert found is not None
    assert found[0] == 308
    assert found[1] > 800
    assert found[2] == 0


def test_education_opportunities_and_forecasts_are_made(release: Path) -> None:
    education = dataset(release, "education_opportunity")
    assert len(education) >= 15
    assert education["members"].sum() >= 300
    assert education["title_fi"].n_unique() == len(education)
    forecasts = dataset(release, "forecast_vacancies")
    assert len(forecasts) > 1000
    out_of_order = forecasts.filter(
        (pl.col("q2_5") > pl.col("q10"))
        | (pl.col("q10") > pl.col("q50"))
        | (pl.col("q50") > pl.col("q90"))
        | (pl.col("q90") > pl.col("q97_5"))
    )
    assert out_of_order.is_empty()
    assert forecasts["origin"].n_unique() == 1


def test_real_forecasts_beat_seasonal_naive_and_their_intervals_cover(release: Path) -> None:
    evaluation = dataset(release, "forecast_evaluation").filter(model="issued")
    third_year = pl.col("horizon_from") > 24
    beside_naive = evaluation.with_columns(share=pl.col("mase") / pl.col("mase_seasonal_naive"))
    assert (beside_naive.filter(~third_year)["share"] < 1).all()
    assert (beside_naive.filter(third_year)["share"] < 1.04).all()
    occupations = evaluation.filter(series_group="occupation")
    assert occupations["coverage_95_pct"].is_between(92, 98).all()
    # Of the third year few outcomes are known, and they are of 2018-2020; how short that falls is in docs/methods/short_term.md.
    assert occupations.filter(~third_year)["coverage_80_pct"].is_between(75, 85).all()
    assert occupations.filter(third_year)["coverage_80_pct"].is_between(70, 85).all()


def test_no_title_is_a_rest_class(release: Path) -> None:
    assert not dataset(release, "education_opportunity")["title_fi"].str.contains("tuntematon").any()


def test_raw_bodies_are_the_recorded_bytes(recorded_run: Run, recorded: Path) -> None:
    import hashlib

    original = (recorded / "statfin" / "unemployment_register_kunnat_12r5.json").read_bytes()
    digest = hashlib.sha256(original).hexdigest()
    path = recorded_run.home / "landing" / "statfin" / "tyonv_12r5" / "objects" / digest[:2] / f"{digest}.zst"
    assert stored(path) == original


def test_a_second_run_changes_nothing(recorded_run: Run, recorded: Path) -> None:
    again = jod("run", "--sources", "recorded", "--recorded", str(recorded), home=recorded_run.home)
    assert again.code == 0
    assert "nothing changed" in again.out
