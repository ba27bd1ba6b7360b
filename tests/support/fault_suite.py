"""Runs one fault to the end: a tiny world behind a real socket, one resource, compared with an undisturbed ingest."""

from __future__ import annotations

import shutil
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
from werkzeug.serving import make_server

from jod_pipelines.errors import JodError
from jod_pipelines.ingest import IngestOutcome, ingest, read_typed
from jod_pipelines.platform import Platform
from jod_pipelines.sandbox.faults import Fault, FaultyApp
from jod_pipelines.sandbox.serve import HOST, Handler
from jod_pipelines.sandbox.servers.app import SourcesApp
from jod_pipelines.sandbox.synthetic import SyntheticCatalogue
from jod_pipelines.sandbox.world import Sizes, World
from jod_pipelines.settings import HttpSettings, load_settings
from jod_pipelines.sources import all_resources
from jod_pipelines.sources.resource import Resource
from jod_pipelines.summary import health_rows

NARROW = Sizes(postings=100, posting_months=36, programmes=12, implementations=20, employers=300, schools=6, all_areas=False)
WIDE = Sizes(postings=100, posting_months=36, programmes=300, implementations=320, employers=300, schools=40, all_areas=False)
"""More programmes than the search gives on one page."""
HIGHER = "vipunen/korkeakoulutus_hakeneet_ja_paikan_vastaanottaneet"
WIDE_RESOURCES = ("opintopolku/search", HIGHER)
QUICK = {"attempts": 3, "backoff_start_s": 0.0, "backoff_limit_s": 0.02, "read_timeout_s": 10.0}
LISTS = ("kunta", "koulutus", "koulutustyyppi", "eqf")
TABLES = ("pra/15au",)
SMALL_SLICES = Fault(kind="edit", system="statfin", path="/fi/", at="maxCells", value=60)
"""Makes the client cut even a small table into several queries."""
YESTERDAY = [
    Fault(kind="edit", system="koodisto", path="/json/.*", at="*.metadata.0.nimi", value="Eilen"),
    Fault(kind="edit", system="koodisto", path="/codeelement/.*", at="*.includesCodeElements", change="first", value=0),
    Fault(kind="edit", system="organisaatio", at="organisaatiot.0.nimi.fi", value="Eilen"),
    Fault(kind="edit", system="opintopolku", path=".*/search/.*", at="hits.*.nimi.fi", value="Eilen"),
    Fault(kind="edit", system="opintopolku", path=".*/(koulutus|toteutus)/.*", at="nimi.fi", value="Eilen"),
    Fault(kind="edit", system="eperusteet", path=".*/perusteet", at="data.*.julkaistu", value=1_700_000_000_000),
    Fault(kind="edit", system="eperusteet", path=".*/peruste/.*", at="nimi.fi", value="Eilen"),
    Fault(kind="edit", system="eperusteet", path=".*/osaamismerkit", at="*.nimi.fi", value="Eilen"),
    Fault(kind="edit", system="vipunen", path=".*/data", at="*.tietojoukkoPaivitettyPvm", value="2026-05-01"),
    Fault(kind="edit", system="statfin", path="/fi/StatFin/[a-z]+", at="*.updated", value="2026-01-01T06:00:00"),
    Fault(kind="edit", system="statfin", path="/fi/StatFin/.*", method="POST", at="updated", value="2026-01-01T06:00:00Z"),
    Fault(kind="truncate", system="mylly", lines=80),
]
"""What the sources said a day earlier, so that today there is something to fetch."""


@dataclass(frozen=True)
class Case:
    """One fault and what must become of it.

    `outcome`: recovers (the typed tables equal an undisturbed ingest's), holds (nothing new serves, the fault is
    named), quarantines (the rest equals, what is missing is in quarantine). `says`: expression in the message.
    """

    name: str
    resource: str
    outcome: str
    says: str
    faults: tuple[Fault, ...]
    http: dict[str, Any] = field(default_factory=dict)
    address: str | None = None


class TinySources:
    """The sources of a tiny world on a free port; what they do wrong can be changed between ingests."""

    def __init__(self) -> None:
        self._catalogues = {
            name: SyntheticCatalogue(World(2026, sizes, None)) for name, sizes in (("narrow", NARROW), ("wide", WIDE))
        }
        self.hosts: set[str] = set()
        self.app: Any = None
        self.server = make_server(HOST, 0, self._answer, threaded=True, request_handler=Handler)
        self.address = f"http://{HOST}:{self.server.server_port}"

    def misbehave(self, resource: str, faults: Iterable[Fault]) -> FaultyApp:
        """From now on every answer is spoiled by these faults; a fresh server forgets what was asked before."""
        world = "wide" if resource in WIDE_RESOURCES else "narrow"
        self.app = FaultyApp(SourcesApp(self._catalogues[world]), [*faults, SMALL_SLICES])
        return self.app

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.hosts.add(environ["HTTP_HOST"].split(":")[0])
        answer: Iterable[bytes] = self.app(environ, start_response)
        return answer


@contextmanager
def tiny_sources() -> Iterator[TinySources]:
    """`TinySources`, served until the end of the block."""
    sources = TinySources()
    thread = threading.Thread(target=sources.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield sources
    finally:
        sources.server.shutdown()
        sources.server.server_close()
        thread.join(timeout=5)


@dataclass(frozen=True)
class Bases:
    """Home folders to start from, and the tables an undisturbed ingest makes: of today and of a day earlier."""

    fresh: Path
    older: Path
    today: dict[str, Counter[str]]
    yesterday: dict[str, Counter[str]]


class Suite:
    """Runs cases against the sources; what cases of one resource share is made once."""

    def __init__(self, sources: TinySources, folder: Path) -> None:
        self.sources, self.folder = sources, folder
        self._bases: dict[str, Bases] = {}

    def run(self, case: Case, *, older: bool) -> None:
        """Assert that a case ends as it must, with an older snapshot in place or without; then that it heals."""
        bases = self._bases_of(case.resource)
        home = self.folder / "run"
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(bases.older if older else bases.fresh, home)
        before = set(home.rglob("quarantine/*/*.parquet"))
        app = self.sources.misbehave(case.resource, case.faults)
        platform = self._platform(home, case)
        problem, outcome = _attempt(platform, case.resource)
        assert app.spoiled or case.address, "the fault never struck"
        found = tables_of(platform, case.resource)
        health = health_of(platform, case.resource)
        if case.outcome == "recovers":
            assert problem is None, f"did not recover: {problem}"
            assert outcome.status == "changed", outcome
            assert_equal(found, bases.today)
            assert not health["broken_since"], health
        elif case.outcome == "holds":
            message = str(problem) if problem else outcome.message
            assert problem is not None or (older and outcome.status == "stale"), (
                f"silently {outcome.status}: {differences(found, bases.today)}"
            )
            assert bool(problem) != older
            assert problem is None or problem.exit_code in (3, 4, 5)
            assert_named(message, case.says)
            assert health["broken_since"] and health["message"] == message
            assert_equal(found, bases.yesterday if older else {})
        else:
            assert problem is None, f"not set aside: {problem}"
            refused = [pl.read_parquet(path) for path in home.rglob("quarantine/*/*.parquet") if path not in before]
            assert_set_aside(found, bases.today, pl.concat(refused) if refused else pl.DataFrame())
            assert_named(health["message"], case.says)
        self.sources.misbehave(case.resource, [])
        platform = self._platform(home)
        healed = ingest(resource_of(platform, case.resource), platform)
        assert_equal(tables_of(platform, case.resource), bases.today)
        health = health_of(platform, case.resource)
        assert (health["state"], health["broken_since"], health["message"]) == ("ok", None, ""), healed

    def _platform(self, home: Path, case: Case | None = None) -> Platform:
        http = HttpSettings(**{**QUICK, **(case.http if case else {})})
        address = (case.address if case else None) or self.sources.address
        tables = [
            {
                "path": "pra/15au",
                "dimensions": {"sector": "sektoriluokitus_7", "occupation": "ammatti_19", "sex": "sukupuoli_9"},
                "select": {"sector": ["S0"], "sex": ["SSS"]},
            }
        ]
        return Platform(load_settings(home=home, sandbox_url=address, http=http, koodisto_lists=LISTS, statfin_tables=tables))

    def _bases_of(self, label: str) -> Bases:
        if label not in self._bases:
            fresh, older, undisturbed = (
                self.folder / f"{label.replace('/', '-')}-{kind}" for kind in ("fresh", "older", "whole")
            )
            self._land(fresh, label, [], needed_only=True)
            self._land(older, label, YESTERDAY)
            yesterday = tables_of(self._platform(older), label)
            self._land(older, label, [], needed_only=True)
            self._land(undisturbed, label, [])
            today = tables_of(self._platform(undisturbed), label)
            assert all(today.values()), f"{label} lands nothing"
            self._bases[label] = Bases(fresh, older, today, yesterday)
        return self._bases[label]

    def _land(self, home: Path, label: str, faults: list[Fault], *, needed_only: bool = False) -> None:
        home.mkdir(exist_ok=True)
        platform = self._platform(home)
        self.sources.misbehave(label, faults)
        needed = needed_by(platform, label)
        for resource in all_resources(platform.settings):
            if resource.label in needed or (resource.label == label and not needed_only):
                ingest(resource, platform)


def needed_by(platform: Platform, label: str) -> set[str]:
    """Labels of the resources whose tables a resource reads, directly or through others."""
    resources = {resource.label: resource for resource in all_resources(platform.settings)}
    found, left = set(), list(resources[label].after)
    while left:
        found.add(next_label := left.pop())
        left.extend(resources[next_label].after)
    return found


def resource_of(platform: Platform, label: str) -> Resource:
    """A configured resource."""
    return next(resource for resource in all_resources(platform.settings) if resource.label == label)


def tables_of(platform: Platform, label: str) -> dict[str, Counter[str]]:
    """The serving rows of a resource by table, each as text, counted; which document a row came from is left out."""
    if platform.archive.resource(*label.split("/")).current() is None:
        return {}
    resource = resource_of(platform, label)
    return {table: _rows(read_typed(platform, label, table).collect()) for table in resource.tables}


def health_of(platform: Platform, label: str) -> dict[str, Any]:
    """What `jod status` says of a resource."""
    return next(row for row in health_rows(platform, datetime.now(UTC)) if row["subject"] == label)


def differences(found: dict[str, Counter[str]], expected: dict[str, Counter[str]]) -> dict[str, str]:
    """Rows lost, doubled and wrong by table, in words; empty when there are none."""
    told = {}
    for table in expected | found:
        real, due = found.get(table, Counter()), expected.get(table, Counter())
        lost, surplus = due - real, real - due
        doubled = sum(count for row, count in surplus.items() if row in due)
        if lost or surplus:
            wrong = surplus.total() - doubled
            told[table] = f"{lost.total()} lost, {doubled} doubled, {wrong} wrong, such as {[*surplus, *lost][0][:300]}"
    return told


def assert_equal(found: dict[str, Counter[str]], expected: dict[str, Counter[str]]) -> None:
    """No row lost, doubled or wrong."""
    assert not differences(found, expected)


def assert_set_aside(found: dict[str, Counter[str]], expected: dict[str, Counter[str]], refused: pl.DataFrame) -> None:
    """Nothing doubled or wrong; something missing, and as many rows refused, each with its document and the rule."""
    lost = sum(((expected[table] - found[table]).total() for table in expected))
    assert lost, "nothing is missing"
    assert not any(found[table] - expected[table] for table in expected), differences(found, expected)
    assert not refused.is_empty(), f"{lost} rows lost and nothing in quarantine"
    assert refused["rule"].is_not_null().all()
    assert refused["source_document"].is_not_null().all()
    whole = refused.filter(rule="readable document")
    assert not whole.is_empty() or refused.height == lost, f"{lost} rows lost, {refused.height} in quarantine"


def assert_named(message: str, says: str) -> None:
    """One line, which names what is wrong."""
    import re

    assert message.strip() == message != ""
    assert "\n" not in message
    assert len(message) < 500
    assert re.search(says, message), f"{message!r} does not say {says!r}"


def _attempt(platform: Platform, label: str) -> tuple[JodError | None, IngestOutcome]:
    try:
        return None, ingest(resource_of(platform, label), platform)
    except JodError as error:
        return error, IngestOutcome(label, "failed")


def _rows(frame: pl.DataFrame) -> Counter[str]:
    kept = frame.drop("source_document", strict=False)
    return Counter(kept.select(pl.struct(pl.all()).struct.json_encode()).to_series().to_list())
