"""Readers of the served warehouse while it is built and swapped: no error, and never a mix of two builds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from jod_pipelines.bench.warehouse import World
from jod_pipelines.warehouse.build import Warehouse

pytestmark = [pytest.mark.slow, pytest.mark.long]
READERS, BUILDS = 8, 5
STATE = """
    select
        (select fingerprint from platform.built_from),
        (select count(*) from labour_market.fct_job_posting),
        (select count(distinct posting_id) from labour_market.fct_job_posting_skill)
"""
READER = f"""
import json, sys, time
from pathlib import Path
import duckdb
served, stop, seconds, seen = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]), []
while not stop.exists():
    with duckdb.connect(served, read_only=True) as connection:
        opened = time.monotonic()
        while True:
            state = connection.execute('''{STATE}''').fetchone()
            if not seen or seen[-1] != list(state):
                seen.append(list(state))
            if time.monotonic() - opened >= seconds:
                break
            time.sleep(0.2)
    time.sleep(0.1)
print(json.dumps(seen))
"""


def state_of(served: Path) -> list:
    with duckdb.connect(str(served), read_only=True) as connection:
        return list(connection.execute(STATE).fetchone())


def test_eight_readers_see_whole_builds_only(tmp_path):
    world = World(tmp_path / "home", 300, 6_000)
    world.build()
    served = Warehouse(world.platform).served
    whole = [state_of(served)]
    stop = tmp_path / "stop"
    # Every other reader keeps its connection for three seconds, over swaps.
    commands = [[sys.executable, "-c", READER, str(served), str(stop), str(3 * (n % 2))] for n in range(READERS)]
    readers = [subprocess.Popen(c, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for c in commands]
    try:
        for build in range(1, BUILDS + 1):
            world.land_postings(300 + 10 * build, withdrawn=3 * build)
            world.build()
            whole.append(state_of(served))
    finally:
        stop.touch()
        answers = [reader.communicate(timeout=30) for reader in readers]
    assert [errors for _, errors in answers] == [""] * READERS
    assert len({state[0] for state in whole}) == BUILDS + 1
    assert [state[1] for state in whole] == [300 + 7 * build for build in range(BUILDS + 1)]
    for out, _ in answers:
        seen = json.loads(out)
        assert all(state in whole for state in seen)
        assert len({state[0] for state in seen}) >= BUILDS - 1, "a reader that saw no new build has shown nothing"


def test_what_is_served_reads_no_file_outside(tmp_path):
    world = World(tmp_path / "home", 100, 2_000)
    world.build()
    with duckdb.connect(str(Warehouse(world.platform).served), read_only=True) as connection:
        views = connection.execute("select schema_name, view_name, sql from duckdb_views() where not internal").fetchall()
    assert [name for schema, name, sql in views if schema in ("landing", "staging", "intermediate", "derived")] == []
