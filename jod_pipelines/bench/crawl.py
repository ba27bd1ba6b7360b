"""What a night costs the education services: requests of a quiet night, beside those of a full crawl.

Nothing of the sandbox's postings is made: only the education resources are landed. The pace limit does not hold in
process.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import httpx

from jod_pipelines.bench import Result
from jod_pipelines.ingest import ingest, read_typed
from jod_pipelines.platform import Platform
from jod_pipelines.sandbox import build_world
from jod_pipelines.sandbox.servers.app import SourcesApp
from jod_pipelines.sandbox.synthetic import SyntheticCatalogue
from jod_pipelines.settings import RecheckSettings, Settings, load_settings
from jod_pipelines.sources import all_resources, recheck

SOURCES = ("koodisto", "organisaatio", "opintopolku", "eperusteet")
CYCLES = ((7, 100.0), (7, 1.7), (7, 1.0), (14, 1.7), (30, 1.7), (0, 1.7))
"""Nights of a cycle and share of a full crawl allowed to a night's second look, whose cost is worked out."""


def run() -> list[Result]:
    """A first crawl of the national catalogue and the same the night after, unchanged; then what other cycles would cost."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(home=Path(folder), sources="sandbox", scale="national")
        transport = httpx.WSGITransport(app=SourcesApp(SyntheticCatalogue(build_world(settings))))
        full = _night(settings, transport, "full crawl")
        quiet = _night(settings, transport, "unchanged night")
        platform = Platform(settings, transport)
        known = recheck.links(lambda label, table: read_typed(platform, label, table))
        requests, documents = len(recheck.requests_to_cover(known, settings.recheck.largest_round)), recheck.documents_in(known)
        snapshot = platform.archive.resource("opintopolku", "recheck").current()
        looked = len(snapshot.entries) if snapshot else 0
        costs = [
            f"nights={nights} max_pct={max_pct:g}: a cycle of {cycle or 'no'} nights at "
            f"{100 * (quiet.amount - looked + (requests / cycle if cycle else 0)) / full.amount:.2f} %"
            for nights, max_pct in CYCLES
            for cycle in [recheck.nights_of_cycle(requests, documents, _with_cycle(settings, nights, max_pct))]
        ]
        told = [f"{100 * quiet.amount / full.amount:.2f} % of a full crawl, {looked} of them a second look", *costs]
        return [
            Result(quiet.who, quiet.seconds, quiet.amount, "requests", "; ".join(told)),
            Result(
                full.who, full.seconds, full.amount, "requests", f"{documents} documents; {requests} large answers hold them all"
            ),
        ]


def _with_cycle(settings: Settings, nights: int, max_pct: float) -> Settings:
    return settings.model_copy(update={"recheck": RecheckSettings(nights=nights, max_pct=max_pct)})


def _night(settings: Settings, transport: httpx.BaseTransport, who: str) -> Result:
    started = time.perf_counter()
    platform = Platform(settings, transport)
    chosen = [resource for resource in all_resources(settings) if resource.source in SOURCES]
    requests = sum(ingest(resource, platform).requests for resource in chosen)
    return Result(who, time.perf_counter() - started, requests, "requests")
