"""Runs one fault to the end: a tiny world behind a real socket, one resource, compared with an undisturbed ingest."""

from __future__ import annotations

import re
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
import pytest
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
RECOVERS, HOLDS, QUARANTINES = "recovers", "holds", "quarantines"
LISTS = ("kunta", "koulutus", "koulutustyyppi", "eqf")
KELA = ("koulumatkatuen-saajat-ja-maksetut-tuet",)
SMALL_SLICES = Fault(kind="edit", system="statfin", path="/fi/", at="maxCells", value=60)
"""Makes the client cut even a small table into several queries."""
YESTERDAY = [
    Fault(kind="edit", system="koodisto", path="/json/.*", at="*.metadata.0.nimi", value="Eilen"),
    Fault(kind="edit", system="koodisto", path="/codeelement/.*", at="*.includesCodeElements", change="first", value=0),
    Fault(kind="edit", system="organisaatio", at="organisaatiot.0.nimi.fi", value="Eilen"),
    Fault(
        kind="replace",
        system="opintopolku",
        path=".*/search/.*",
        pattern=r'("(?:toteutusN|n)imi":\{"fi":")',
        replacement=r"\1Eilen ",
        count=0,
    ),
    Fault(kind="edit", system="opintopolku", path=".*/(koulutus|toteutus)/.*", at="nimi.fi", value="Eilen"),
    Fault(kind="edit", system="eperusteet", path=".*/perusteet", at="data.*.julkaistu", value=4_070_908_800_000),
    Fault(kind="edit", system="eperusteet", path=".*/peruste/.*", at="nimi.fi", value="Eilen"),
    Fault(kind="edit", system="eperusteet", path=".*/osaamismerkit", at="*.nimi.fi", value="Eilen"),
    Fault(kind="edit", system="vipunen", path=".*/data", at="*.tietojoukkoPaivitettyPvm", value="2099-01-01"),
    Fault(kind="edit", system="statfin", path="/fi/StatFin/[a-z]+", at="*.updated", value="2026-01-01T06:00:00"),
    Fault(kind="edit", system="statfin", path="/fi/StatFin/.*", method="POST", at="updated", value="2026-01-01T06:00:00Z"),
    Fault(kind="truncate", system="mylly", lines=80),
    Fault(kind="replace", system="mylly_v1", pattern=r'("ilmoituksenID":")[0-9a-f]', replacement=r"\1f", count=20),
    Fault(kind="edit", system="classifications", path="/classifications/[^/]+", at="0.modifiedDate", value="2020-01-01"),
    Fault(kind="edit", system="classifications", path=".*Items", at="*.classificationItemNames.0.name", value="Eilen"),
    Fault(kind="edit", system="classifications", path=".*/maps", at="0.sourceItem.code", value="999"),
    Fault(
        kind="edit", system="kela", path=".*/package_search", at="result.results.*.resources.*.last_modified", value="2020-01-01"
    ),
    Fault(kind="replace", system="kela", path=".*[.]csv", pattern=r"\d+(\r?\n)\Z", replacement=r"0\1"),
    Fault(kind="edit", system="ptv", path="/.*/list", at="*.serviceNames.0.value", value="Eilen"),
]
"""What the sources said a day earlier, so that today there is something to fetch."""


@dataclass(frozen=True)
class Case:
    """One fault and what must become of it.

    `outcomes` it may have: recovers (the typed tables equal an undisturbed ingest's), holds (nothing new serves and the
    fault is named), quarantines (the rest equals, what is missing is in quarantine; when more is missing than the
    contract allows, the older snapshot is held). `says`: expression in the message. `apart`: columns not compared.
    """

    name: str
    resource: str
    outcomes: tuple[str, ...]
    says: str
    faults: tuple[Fault, ...]
    http: dict[str, Any] = field(default_factory=dict)
    address: str | None = None
    apart: tuple[str, ...] = ()
    interface: str = "v2"


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
    """Home folders: with only what the resource reads, with a day older snapshot of it too, of an undisturbed ingest."""

    fresh: Path
    older: Path
    whole: Path


class Suite:
    """Runs cases against the sources; what cases of one resource share is made once."""

    def __init__(self, sources: TinySources, folder: Path) -> None:
        self.sources, self.folder = sources, folder
        self._bases: dict[tuple[str, str], Bases] = {}

    def run(self, case: Case, *, older: bool) -> str:
        """How a case ends, with an older snapshot in place or without.

        Asserts that it may end so, that nothing is lost, doubled or wrong without a word, and that it heals.
        """
        bases = self._bases_of(case.resource, case.interface)
        home = self.folder / "run"
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(bases.older if older else bases.fresh, home)
        before = set(home.rglob("quarantine/*/*.parquet"))
        app = self.sources.misbehave(case.resource, case.faults)
        platform = self._platform(home, case)
        problem, outcome = _attempt(platform, case.resource)
        if older and not app.spoiled and not case.address:
            pytest.skip("with an older snapshot in place nothing is asked that this fault could strike")
        assert app.spoiled or case.address, "the fault never struck"
        found, health = tables_of(platform, case.resource, case.apart), health_of(platform, case.resource)
        today, yesterday = (tables_of(self._platform(home), case.resource, case.apart) for home in (bases.whole, bases.older))
        if problem is not None or outcome.status == "stale":
            ended = HOLDS
            message = str(problem or outcome.message)
            assert (problem is None) == older
            assert problem is None or problem.exit_code in (3, 4, 5)
            assert_named(message, case.says)
            assert health["broken_since"]
            assert health["message"] == message
            assert_equal(found, yesterday if older else {})
        elif not differences(found, today):
            ended = RECOVERS
            assert (health["state"], health["broken_since"]) == ("ok", None)
        else:
            ended = QUARANTINES
            refused = [pl.read_parquet(path) for path in home.rglob("quarantine/*/*.parquet") if path not in before]
            assert_set_aside(found, today, yesterday, pl.concat(refused) if refused else None, health["message"])
            assert_named(health["message"], case.says)
        assert ended in case.outcomes or (older and ended == HOLDS and QUARANTINES in case.outcomes), (
            ended,
            outcome.message,
            problem,
        )
        self.sources.misbehave(case.resource, [])
        platform = self._platform(home, interface=case.interface)
        healed = ingest(resource_of(platform, case.resource), platform)
        assert_equal(tables_of(platform, case.resource), tables_of(self._platform(bases.whole), case.resource))
        health = health_of(platform, case.resource)
        assert (health["state"], health["broken_since"]) == ("ok", None), healed
        assert not health["message"] or re.search("drift|changed type|unknown field", health["message"]), healed
        return ended

    def _platform(self, home: Path, case: Case | None = None, interface: str = "v2") -> Platform:
        http = HttpSettings(**{**QUICK, **(case.http if case else {})})
        address = (case.address if case else None) or self.sources.address
        tables = [
            {
                "path": "pra/15au",
                "dimensions": {"sector": "sektoriluokitus_7", "occupation": "ammatti_19", "sex": "sukupuoli_9"},
                "select": {"sector": ["S0"], "sex": ["SSS"]},
            }
        ]
        often = {"nights": 1, "max_pct": 100.0}  # everything is due tonight, so that there is a request for the fault to strike
        settings = load_settings(
            home=home,
            sandbox_url=address,
            http=http,
            koodisto_lists=LISTS,
            statfin_tables=tables,
            kela_datasets=KELA,
            recheck=often,
            postings_interface=case.interface if case else interface,
        )
        return Platform(settings)

    def _bases_of(self, label: str, interface: str) -> Bases:
        if (label, interface) not in self._bases:
            name = f"{label.replace('/', '-')}-{interface}"
            fresh, older, undisturbed = (self.folder / f"{name}-{kind}" for kind in ("fresh", "older", "whole"))
            self._land(fresh, label, interface, [], needed_only=True)
            self._land(older, label, interface, YESTERDAY)
            self._land(older, label, interface, [], needed_only=True)
            self._land(undisturbed, label, interface, [])
            today = tables_of(self._platform(undisturbed), label)
            assert any(today.values()), f"{label} lands nothing"
            self._bases[label, interface] = Bases(fresh, older, undisturbed)
        return self._bases[label, interface]

    def _land(self, home: Path, label: str, interface: str, faults: list[Fault], *, needed_only: bool = False) -> None:
        home.mkdir(exist_ok=True)
        platform = self._platform(home, interface=interface)
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


def tables_of(platform: Platform, label: str, apart: tuple[str, ...] = ()) -> dict[str, Counter[str]]:
    """The serving rows of a resource by table, each as text, counted; which document a row came from is left out."""
    if platform.archive.resource(*label.split("/")).current() is None:
        return {}
    resource = resource_of(platform, label)
    return {table: _rows(read_typed(platform, label, table).collect(), apart) for table in resource.tables}


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


def assert_set_aside(
    found: dict[str, Counter[str]],
    today: dict[str, Counter[str]],
    yesterday: dict[str, Counter[str]],
    refused: pl.DataFrame | None,
    message: str,
) -> None:
    """Nothing doubled or wrong; as much refused as is missing, with document and rule, or a failed document named."""
    for table, rows in found.items():
        surplus = rows - today[table]
        assert not surplus - yesterday.get(table, Counter()), differences(found, today)
        assert not any(row in today[table] for row in surplus), differences(found, today)
    lost = sum((today[table] - found[table]).total() for table in today)
    if refused is None:
        assert "documents failed" in message, f"{lost} rows lost without a word: {differences(found, today)}"
        return
    assert refused["rule"].is_not_null().all()
    assert refused["source_document"].is_not_null().all()
    whole = refused.filter(rule="readable document")
    assert not whole.is_empty() or refused.height == lost, f"{lost} rows lost, {refused.height} in quarantine"


def assert_named(message: str, says: str) -> None:
    """One line, which names what is wrong."""
    assert message.strip() == message != ""
    assert "\n" not in message
    assert len(message) < 500, message
    assert re.search(says, message), f"{message!r} does not say {says!r}"


def _attempt(platform: Platform, label: str) -> tuple[JodError | None, IngestOutcome]:
    try:
        return None, ingest(resource_of(platform, label), platform)
    except JodError as error:
        return error, IngestOutcome(label, "failed")


def _rows(frame: pl.DataFrame, apart: tuple[str, ...]) -> Counter[str]:
    kept = frame.drop("source_document", *apart, strict=False)
    return Counter(kept.select(pl.struct(pl.all()).struct.json_encode()).to_series().to_list())
