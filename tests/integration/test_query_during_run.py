"""Analysts ask while the pipeline works, by the command and by a plain connection: no error, one whole state at a time."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from tests_support import ROOT, clean_environment, jod

pytestmark = [pytest.mark.slow, pytest.mark.long]

QUESTION = """
    select
        (select fingerprint from platform.built_from) as built_from,
        (select count(*) from labour_market.fct_job_posting) as postings,
        (select count(*) from opportunities.job_opportunity) as opportunities,
        (select count(*) from duckdb_tables()) as tables
"""


def plainly(home: Path) -> tuple[str, ...]:
    """The answer of a plain read-only connection, as text."""
    with duckdb.connect(str(home / "warehouse" / "jod.duckdb"), read_only=True) as connection:
        row = connection.execute(QUESTION).fetchone()
    assert row is not None
    return tuple(map(str, row))


def by_the_command(home: Path) -> tuple[str, ...]:
    done = jod("query", QUESTION, "--format", "csv", home=home)
    assert done.code == 0, done.err
    return tuple(done.out.splitlines()[1].split(","))


def test_every_question_during_a_run_is_answered_from_one_whole_state(small_home: Path, tmp_path: Path):
    home = tmp_path / "home"
    shutil.copytree(small_home, home, symlinks=True)
    before = plainly(home)
    command = [sys.executable, "-m", "jod_pipelines.cli", "run", "--home", str(home)]
    # another limit of publication: nothing new lands, and everything is built anew
    environment = clean_environment() | {"JOD_PUBLICATION__MIN_CELL": "4"}
    answers = []
    with (
        (tmp_path / "run.log").open("w") as log,
        duckdb.connect(str(home / "warehouse" / "jod.duckdb"), read_only=True) as early,
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT) as run,
    ):
        try:
            while run.poll() is None:
                answers += [plainly(home), by_the_command(home)]
                time.sleep(0.2)
        finally:
            run.kill()
        assert tuple(map(str, early.execute(QUESTION).fetchone() or ())) == before
    assert run.returncode == 0, (tmp_path / "run.log").read_text()
    after = plainly(home)
    assert after[0] != before[0]
    assert by_the_command(home) == after
    assert set(answers) <= {before, after}
    assert answers[0] == before
    assert len(answers) >= 20
