"""Every code a fact carries is held against its dimension: by a rule of its contract, or in the list of unmapped codes."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest

from jod_pipelines.contracts.model import Table, load_contracts
from jod_pipelines.reference import reference_table

SQL = Path(__file__).parents[2] / "dbt_project" / "models" / "marts" / "core" / "unmapped_codes.sql"
MARTS = load_contracts()["marts"]
MADE_OF_THE_DIMENSION = {("fct_programme_skill", "skill_uri")}
"""Skills recognised in texts by the names that dim_skill gives them."""


def listed() -> dict[tuple[str, str], tuple[str, bool]]:
    """Dimension and key, and whether a row has several codes, by table and column."""
    found = {}
    for dimension, key, columns in re.findall(r"codes_outside\('(\w+)', '(\w+)', \[(.*?)\]\) \}\}", SQL.read_text(), re.S):
        for table, column, several in re.findall(r"\['(\w+)', '(\w+)'(, 'list')?\]", columns):
            found[table, column] = (f"{dimension}.{key}", bool(several))
    return found


def test_every_code_of_a_fact_is_held_against_its_dimension() -> None:
    carried = {
        (table.name, column.name): (column.code_list, column.type.endswith("[]"))
        for table in MARTS.values()
        if table.name.startswith("fct_")
        for column in table.columns
        if (column.code_list or "").startswith("dim_") and not column.references
    }
    checked = listed()
    assert carried.keys() - checked.keys() == MADE_OF_THE_DIMENSION
    assert {column: how for column, how in checked.items() if column in carried and how != carried[column]} == {}


@pytest.mark.parametrize("table", MARTS.values(), ids=lambda table: table.name)
def test_what_is_listed_is_there(table: Table) -> None:
    columns = {column.name: column.type for column in table.columns}
    for (name, column), (target, several) in listed().items():
        if name == table.name:
            assert columns[column].endswith("[]") == several
            dimension, key = target.split(".")
            assert key in {known.name for known in MARTS[dimension].columns}


def test_a_reason_is_given_for_named_codes_and_for_no_dimension_as_a_whole() -> None:
    """A pattern that explains every code explains nothing; only of organisations all ids look alike."""
    reasons = reference_table("known_unmapped")
    plain = {
        "dim_area": "123",
        "dim_occupation": "1234",
        "dim_education": "123456",
        "dim_education_field": "071",
        "dim_education_level": "3",
    }
    for dimension, code in plain.items():
        patterns = reasons.filter(dimension=dimension)["code_pattern"]
        assert [pattern for pattern in patterns if re.fullmatch(pattern, code)] == [], dimension
    assert reasons.select(pl.all().is_not_null().all()).row(0) == (True,) * reasons.width
