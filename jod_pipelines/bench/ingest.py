"""From paged JSON to queryable Parquet: landing with manifests, contracts and quarantine, beside a bare loop."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

import polars as pl

from jod_pipelines.bench import Result
from jod_pipelines.ingest import ingest
from jod_pipelines.platform import Platform
from jod_pipelines.sandbox import in_process_transport
from jod_pipelines.settings import load_settings
from jod_pipelines.sources import all_resources

POSTINGS = 20_000


def run() -> list[Result]:
    """Job postings of a sandbox of `POSTINGS`, once through the platform and once through the bare loop."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        settings = load_settings(home=home, sources="sandbox", scale=str(POSTINGS))
        transport = in_process_transport(settings, home / "truth")
        resource = next(r for r in all_resources(settings) if r.label == "mylly/job_postings")
        platform = Platform(settings, transport)
        lines = list(platform.client(resource.system).post_lines("/kipa/p67/v2/jobpostings", {}))
        started = time.perf_counter()
        outcome = ingest(resource, platform)
        ours = Result(
            "jod ingest", time.perf_counter() - started, outcome.rows["job_posting"], "postings", "raw kept, typed, checked"
        )
        started = time.perf_counter()
        rows = 0
        for part, batch in enumerate(_batches(platform, 5_000)):
            frame = pl.DataFrame([_flat(json.loads(line)) for line in batch], infer_schema_length=None)
            frame.write_parquet(home / f"bare-{part}.parquet")
            rows += len(frame)
        bare = Result("bare read-parse-write loop", time.perf_counter() - started, rows, "postings", "nothing kept or checked")
    assert len(lines) == rows == ours.amount
    return [ours, bare]


def _batches(platform: Platform, size: int):  # type: ignore[no-untyped-def]
    batch = []
    for line in platform.client("tyomarkkinatori").post_lines("/kipa/p67/v2/jobpostings", {"onlyStatus": "PUBLISHED"}):
        batch.append(line)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _flat(posting: dict) -> dict:  # type: ignore[type-arg]
    return {
        "id": posting["metadata"]["externalId"],
        "modified": posting["metadata"]["lastModified"],
        "title": json.dumps(posting["position"]["title"]),
        "text": json.dumps(posting["position"]["jobDescription"]),
        "skills": posting["position"]["skills"],
        "regions": posting["location"]["regions"],
    }
