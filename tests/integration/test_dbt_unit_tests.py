"""The unit tests written beside the dbt models, run on an empty warehouse."""

from __future__ import annotations

from pathlib import Path

import pytest
from dbt.cli.main import dbtRunner, dbtRunnerResult

from jod_pipelines.platform import Platform
from jod_pipelines.settings import load_settings
from jod_pipelines.warehouse.build import Warehouse

PROJECT = Path(__file__).parents[2] / "dbt_project"


@pytest.fixture
def empty_warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    warehouse = Warehouse(Platform(load_settings(home=tmp_path)))
    warehouse.begin("nothing has landed")
    monkeypatch.setenv("JOD_DUCKDB", str(warehouse.building))
    return tmp_path / "target"


def dbt(target: Path, *arguments: str) -> dbtRunnerResult:
    places = ("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target-path", str(target))
    return dbtRunner().invoke(["--quiet", "--log-path", str(target), *arguments, *places])


def test_models_do_to_planted_rows_what_their_unit_tests_say(empty_warehouse: Path) -> None:
    """A unit test needs the relations its model reads, not their rows."""
    assert dbt(empty_warehouse, "run", "--empty", "--select", "tag:base").success
    tested = dbt(empty_warehouse, "test", "--select", "test_type:unit")
    results = {result.node.name: result for result in tested.result}  # type: ignore[union-attr]
    assert {name: result.message for name, result in results.items() if result.status != "pass"} == {}
    assert len(results) >= 6
