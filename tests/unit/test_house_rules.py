"""Rules of the house that no linter knows."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

from jod_pipelines.fingerprint import PROJECT

PACKAGE = sorted((PROJECT / "jod_pipelines").rglob("*.py"))
ASSETS = sorted((PROJECT / "assets").glob("*.py"))
ALLOWED = {
    "contracts": {"contracts", "reference"},
    "landing": {"landing", "settings"},
    "sources": {"sources", "settings", "landing", "reference", "contracts"},
    "skills": {"skills", "landing", "sources"},
    "opportunities": {"opportunities", "skills", "settings", "reference"},
    "forecasting": {"forecasting", "settings"},
    "publication": {"publication", "contracts", "warehouse", "quality", "reference", "forecasting"},
    "reference": {"reference"},
}
GROUND = {"contacts", "errors", "fingerprint", "__init__"}


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def test_the_package_never_imports_dagster():
    guilty = [p.name for p in PACKAGE if any(name.split(".")[0].startswith("dagster") for name in imports(p))]
    assert not guilty


@pytest.mark.parametrize("room", sorted(ALLOWED))
def test_a_room_imports_only_what_stands_below_it(room):
    for path in (PROJECT / "jod_pipelines" / room).rglob("*.py"):
        used = {name.split(".")[1] for name in imports(path) if name.startswith("jod_pipelines.")}
        assert used - GROUND <= ALLOWED[room], f"{path.name} imports {used - GROUND - ALLOWED[room]}"


def test_modules_with_dagster_decorators_keep_their_annotations_real():
    for path in ASSETS:
        assert "from __future__ import annotations" not in path.read_text("utf-8"), path.name


def tracked() -> list[Path]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    return [PROJECT / name for name in done.stdout.split("\0") if name and (PROJECT / name).is_file()]


def test_nothing_names_a_machine_or_a_package_index():
    places = re.compile(r"(?<![\w.])/(?:work|root|home/\w)/|pypi\.org|pythonhosted|index-url [a-z]+:")
    for path in tracked():
        if (
            path.suffix in {".py", ".md", ".toml", ".yml", ".yaml", ".lock", ".sql", ".cfg", ".j2", ".ipynb", ".sh"}
            or path.name == "Makefile"
        ):
            if path.name == "test_house_rules.py":
                continue
            found = places.search(path.read_text("utf-8"))
            assert not found, f"{path.relative_to(PROJECT)}: {found.group()}"


def test_the_lock_is_hashed_and_pins_what_matters():
    text = (PROJECT / "requirements.lock").read_text()
    pins = re.findall(r"^([a-z0-9-]+)==", text, re.MULTILINE)
    assert {"dagster", "dbt-core", "duckdb", "polars", "umap-learn", "hdbscan", "great-expectations"} <= set(pins)
    assert "niquests" not in pins
    for block in re.split(r"^(?=[a-z0-9][a-z0-9.-]*==)", text, flags=re.MULTILINE)[1:]:
        assert "--hash=sha256:" in block, block.splitlines()[0]


def test_telemetry_is_off():
    assert "enabled: false" in (PROJECT / "dagster.yaml").read_text().split("telemetry:")[1].split("\n")[1]
    assert "send_anonymous_usage_stats: false" in (PROJECT / "dbt_project" / "dbt_project.yml").read_text()
