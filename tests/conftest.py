"""Fixtures of the whole suite: runs of the real command, made once per session, and the recordings when they are there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests_support import ROOT, Run, jod

RECORDED = Path(os.environ.get("JOD_TEST_RECORDED", ROOT.parent / "shared" / "data"))


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The main job on the small sandbox, in-process."""
    run = jod("run", home=tmp_path_factory.mktemp("small"))
    assert run.code == 0, run.out + run.err
    return run


@pytest.fixture(scope="session")
def small_home(small_run: Run) -> Path:
    """Home folder of the small run."""
    return small_run.home


@pytest.fixture(scope="session")
def recorded() -> Path:
    """The recordings of the real systems; they are not part of the repository."""
    if not (RECORDED / "opintopolku").is_dir():
        pytest.skip(f"no recordings in {RECORDED}; set JOD_TEST_RECORDED to their folder")
    return RECORDED


@pytest.fixture(scope="session")
def recorded_run(recorded: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The main job on the recordings."""
    run = jod("run", "--sources", "recorded", "--recorded", str(recorded), home=tmp_path_factory.mktemp("recorded"))
    assert run.code == 0, run.out + run.err
    return run
