"""Municipalities of any year in current borders: the models' own SQL on a DuckDB in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import jinja2
import pytest

from jod_pipelines.reference import reference_table

PROJECT = Path(__file__).parents[2] / "dbt_project"
MUNICIPALITIES = {2006: 431, 2007: 416, 2008: 415, 2009: 348, 2010: 342, 2011: 336, 2013: 320, 2015: 317, 2016: 313, 2020: 310}
Cells = list[tuple[str, float | None, str]]


def build(connection: duckdb.DuckDBPyConnection, model: str) -> None:
    """Materialise one model from tables of the names it refers to."""
    path = next((PROJECT / "models").rglob(f"{model}.sql"))
    macro = (PROJECT / "macros" / "status_of_parts.sql").read_text()
    sql = jinja2.Template(macro + path.read_text()).render(ref=lambda name: name, source=lambda _, name: name)
    connection.execute(f"create table {model} as {sql}")


@pytest.fixture
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        for name in ("municipalities", "municipality_changes"):
            frame = reference_table(name).to_arrow()
            connection.register("frame", frame)
            connection.execute(f"create table {name} as from frame")
        connection.execute("create table stg_koodisto__code (code_list varchar, code varchar, valid_to date)")
        connection.execute(
            "create table stg_classifications__map"
            " (source_id varchar, target_id varchar, source_code varchar, target_code varchar)"
        )
        connection.execute("create table stg_classifications__classification (series_id varchar, edition varchar)")
        connection.execute(
            "create table dim_area as"
            " select municipality_code as area_code, name_fi, name_sv, null::varchar as name_en, region_code from municipalities"
        )
        yield connection


def successors(connection: duckdb.DuckDBPyConnection, code: str) -> list[tuple[str, str, int | None, bool]]:
    return connection.execute(
        "select current_municipality_code, event, change_year, is_main from bridge_municipality"
        " where municipality_code = ? order by 1",
        [code],
    ).fetchall()


def in_current_borders(connection: duckdb.DuckDBPyConnection, cells: Cells) -> dict[str, tuple[str, float | None, int]]:
    connection.execute(
        "create table stg_statfin__jobseekers_by_area"
        " (area_code varchar, value double, status varchar, month date, measure varchar, unit varchar)"
    )
    rows = [(*cell, "2006-01-01", "HAKIJALOPUSSA", "persons") for cell in cells]
    connection.executemany("insert into stg_statfin__jobseekers_by_area values (?, ?, ?, ?, ?, ?)", rows)
    build(connection, "bridge_municipality")
    build(connection, "int_jobseekers_in_current_borders")
    found = connection.execute("select current_municipality_code, status, value, parts from int_jobseekers_in_current_borders")
    return {code: (status, value, parts) for code, status, value, parts in found.fetchall()}


def test_each_year_has_the_municipalities_its_edition_lists(db: duckdb.DuckDBPyConnection) -> None:
    build(db, "bridge_municipality")
    build(db, "dim_area_edition")
    years = dict(db.execute("select edition_year, count(*) from dim_area_edition group by edition_year").fetchall())
    assert {year: years[year] for year in MUNICIPALITIES} == MUNICIPALITIES
    assert years[2025] == 309
    assert years[2026] == 308


def test_every_code_since_2006_reaches_a_current_municipality(db: duckdb.DuckDBPyConnection) -> None:
    build(db, "bridge_municipality")
    assert successors(db, "091") == [("091", "same", None, True)]
    assert successors(db, "479") == [("946", "merged", 2011, True)]
    assert successors(db, "443") == [("182", "split", 2007, False), ("562", "split", 2007, True)]
    current = set(reference_table("municipalities")["municipality_code"])
    reached = {code for (code,) in db.execute("select current_municipality_code from bridge_municipality").fetchall()}
    assert reached == current
    listed = set(reference_table("municipality_changes")["municipality_code"])
    bridged = {code for (code,) in db.execute("select municipality_code from bridge_municipality").fetchall()}
    assert bridged == current | listed


def test_a_change_only_the_source_tells_is_followed_and_never_guessed(db: duckdb.DuckDBPyConnection) -> None:
    db.execute("insert into stg_koodisto__code values ('kunta', '005', '2027-12-31'), ('kunta', '009', '2027-12-31')")
    maps = [("005", "010"), ("009", "010"), ("009", "016"), ("010", "010")]
    db.executemany("insert into stg_classifications__map values ('kunta_2_20270101', 'kunta_1_20280101', ?, ?)", maps)
    build(db, "bridge_municipality")
    assert successors(db, "005") == [("010", "merged", 2028, True)]
    assert successors(db, "009") == [("010", "split", 2028, False), ("016", "split", 2028, False)]
    assert successors(db, "414") == [("010", "merged", 2028, True)]


def test_a_series_of_2006_sums_into_todays_borders(db: duckdb.DuckDBPyConnection) -> None:
    found = in_current_borders(
        db, [("KU864", 10.0, "value"), ("KU928", 5.0, "value"), ("KU091", 7.0, "value"), ("SSS", 99.0, "value")]
    )
    assert found == {"020": ("value", 15.0, 2), "091": ("value", 7.0, 1)}


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([("KU864", None, "confidential"), ("KU928", 5.0, "value")], ("confidential", None, 2)),
        ([("KU864", None, "missing"), ("KU928", None, "confidential")], ("confidential", None, 2)),
        ([("KU864", None, "missing"), ("KU928", 5.0, "value")], ("missing", None, 2)),
        ([("KU864", 0.0, "zero"), ("KU928", 0.0, "zero")], ("zero", 0.0, 2)),
        ([("KU864", 0.0, "zero"), ("KU928", 5.0, "value")], ("value", 5.0, 2)),
    ],
)
def test_a_part_that_is_no_number_leaves_no_sum(
    db: duckdb.DuckDBPyConnection, cells: Cells, expected: tuple[str, float | None, int]
) -> None:
    assert in_current_borders(db, cells)["020"] == expected


def test_a_municipality_that_was_divided_is_in_no_sum(db: duckdb.DuckDBPyConnection) -> None:
    found = in_current_borders(db, [("KU443", 10.0, "value"), ("KU562", 20.0, "value"), ("KU182", 30.0, "value")])
    assert found == {"182": ("missing", None, 2), "562": ("missing", None, 2)}
