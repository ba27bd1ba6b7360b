"""From JSON over HTTP to queryable Parquet, side by side: this platform, dlt and a bare read-parse-write loop.

All ask the same server on a socket, each in a fresh process. The server answers from memory after a first round, so that
what is timed is reading and not the sandbox's writing.
"""

from __future__ import annotations

import io
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from jod_pipelines.bench import Result
from jod_pipelines.settings import Settings, load_settings

SCALES = {"ingest": "national", "postings": "20000"}
SEARCH = "/konfo-backend/external/search/toteutukset-koulutuksittain"
POSTINGS = "/kipa/p67/v2/jobpostings"
PAGE_SIZE = 200
BATCH = 5_000


def run_pages() -> list[Result]:
    """The paged search of a national catalogue: programmes with their implementations."""
    return _compare("ingest", "opintopolku/search", "search hits", pages=True)


def run_postings() -> list[Result]:
    """The stream of job postings, with contacts removed on our side only."""
    return _compare("postings", "mylly/job_postings", "postings", pages=False)


def _compare(name: str, label: str, unit: str, *, pages: bool) -> list[Result]:
    contenders: tuple[tuple[str, Callable[..., tuple[float, int]], str], ...] = (
        ("jod ingest", _ours, "raw kept, contract checked"),
        ("dlt", _dlt, "normalised, nothing raw kept"),
        ("bare read-parse-write loop", _bare, "nothing kept or checked"),
    )
    with tempfile.TemporaryDirectory() as folder, _server(load_settings(sources="sandbox", scale=SCALES[name])) as address:
        results = []
        for number, (who, contender, quality) in enumerate(((contenders[2]), *contenders)):
            seconds, rows, memory = _alone(contender, address, Path(folder) / str(number), label, pages)
            if number:
                results.append(Result(who, seconds, rows, unit, f"{quality}, peak {memory:,} MB"))
    return results


def _alone(contender: Callable[..., tuple[float, int]], *arguments: Any) -> tuple[float, int, int]:
    """Seconds, rows and peak megabytes of one contender in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_measured, contender, *arguments).result()


def _measured(contender: Callable[..., tuple[float, int]], *arguments: Any) -> tuple[float, int, int]:
    seconds, rows = contender(*arguments)
    return seconds, rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _ours(address: str, home: Path, label: str, _pages: bool) -> tuple[float, int]:
    from jod_pipelines.ingest import ingest
    from jod_pipelines.platform import Platform
    from jod_pipelines.sources import all_resources

    settings = load_settings(
        home=home, sources="sandbox", sandbox_url=address, http={"requests_per_second": 1e6, "backoff_start_s": 0}
    )
    resource_of = {found.label: found for found in all_resources(settings)}
    platform = Platform(settings)
    started = time.perf_counter()
    outcome = ingest(resource_of[label], platform)
    return time.perf_counter() - started, next(iter(outcome.rows.values()))


def _dlt(address: str, home: Path, _label: str, pages: bool) -> tuple[float, int]:
    os.environ |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "DLT_DATA_DIR": str(home / "dlt"), "RUNTIME__LOG_LEVEL": "ERROR"}
    import dlt

    rows = 0

    @dlt.resource(name="items", write_disposition="replace")
    def items() -> Iterator[list[dict[str, Any]]]:
        nonlocal rows
        for batch in _batches(address, pages):
            rows += len(batch)
            yield batch

    pipeline = dlt.pipeline(
        "bench", destination=dlt.destinations.filesystem(f"file://{home / 'lake'}"), dataset_name="bench", pipelines_dir=str(home)
    )
    started = time.perf_counter()
    pipeline.run(items(), loader_file_format="parquet")
    return time.perf_counter() - started, rows


def _bare(address: str, home: Path, _label: str, pages: bool) -> tuple[float, int]:
    import polars as pl

    home.mkdir(parents=True)
    flat = _flat_hit if pages else _flat_posting
    rows = 0
    started = time.perf_counter()
    for part, batch in enumerate(_batches(address, pages)):
        frame = pl.DataFrame([flat(item) for item in batch], infer_schema_length=None)
        frame.write_parquet(home / f"part-{part}.parquet")
        rows += len(frame)
    return time.perf_counter() - started, rows


def _batches(address: str, pages: bool) -> Iterable[list[dict[str, Any]]]:
    import httpx

    with httpx.Client(base_url=address, timeout=120) as client:
        if not pages:
            body = {"onlyStatus": "PUBLISHED"}
            with client.stream("POST", POSTINGS, json=body) as answer:
                lines = answer.iter_lines()
                while batch := [json.loads(line) for line in islice(lines, BATCH)]:
                    yield batch
            return
        page = 1
        while True:
            asked: dict[str, str | int] = {"page": page, "size": PAGE_SIZE, "sort": "name", "order": "asc"}
            answer = client.get(SEARCH, params=asked).json()
            yield answer["hits"]
            if page * PAGE_SIZE >= answer["total"]:
                return
            page += 1


def _flat_hit(hit: dict[str, Any]) -> dict[str, Any]:
    return {
        "oid": hit["oid"],
        "name": json.dumps(hit["nimi"]),
        "type": hit["koulutustyyppi"],
        "codes": [code["koodiUri"] for code in hit["koulutukset"]],
        "description": json.dumps(hit["kuvaus"]),
        "outcomes": json.dumps(hit.get("osaamistavoitteet")),
        "implementations": [offer["toteutusOid"] for offer in hit["toteutukset"]],
        "schools": [offer["oppilaitosOid"] for offer in hit["toteutukset"]],
    }


def _flat_posting(posting: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": posting["metadata"]["externalId"],
        "modified": posting["metadata"]["lastModified"],
        "title": json.dumps(posting["position"]["title"]),
        "text": json.dumps(posting["position"]["jobDescription"]),
        "skills": posting["position"]["skills"],
        "regions": posting["location"]["regions"],
    }


def peak_memory_mb(land: Callable[[int, Path], int], rows: int) -> float:
    """Peak memory of a process that lands that many rows with `land_postings` or `land_statistics`, in MB."""
    script = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        f"from jod_pipelines.bench.ingest import {land.__name__}\n"
        f"assert {land.__name__}({rows}, Path(sys.argv[1])) == {rows}\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([sys.executable, "-c", script, folder], capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def land_postings(postings: int, home: Path) -> int:
    """Land that many postings, each a copy of one with its own id and time, made one at a time; returns the rows."""
    import httpx
    import orjson

    from jod_pipelines.ingest import ingest
    from jod_pipelines.platform import Platform
    from jod_pipelines.sandbox import build_world
    from jod_pipelines.sandbox.synthetic import SyntheticCatalogue
    from jod_pipelines.sources import all_resources

    settings = load_settings(home=home, sources="sandbox", scale="100")
    template = next(SyntheticCatalogue(build_world(settings)).postings("PUBLISHED", ""))
    own_id = orjson.loads(template)["metadata"]["externalId"].encode()

    def body(status: str) -> Iterator[bytes]:
        for number in range(postings if status == "PUBLISHED" else 0):
            yield template.replace(own_id, b"00000000-0000-4000-8000-%012d" % number) + b"\n"

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=body(orjson.loads(request.content)["onlyStatus"]))

    postings_resource = next(r for r in all_resources(settings) if r.label == "mylly/job_postings")
    return ingest(postings_resource, Platform(settings, httpx.MockTransport(answer))).rows["job_posting"]


def land_statistics(rows: int, home: Path) -> int:
    """Land a resource of Vipunen with that many rows of twelve columns; returns the rows."""
    import httpx

    from jod_pipelines.ingest import ingest
    from jod_pipelines.platform import Platform
    from jod_pipelines.sources import all_resources

    settings = load_settings(home=home, sources="sandbox", vipunen_resources=("opiskelijat_ja_tutkinnot",))
    texts = [f"luokitus{number}" for number in range(10)]
    columns = [{"name": name, "type": "number" if name in ("vuosi", "lkm") else "string"} for name in (*texts, "vuosi", "lkm")]

    def row(number: int) -> dict[str, Any]:
        return {**{name: f"Luokka {(number + len(name)) % 997}" for name in texts}, "vuosi": 2025, "lkm": number}

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/count"):
            return httpx.Response(200, json=rows)
        if not request.url.path.endswith("/data"):
            return httpx.Response(200, json=columns)
        first, size = (int(request.url.params[name]) for name in ("offset", "limit"))
        return httpx.Response(200, json=[row(number) for number in range(first, min(first + size, rows))])

    table = next(r for r in all_resources(settings) if r.label == "vipunen/opiskelijat_ja_tutkinnot")
    return ingest(table, Platform(settings, httpx.MockTransport(answer))).rows["row"]


@contextmanager
def _server(settings: Settings) -> Iterator[str]:
    """Address of a sandbox in a process of its own that remembers its answers."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(settings, theirs), daemon=True)
    process.start()
    theirs.close()  # so that a server that dies is an end of the pipe and no endless wait
    try:
        yield str(ours.recv())
    finally:
        process.kill()
        process.join()


def _serve(settings: Settings, pipe: Any) -> None:
    from werkzeug.wrappers import Request, Response

    from jod_pipelines.sandbox.serve import make_sandbox_server

    server = make_sandbox_server(settings, 0)
    inner, answers, lock = server.app, {}, threading.Lock()

    @Request.application
    def remembering(request: Request) -> Response:
        key = (request.method, request.full_path, request.get_data())
        request.environ["wsgi.input"] = io.BytesIO(key[2])
        with lock:
            if key not in answers:
                made = Response.from_app(inner, request.environ)
                answers[key] = (made.get_data(), made.status_code, made.content_type)
        body, status, kind = answers[key]
        return Response(body, status, content_type=kind)

    server.app = remembering
    pipe.send(f"http://127.0.0.1:{server.server_port}")
    server.serve_forever()
