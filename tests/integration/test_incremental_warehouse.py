"""A build that takes over what has not changed ends as one from nothing does, and keeps nothing of what was erased."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from jod_pipelines.bench.warehouse import POSTINGS, World
from jod_pipelines.fingerprint import PROJECT
from jod_pipelines.warehouse.build import Warehouse

pytestmark = [pytest.mark.slow, pytest.mark.long]
WORD = "Xyzzyplugh8861"
PARSE = """
import json, sys
from dbt.cli.main import dbtRunner
print(json.dumps(str(dbtRunner().invoke(sys.argv[1:]).exception)))
"""


def contents(served: Path) -> dict[str, tuple]:
    """Rows and a hash of every table, whatever the order of its rows."""
    with duckdb.connect(str(served), read_only=True) as connection:
        tables = connection.execute(
            "select schema_name || '.' || table_name from duckdb_tables() "
            "where schema_name not in ('platform', 'quality', 'history')"
        ).fetchall()
        return {
            name: connection.execute(f"select count(*), sum(hash(t)::hugeint) from {name} as t").fetchone() for (name,) in tables
        }


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> World:
    return World(tmp_path_factory.mktemp("world") / "home", 400, 8_000)


def test_additions_changes_deletions_and_late_arrivals_end_as_a_full_build(world):
    served = Warehouse(world.platform).served
    first = world.build()
    assert (first["taken_over"], first["built"] > 60) == (0, True)
    assert world.build()["built"] == 0
    before = contents(served)
    world.land_postings(440, withdrawn=7, words=WORD)
    world.land_vacancies(extra_months=1)
    day = world.build()
    assert 0 < day["built"] < day["taken_over"]
    partly = contents(served)
    changed = {name for name in before if before[name] != partly[name]}
    assert {"labour_market.fct_job_posting", "labour_market.fct_job_posting_skill"} <= changed
    assert "labour_market.fct_vacancies_monthly" in changed
    assert "core.dim_skill" not in changed
    world.land_postings(440, withdrawn=0)  # those withdrawn come back, late
    world.build()
    returned = contents(served)
    served.unlink()
    assert world.build()["taken_over"] == 0
    assert contents(served) == returned


def test_the_bytes_of_what_was_erased_are_gone(world):
    served = Warehouse(world.platform).served
    world.land_postings(400, words=WORD)
    world.build()
    assert WORD.encode() in served.read_bytes()
    world.land_postings(400)
    assert world.build()["taken_over"] > 0
    assert WORD.encode() not in served.read_bytes()
    descriptions = world.connection.execute(f"select description_fi from {POSTINGS.replace('/', '_')}").fetchall()
    text = max((row for (row,) in descriptions if row), key=len)
    assert text.encode()[:40] not in served.read_bytes()


def test_nobody_builds_on_the_staging_of_another_subject(tmp_path):
    project = tmp_path / "dbt_project"
    subprocess.run(["cp", "-r", str(PROJECT / "dbt_project"), str(project)], check=True)
    (project / "models" / "marts" / "labour_market" / "taken.sql").write_text("select * from {{ ref('stg_kela__observation') }}")
    arguments = ["--quiet", "parse", "--no-partial-parse", "--project-dir", str(project), "--profiles-dir", str(project)]
    done = subprocess.run([sys.executable, "-c", PARSE, *arguments], capture_output=True, text=True, check=True)
    message = json.loads(done.stdout.splitlines()[-1])
    assert "model.jod.taken attempted to reference node model.jod.stg_kela__observation" in message
