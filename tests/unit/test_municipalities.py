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
    macros = "".join((PROJECT / "macros" / f"{name}.sql").read_text() for name in ("status_of_parts", "code_of"))
    sql = jinja2.Template(macros + path.read_text()).render(ref=lambda name: name, source=lambda _, name: name)
    connection.execute(f"create table {model} as {sql}")


def build_editions(connection: duckdb.DuckDBPyConnection) -> None:
    for model in ("bridge_municipality", "dim_area", "dim_area_edition"):
        build(connection, model)


@pytest.fixture
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        for name in ("municipalities", "municipality_changes", "regions", "region_changes", "former_regions", "area_classes"):
            frame = reference_table(name).to_arrow()
            connection.register("frame", frame)
            connection.execute(f"create table {name} as from frame")
        connection.execute(
            "create table stg_koodisto__code"
            " (code_list varchar, code varchar, valid_to date, name_fi varchar, name_sv varchar, name_en varchar)"
        )
        connection.execute(
            "create table stg_classifications__map "
            "(source_id varchar, target_id varchar, source_code varchar, target_code varchar)"
        )
        connection.execute("create table stg_classifications__classification (series_id varchar, edition varchar)")
        connection.execute("create table stg_koodisto__relation (code_uri varchar, related_uri varchar)")
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
    build_editions(db)
    counted = "select edition_year, count(*) from dim_area_edition where area_level = 'municipality' group by edition_year"
    years = dict(db.execute(counted).fetchall())
    assert {year: years[year] for year in MUNICIPALITIES} == MUNICIPALITIES
    assert years[2025] == 309
    assert years[2026] == 308


def test_each_year_has_its_regions_and_each_municipality_the_region_of_that_year(db: duckdb.DuckDBPyConnection) -> None:
    build_editions(db)
    regions = dict(
        db.execute(
            "select edition_year, count(*) from dim_area_edition where area_level = 'region' group by edition_year"
        ).fetchall()
    )
    assert (regions[2006], regions[2010], regions[2011], regions[2026]) == (20, 20, 19, 19)
    found = db.execute(
        "select region_code, current_region_code from dim_area_edition where area_code = '638' and edition_year in (2010, 2011)"
        " order by edition_year"
    ).fetchall()
    assert found == [("20", "01"), ("01", "01")]
    without = db.execute(
        "select edition.* from dim_area_edition as edition anti join dim_area_edition as region"
        " on edition.region_code = region.area_code and edition.edition_year = region.edition_year"
    ).fetchall()
    assert without == []


def test_a_region_change_names_a_municipality_that_was_in_another_region(db: duckdb.DuckDBPyConnection) -> None:
    """Of the moves in the list, those Statistics Finland tells of and those collected by hand (Itä-Uusimaa 10, two mergers)."""
    build_editions(db)
    moved = db.execute(
        "select change.municipality_code from region_changes as change inner join dim_area_edition as edition"
        " on change.municipality_code = edition.area_code and edition.edition_year = 2006"
        " where edition.region_code = change.region_code and edition.current_region_code != change.region_code"
    ).fetchall()
    listed = reference_table("region_changes")
    assert {code for (code,) in moved} == set(listed["municipality_code"])
    assert listed["told_by"].value_counts().sort("told_by").rows() == [("hand", 12), ("statistics_finland", 7)]


def test_what_a_list_still_shows_is_not_current_when_a_change_has_abolished_it(db: duckdb.DuckDBPyConnection) -> None:
    codes = [("kunta", "588", None), ("kunta", "999", None), ("kunta", "091", None), ("kunta", "001", "1972-12-31")]
    db.executemany("insert into stg_koodisto__code (code_list, code, valid_to) values (?, ?, ?)", codes)
    build_editions(db)
    found = db.execute(
        "select area_code, area_level, is_current from dim_area where area_code in ('588', '999', '091', '001', '20') order by 1"
    ).fetchall()
    assert found == [
        ("001", "municipality", False),
        ("091", "municipality", True),
        ("20", "region", False),
        ("588", "municipality", False),
        ("999", "unclassified", True),
    ]


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
    codes = [("kunta", "005", "2027-12-31"), ("kunta", "009", "2027-12-31")]
    db.executemany("insert into stg_koodisto__code (code_list, code, valid_to) values (?, ?, ?)", codes)
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
