"""From paged JSON to queryable Parquet: landing with manifests, contracts and quarantine, beside a bare loop."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import orjson
import polars as pl

from jod_pipelines.bench import Result
from jod_pipelines.ingest import ingest
from jod_pipelines.platform import Platform
from jod_pipelines.sandbox import build_world, in_process_transport
from jod_pipelines.sandbox.synthetic import SyntheticCatalogue
from jod_pipelines.settings import load_settings
from jod_pipelines.sources import all_resources

POSTINGS = 20_000
BATCH = 5_000


class Remembering(httpx.BaseTransport):
    """Answers a request it has seen from memory, so that what is timed is reading and not the sandbox's writing."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner
        self._answers: dict[tuple[str, bytes], tuple[int, httpx.Headers, bytes]] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """See httpx."""
        key = (f"{request.method} {request.url}", request.read())
        if key not in self._answers:
            response = self._inner.handle_request(request)
            self._answers[key] = (response.status_code, response.headers, response.read())
        status, headers, body = self._answers[key]
        return httpx.Response(status, headers=headers, content=body, request=request)


def run() -> list[Result]:
    """Job postings of a sandbox of `POSTINGS`, once through the platform and once through the bare loop."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        settings = load_settings(home=home / "warm", sources="sandbox", scale=str(POSTINGS))
        transport = Remembering(in_process_transport(settings, home / "truth"))
        resource = next(r for r in all_resources(settings) if r.label == "mylly/job_postings")
        ingest(resource, Platform(settings, transport))

        platform = Platform(settings.model_copy(update={"home": home / "timed"}), transport)
        started = time.perf_counter()
        outcome = ingest(resource, platform)
        ours = Result(
            "jod ingest", time.perf_counter() - started, outcome.rows["job_posting"], "postings", "raw kept, typed, checked"
        )
        started = time.perf_counter()
        rows = 0
        for part, batch in enumerate(_batches(platform)):
            frame = pl.DataFrame([_flat(json.loads(line)) for line in batch], infer_schema_length=None)
            frame.write_parquet(home / f"bare-{part}.parquet")
            rows += len(frame)
        bare = Result("bare read-parse-write loop", time.perf_counter() - started, rows, "postings", "nothing kept or checked")
    return [ours, bare]


def peak_memory_mb(postings: int) -> float:
    """Peak memory of a process that lands that many postings from a sandbox server, in MB."""
    script = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from jod_pipelines.bench.ingest import land_streamed\n"
        f"land_streamed({postings}, Path(sys.argv[1]))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([sys.executable, "-c", script, folder], capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def land_streamed(postings: int, home: Path) -> int:
    """Land that many postings, each a copy of one with its own id and time, made one at a time; returns the rows."""
    settings = load_settings(home=home, sources="sandbox", scale="100")
    template = next(SyntheticCatalogue(build_world(settings)).postings("PUBLISHED", ""))
    own_id = orjson.loads(template)["metadata"]["externalId"].encode()

    def body(status: str) -> Iterator[bytes]:
        for number in range(postings if status == "PUBLISHED" else 0):
            yield template.replace(own_id, b"00000000-0000-4000-8000-%012d" % number) + b"\n"

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=body(orjson.loads(request.content)["onlyStatus"]))

    resource = next(r for r in all_resources(settings) if r.label == "mylly/job_postings")
    return ingest(resource, Platform(settings, httpx.MockTransport(answer))).rows["job_posting"]


def _batches(platform: Platform) -> Iterator[list[bytes]]:
    lines = platform.client("tyomarkkinatori").post_lines("/kipa/p67/v2/jobpostings", {"onlyStatus": "PUBLISHED"})
    while batch := list(islice(lines, BATCH)):
        yield batch


def _flat(posting: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": posting["metadata"]["externalId"],
        "modified": posting["metadata"]["lastModified"],
        "title": json.dumps(posting["position"]["title"]),
        "text": json.dumps(posting["position"]["jobDescription"]),
        "skills": posting["position"]["skills"],
        "regions": posting["location"]["regions"],
    }
