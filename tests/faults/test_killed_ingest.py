"""Kill -9 at random moments of an ingest: the next run completes it, and what landed is what an undisturbed run lands."""

from __future__ import annotations

import dataclasses
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import polars as pl
import pytest

from jod_pipelines.ingest import ingest
from jod_pipelines.landing.integrity import problems_of
from jod_pipelines.platform import Platform
from jod_pipelines.settings import load_settings
from jod_pipelines.sources import all_resources
from tests_support import ROOT, sandbox_server, stored

from ..unit.test_ingest import Source, archived, posting

pytestmark = [pytest.mark.slow, pytest.mark.long]
SEED = 20261122
POSTINGS = "mylly/job_postings"
FIRST_NIGHT = ("koodisto/codes", "opintopolku/search", "opintopolku/koulutus", POSTINGS)
INGEST = """
import sys
from jod_pipelines.ingest import ingest
from jod_pipelines.platform import Platform
from jod_pipelines.settings import load_settings
from jod_pipelines.sources import all_resources

settings = load_settings()
platform = Platform(settings)
platform.tidy()
print("ready", flush=True)
for resource in all_resources(settings):
    if resource.label in sys.argv[1:]:
        ingest(resource, platform)
print("done", flush=True)
"""


def start(home: Path, address: str, labels: tuple[str, ...]) -> subprocess.Popen[str]:
    """An ingest in a process of its own that has done its imports and is about to begin."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JOD_")}
    process = subprocess.Popen(
        [sys.executable, "-c", INGEST, *labels],
        cwd=ROOT,
        env={**environment, "JOD_HOME": str(home), "JOD_SANDBOX_URL": address},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout and process.stdout.readline() == "ready\n"
    return process


def complete(home: Path, address: str, labels: tuple[str, ...]) -> None:
    """What the next run does."""
    platform = Platform(load_settings(home=home, sandbox_url=address))
    platform.tidy()
    for resource in all_resources(platform.settings):
        if resource.label in labels:
            ingest(resource, platform)


def landed_set(home: Path, labels: tuple[str, ...]) -> dict[str, Any]:
    """Everything that landed, times left out."""
    platform = Platform(load_settings(home=home))
    found: dict[str, Any] = {}
    for label in labels:
        landed = platform.archive.resource(*label.split("/"))
        snapshot = landed.current()
        assert snapshot is not None
        assert problems_of(landed) == []
        typed = {path.parent.name for path in landed.root.glob("typed/*/*.parquet")}
        found[label] = {
            "snapshot": snapshot.id,
            "manifest": [{**dataclasses.asdict(e), "fetched_at": ""} for _, e in sorted(snapshot.entries.items())],
            "bodies": [document.sha256 for document in landed.read(snapshot)],
            "typed": {table: pl.read_parquet(landed.typed_files(table)).to_dicts() for table in sorted(typed)},
            "erased": sorted(landed.erased_ids()),
            "history": [line["snapshot"] for line in landed.history()],
            "files": sorted(str(path.relative_to(landed.root)) for path in landed.root.rglob("*") if path.is_file()),
        }
    return found


def kill_at_random_moments(
    tmp_path: Path, address: str, labels: tuple[str, ...], times: int, prepared: Path | None = None
) -> tuple[int, int]:
    """Kill `times` ingests, complete each and compare; returns how many died in the middle and how many had finished."""

    def fresh(name: str) -> Path:
        if prepared is not None:
            shutil.copytree(prepared, tmp_path / name)
        return tmp_path / name

    started = time.perf_counter()
    process = start(fresh("undisturbed"), address, labels)
    started = time.perf_counter()
    assert process.wait() == 0
    lasts = time.perf_counter() - started
    expected = landed_set(tmp_path / "undisturbed", labels)
    dice, died = random.Random(SEED), 0
    for moment in (dice.uniform(0, lasts) for _ in range(times)):
        home = fresh("killed")
        process = start(home, address, labels)
        time.sleep(moment)
        process.send_signal(signal.SIGKILL)
        died += process.wait() == -signal.SIGKILL
        complete(home, address, labels)
        assert landed_set(home, labels) == expected, f"killed after {moment:.3f} s of {lasts:.3f} s"
        shutil.rmtree(home)
    print(f"{times} kills within {lasts:.2f} s: {died} died in the middle, all completed to the undisturbed landed set")
    return died, times


def test_a_first_landing_killed_anywhere_is_completed(tmp_path):
    with sandbox_server(tmp_path / "sandbox.log", "--scale", "600") as address:
        died, times = kill_at_random_moments(tmp_path, address, FIRST_NIGHT, 30)
    assert died >= times * 0.5


@pytest.fixture
def served_source() -> Iterator[tuple[Source, str]]:
    """A source that changes between nights, on a real socket."""
    source = Source()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = source(httpx.Request("POST", f"http://source{self.path}", content=body)).content
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield source, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_a_night_with_changes_and_erasures_killed_anywhere_is_completed(tmp_path, served_source):
    source, address = served_source
    source.published = [posting(n) for n in range(12_000)]
    complete(tmp_path / "prepared", address, (POSTINGS,))
    source.archived = [archived(posting(n)) for n in range(0, 12_000, 7)]
    source.published = [posting(n) for n in range(12_000) if n % 7] + [posting(n, day=3) for n in range(12_000, 13_000)]
    died, times = kill_at_random_moments(tmp_path, address, (POSTINGS,), 20, prepared=tmp_path / "prepared")
    assert died >= times * 0.5
    complete(tmp_path / "prepared", address, (POSTINGS,))
    for path in (tmp_path / "prepared" / "landing").rglob("*"):
        assert not path.is_file() or b'SALAISUUS-7"' not in stored(path)
