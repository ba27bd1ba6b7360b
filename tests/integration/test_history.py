"""What a source overwrites without a date is kept, whatever code builds the warehouse."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

from jod_pipelines.platform import Platform
from jod_pipelines.settings import load_settings
from jod_pipelines.warehouse.build import Warehouse

PROJECT = Path(__file__).parents[2] / "dbt_project"
COLUMNS = "organisation_oid, name_fi, name_sv, name_en, organisation_type, parent_oid, municipality_code, is_current"
VERSIONS = """
    select organisation_oid, name_fi, shown_to is null as shown_now from history.organisation_history
    order by organisation_oid, shown_from
"""


def notice(warehouse: Warehouse, names: dict[str, str], target: Path) -> None:
    """Let dbt look at organisations with these names."""
    rows = ", ".join(f"('{oid}', '{name}', null, null, 'school', null::varchar, '091', true)" for oid, name in names.items())
    with warehouse.writer() as connection:
        connection.execute("create schema if not exists core")
        connection.execute(f"create or replace table core.dim_organisation as from (values {rows}) as t ({COLUMNS})")
    places = ("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target-path", str(target))
    assert dbtRunner().invoke(["--quiet", "--log-path", str(target), "snapshot", *places]).success
    DuckDBConnectionManager.close_all_connections()


def test_names_that_a_register_overwrites_are_kept_when_other_code_builds(tmp_path, monkeypatch):
    warehouse = Warehouse(Platform(load_settings(home=tmp_path)))
    monkeypatch.setenv("JOD_DUCKDB", str(warehouse.building))
    warehouse.begin("first")
    notice(warehouse, {"a": "Opisto", "b": "Koulu", "c": "Lukio"}, tmp_path / "target")
    notice(warehouse, {"a": "Uusi opisto", "b": "Koulu"}, tmp_path / "target")
    expected = [("a", "Opisto", False), ("a", "Uusi opisto", True), ("b", "Koulu", True), ("c", "Lukio", False)]
    assert warehouse.query(VERSIONS).rows() == expected
    with warehouse.writer() as connection:
        connection.execute(
            "drop table core.dim_organisation"
        )  # it is not whole, and what is served is described column by column
    warehouse.swap()
    with duckdb.connect(str(warehouse.served)) as connection:
        connection.execute("update platform.built_from set code = 'other'")
    warehouse.begin("second")
    assert warehouse.query("select count(*) from duckdb_tables() where schema_name = 'core'").item() == 0
    assert warehouse.query(VERSIONS).rows() == expected
    notice(warehouse, {"a": "Uusi opisto", "b": "Uusi koulu"}, tmp_path / "target")
    changed = [*expected[:2], ("b", "Koulu", False), ("b", "Uusi koulu", True), expected[3]]
    assert warehouse.query(VERSIONS).rows() == changed


@pytest.mark.parametrize("size", ["0GB", "lots", "6 GB"])
def test_a_memory_limit_that_duckdb_would_not_read_is_refused(size):
    with pytest.raises(Exception, match="duckdb_memory"):
        load_settings(duckdb_memory=size)
