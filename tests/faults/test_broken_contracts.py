"""A whole run in which published data break a contract: a blocking rule means no release, a warning is in the release."""

from __future__ import annotations

import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from rich.console import Console

from assets.run import RunReport, run_main_job
from jod_pipelines.contracts.model import load_contracts
from jod_pipelines.settings import load_settings

pytestmark = pytest.mark.long
NEVER = 10**9


@pytest.fixture
def home(small_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home where everything has landed and nothing is released."""
    for name in ("DAGSTER_HOME", "JOD_DUCKDB"):  # set by a run in this process; put back afterwards
        monkeypatch.setenv(name, "")
    copied = tmp_path / "home"
    shutil.copytree(small_home, copied, ignore=shutil.ignore_patterns("releases", "dagster", "quality"), symlinks=True)
    return copied


def run(home: Path) -> RunReport:
    return run_main_job(load_settings(home=home), None, Console(file=io.StringIO()))


def change(monkeypatch: pytest.MonkeyPatch, layer: str, name: str, column: str | None = None, **given: object) -> None:
    """Give a contract a rule that its data cannot keep."""
    table = load_contracts()[layer][name]
    if column is None:
        changed = replace(table, **given)
    else:
        changed = replace(table, columns=tuple(replace(c, **given) if c.name == column else c for c in table.columns))
    monkeypatch.setitem(load_contracts()[layer], name, changed)


def test_a_blocking_rule_broken_in_a_mart_means_no_release(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    change(monkeypatch, "marts", "dim_education_field", "field_uri", pattern="nothing has this form")
    report = run(home)
    assert report.exit_code == 5
    assert "dim_education_field" in report.line
    assert "field_uri: pattern nothing has this form" in report.line
    assert ", keys " in report.line
    assert not (home / "releases" / "latest").exists()
    assert any(name.startswith("opportunities/job_opportunity") for name in report.checks_not_run)


def test_a_warning_is_released_and_told_everywhere(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    change(monkeypatch, "published", "job_opportunity", "members", minimum=NEVER, severity="warn")
    report = run(home)
    assert (report.exit_code, report.line) == (0, "")
    assert any(f"members: at least {NEVER}" in warning for warning in report.warnings)
    package = json.loads((home / "releases" / "latest" / "datapackage.json").read_text())
    assert any(line.startswith(f"job_opportunity: members: at least {NEVER} is broken by") for line in package["warnings"])
    with duckdb.connect(str(home / "warehouse" / "jod.duckdb"), read_only=True) as connection:
        found = connection.execute(
            'select dataset, "column", severity, rows_failed > 0, len(sample_keys) from quality.latest_results where not passed'
        ).fetchall()
    assert found == [("job_opportunity", "members", "warn", True, 5)]


def test_a_check_that_vanished_means_no_release(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from assets import assembly

    whole = assembly.contract_checks
    gone = "opportunities/opportunity_skill"
    kept = lambda settings: [c for c in whole(settings) if gone not in {k.asset_key.to_user_string() for k in c.check_keys}]  # noqa: E731
    monkeypatch.setattr(assembly, "contract_checks", kept)
    report = run(home)
    assert report.exit_code == 5
    assert "rules of contracts were not checked, first opportunity_skill: " in report.line
    assert not (home / "releases" / "latest").exists()
