"""The dimensions of the small country: what statistics, postings and ESCO say joins, and what does not is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

pytestmark = pytest.mark.slow


@pytest.fixture
def marts(small_home: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(small_home / "warehouse" / "jod.duckdb"), read_only=True) as connection:
        yield connection


def test_every_code_no_dimension_knows_is_explained(marts: duckdb.DuckDBPyConnection) -> None:
    listed = marts.execute(
        "select dataset, column_name, code, row_count, reason_fi, reason_sv, reason_en from core.unmapped_codes"
    )
    rows = listed.fetchall()
    assert len(rows) > 50
    assert [row for row in rows if None in row] == []


def test_every_posting_stands_at_an_occupation_its_group_and_its_industry(marts: duckdb.DuckDBPyConnection) -> None:
    found = marts.execute(
        "select count(*), count(occupation.occupation_uri), count(unit_group.occupation_uri), count(industry.section_code)"
        " from labour_market.fct_job_posting as posting"
        " left join core.dim_occupation as occupation on posting.main_occupation_uri = occupation.occupation_uri"
        " left join core.dim_occupation as unit_group on posting.occupation_code = unit_group.occupation_code"
        " and unit_group.occupation_level = 'unit_group'"
        " left join core.dim_industry as industry on posting.industry_code = industry.industry_code"
    ).fetchone()
    assert found is not None
    assert found[0] > 2000
    assert set(found) == {found[0]}


def test_no_number_has_more_decimals_than_its_measure_says(marts: duckdb.DuckDBPyConnection) -> None:
    facts = marts.execute(
        "select table_schema || '.' || table_name from information_schema.columns"
        " where table_name like 'fct_%' and column_name = 'measure' order by 1"
    ).fetchall()
    assert len(facts) >= 12
    finer = {}
    for (fact,) in facts:
        found = marts.execute(
            f"select distinct measure, decimals from {fact} inner join core.dim_measure using (measure)"
            " where abs(value - round(value, decimals)) > 1e-6"
        )
        finer |= {(fact, measure): decimals for measure, decimals in found.fetchall()}
    assert finer == {}


def test_the_national_classification_adds_its_fifth_level_and_its_unknown_class(marts: duckdb.DuckDBPyConnection) -> None:
    found = marts.execute(
        "select occupation_code, occupation_level, parent_uri from core.dim_occupation"
        " where occupation_uri like 'ammatti_1_2010%' order by 1"
    ).fetchall()
    assert ("11121", "national_group", "http://data.europa.eu/esco/isco/C1112") in found
    assert [code for code, level, _ in found if level == "unclassified"] == ["X", "XX"]
    assert [code for code, level, _ in found if level == "total"] == ["SSS"]


def test_esco_says_its_version_in_every_row(marts: duckdb.DuckDBPyConnection) -> None:
    for table, condition in (
        ("dim_skill", "true"),
        ("dim_skill_group", "true"),
        ("dim_occupation", "occupation_uri like 'http%'"),
    ):
        versions = marts.execute(f"select distinct esco_version from core.{table} where {condition}").fetchall()
        assert versions == [("1.1.1",)], table


def test_an_education_that_ended_keeps_its_row(marts: duckdb.DuckDBPyConnection) -> None:
    found = marts.execute(
        "select education.name_fi, education.is_current, count(*) from education.fct_students_yearly as students"
        " join core.dim_education as education on students.education_code = education.education_code"
        " where education.education_code = '381112' group by all"
    ).fetchall()
    assert [(name, current) for name, current, _ in found] == [("Hotelli-, ravintola- ja catering-alan perustutkinto", False)]
