"""Takes one resource from its source to typed tables in the landing, under its contract."""

from __future__ import annotations

import gc
import getpass
import json
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from jod_pipelines.contracts.enforcement import QUARANTINE_SCHEMA, conform, enforce, frame_of, refused_document
from jod_pipelines.contracts.model import Drift, Table, find_landing_table, landing_table
from jod_pipelines.errors import ContractError, HeldError, SourceError, SourceSkipped
from jod_pipelines.fingerprint import code_fingerprint
from jod_pipelines.landing.archive import (
    Arriving,
    Document,
    Erasure,
    Fetched,
    Finding,
    Kind,
    LandedResource,
    Restarted,
    Snapshot,
    Verb,
    write_atomically,
)
from jod_pipelines.landing.drift import Shape, Watch
from jod_pipelines.platform import Platform
from jod_pipelines.sources.crawl import FAILED, WITHDRAWN
from jod_pipelines.sources.resource import FetchContext, Parsed, Resource, TableReader, Withdrawn

NOTES = (FAILED, WITHDRAWN)
"""Keys of documents that are notes of our own, with no shape that a source could change, and not to be asked for."""
SMALL_GROWTH_ROWS = 100
"""A table that grows by fewer rows is never held: a handful of rows triples easily."""


@dataclass
class IngestOutcome:
    """What became of one resource.

    `status`: changed, unchanged, skipped (nothing to fetch by configuration) or stale (the source failed, or sent
    less than its contract allows; the last good snapshot serves).
    """

    label: str
    status: str
    message: str = ""
    snapshot: str | None = None
    documents: int = 0
    bytes: int = 0
    requests: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    quarantined: dict[str, int] = field(default_factory=dict)
    erased: int = 0
    drift: list[str] = field(default_factory=list)
    seconds: float = 0.0


@dataclass
class _Derived:
    """What deriving found: refused rows by table, the first of them in words, departures, and the shape known now."""

    refused: dict[str, int] = field(default_factory=dict)
    first_refused: str = ""
    findings: list[Finding] = field(default_factory=list)
    shape: Shape | None = None
    notes: list[str] = field(default_factory=list)


def ingest(resource: Resource, platform: Platform) -> IngestOutcome:
    """Fetch what changed, land it raw, derive typed tables, keep what breaks the contract in quarantine.

    The serving snapshot moves only when everything is in place. A source that fails while an older snapshot serves
    makes the outcome `stale`; without one the error goes up. In a replay nothing is fetched: the snapshot of that time is
    derived with today's code.

    Raises:
        SourceError: the source failed and nothing of it has ever landed.
        HeldError, ContractError: as SourceError, because of the contract.
    """
    if platform.settings.replay is not None:
        return _replay(resource, platform, platform.settings.replay)
    with _patient_collector():
        return _ingest(resource, platform)


@contextmanager
def _patient_collector() -> Iterator[None]:
    """Let Python look for cycles rarely: parsed documents have none, and looking for them costs half of the time."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _ingest(resource: Resource, platform: Platform) -> IngestOutcome:
    started = time.perf_counter()
    landed = platform.archive.resource(resource.source, resource.name)
    landed.finish_erasure()
    before = landed.current()
    client = platform.client(resource.system)
    requests_before = client.requests_made
    reader = _reader(platform)
    present = landed.present(before)
    trusted = _trusted(resource, platform, landed, present)
    context = FetchContext(client, platform.settings, trusted, reader)
    outcome = IngestOutcome(resource.label, "unchanged")
    snapshot: Snapshot | None = None
    withdrawn: dict[str, str] = {}
    try:
        documents = _screened(resource, landed, _set_withdrawn_aside(resource.documents(context), withdrawn))
        snapshot = landed.store(documents, volatile=resource.volatile, keep=resource.additive)
        snapshot, before, outcome.erased = _erase_withdrawn(resource, platform, landed, snapshot, before, withdrawn)
        same_code = _same_code(resource, landed)
        if before is None or snapshot.id != before.id or not same_code or not _is_derived(resource, landed, snapshot):
            derived = _derive(resource, landed, snapshot, before, reuse=same_code)
            _serve(resource, landed, snapshot, derived)
            outcome.quarantined, outcome.drift = derived.refused, [str(finding) for finding in derived.findings]
            outcome.message = _told(derived)
            if before is None or snapshot.content_id != before.content_id:
                outcome.status = "changed"
        landed.release()
    except SourceSkipped as skip:
        outcome.status, outcome.message = "skipped", str(skip)
        platform.state.record(resource.label, "source", "skipped", str(skip))
        return outcome
    except (SourceError, HeldError, ContractError) as error:
        if isinstance(error, HeldError) and snapshot is not None:
            landed.hold(snapshot, str(error))
        platform.state.record(resource.label, "source", "held" if isinstance(error, HeldError) else "failed", str(error))
        if before is None:
            raise
        if snapshot is None:  # what the source withdrew goes even when the rest of its answer is of no use
            _, before, outcome.erased = _erase_withdrawn(resource, platform, landed, before, before, withdrawn)
            assert before is not None
        outcome.status, outcome.message, snapshot = "stale", str(error), before
    else:
        failed = f"{len(snapshot.failed)} documents failed, such as {snapshot.failed[0].error}" if snapshot.failed else ""
        outcome.message = "; ".join(filter(None, [failed, _refusals(resource, landed, snapshot), outcome.message]))
        platform.state.record(resource.label, "source", outcome.status, outcome.message)
        if trusted is not present:
            platform.state.write(_asked_again(resource), snapshot.id)
    outcome.requests = client.requests_made - requests_before
    return _filled(outcome, resource, landed, snapshot, started)


def accept(resource: Resource, platform: Platform, reason: str = "") -> IngestOutcome:
    """Let the snapshot that waits serve, whatever the size guard and the drift verbs say. Nothing is fetched.

    Raises:
        HeldError: nothing of the resource waits.
    """
    started = time.perf_counter()
    landed = platform.archive.resource(resource.source, resource.name)
    landed.finish_erasure()
    held = landed.held()
    if held is None:
        raise HeldError(f"{resource.label}: nothing is held")
    snapshot = landed.snapshot(held["snapshot"])
    derived = _derive(
        resource, landed, snapshot, landed.current(), reuse=_same_code(resource, landed), guarded=False, accepted=True
    )
    _serve(resource, landed, snapshot, derived, accepted_by=getpass.getuser(), accepted_because=reason or held["reason"])
    outcome = IngestOutcome(resource.label, "changed", f"accepted by {getpass.getuser()}: {reason or held['reason']}")
    platform.state.record(resource.label, "source", "changed", outcome.message)
    return _filled(outcome, resource, landed, snapshot, started)


def erase(resource: Resource, platform: Platform, erased_id: str, reason: str) -> int:
    """Erase one item (or one document, where items have no ids of their own) from everything that landed, for good.

    The source may go on sending it; it is dropped each time before anything is stored.

    Returns:
        How many stored bodies held it. None is no error: it is kept from landing from now on.
    """
    landed = platform.archive.resource(resource.source, resource.name)
    landed.finish_erasure()
    by_item = resource.ids_in is not None and resource.without is not None
    plan = landed.plan_erasure(
        lambda body: _without(resource, body, {erased_id}) if by_item else None,
        [] if by_item else [erased_id],
        [erased_id],
        reason,
        getpass.getuser(),
        standing=True,
    )
    _carry_out(resource, platform, landed, plan)
    return len(plan.objects)


def _replay(resource: Resource, platform: Platform, when: str) -> IngestOutcome:
    started = time.perf_counter()
    landed = platform.archive.resource(resource.source, resource.name)
    snapshot = platform.archive.replayed(resource.source, resource.name, when)
    outcome = IngestOutcome(resource.label, "unchanged")
    if snapshot is None:
        outcome.status, outcome.message = "skipped", f"nothing of it had landed by {when}"
        platform.state.record(resource.label, "source", outcome.status, outcome.message)
        return outcome
    before = landed.current()
    same_code = _same_code(resource, landed)
    if before is None or before.id != snapshot.id or not same_code or not _is_derived(resource, landed, snapshot):
        outcome.quarantined = _derive(resource, landed, snapshot, None, reuse=same_code, guarded=False).refused
        landed.serve(snapshot)
        write_atomically(_stamp(landed), _derived_by(resource).encode())
        outcome.status = "changed"
    platform.state.record(resource.label, "source", outcome.status)
    return _filled(outcome, resource, landed, snapshot, started)


def _filled(
    outcome: IngestOutcome, resource: Resource, landed: LandedResource, snapshot: Snapshot, started: float
) -> IngestOutcome:
    outcome.snapshot = snapshot.id
    outcome.documents, outcome.bytes = len(snapshot.entries), snapshot.bytes
    outcome.rows = {table: _count(landed.typed_files(table)) for table in resource.tables}
    outcome.seconds = time.perf_counter() - started
    return outcome


def read_typed(platform: Platform, label: str, table: str) -> pl.LazyFrame:
    """A typed table of the serving snapshot, with its contract's columns; empty when nothing has landed."""
    source, name = label.split("/")
    files = platform.archive.resource(source, name).typed_files(table)
    if not files:
        return landing_table(source, name, table).empty().lazy()
    return pl.scan_parquet(files)


def contracts_of(resource: Resource, landed: LandedResource, snapshot: Snapshot) -> list[Table]:
    """The contracts a snapshot is typed under, one per table: the file's, else what the source says of the table.

    Raises:
        ContractError: a table has neither.
    """
    found = [find_landing_table(resource.source, resource.name, table) for table in resource.tables]
    if all(found) or resource.describe is None:
        return [landing_table(resource.source, resource.name, table) for table in resource.tables]
    described = resource.describe(list(landed.read(snapshot, resource.described_by)))
    return [table or described[name] for name, table in zip(resource.tables, found, strict=True)]


def _same_description(resource: Resource, snapshot: Snapshot, before: Snapshot | None) -> bool:
    """Whether the documents that describe the others are what they were, so that tables typed under them still hold."""
    entries = [of.entries if of else {} for of in (snapshot, before)]
    hashes = [[found[key].sha256 if key in found else None for key in resource.described_by] for found in entries]
    return not resource.described_by or hashes[0] == hashes[1]


def _reader(platform: Platform) -> TableReader:
    return lambda label, table: read_typed(platform, label, table)


def _screened(resource: Resource, landed: LandedResource, documents: Iterable[Arriving]) -> Iterator[Arriving]:
    """Documents on their way in, without what a person had erased; what a source published again is noted."""
    erased, standing = landed.erased_ids(), landed.erased_ids(standing=True)
    returned: set[str] = set()
    for document in documents:
        if not erased or isinstance(document, Restarted):
            yield document
        elif document.key in standing:
            continue
        elif isinstance(document, Fetched) and resource.ids_in is not None:
            back = erased & resource.ids_in(document.body)
            returned |= back - standing
            body = _without(resource, document.body, back & standing)
            if body is None:
                yield document
            elif body:
                yield replace(document, body=body)
        else:
            yield document
    landed.note_returned(returned)


def _without(resource: Resource, body: bytes, ids: set[str]) -> bytes | None:
    """A body without the items of some ids; None when it has none of them."""
    assert resource.ids_in is not None and resource.without is not None
    held = ids & resource.ids_in(body) if ids else set()
    return resource.without(body, held) if held else None


def _set_withdrawn_aside(documents: Iterable[Arriving | Withdrawn], reasons: dict[str, str]) -> Iterator[Arriving]:
    """Hand documents on; what a source says it withdrew goes to `reasons`, by id."""
    for document in documents:
        if isinstance(document, Withdrawn):
            reasons[document.item_id] = document.reason
        else:
            yield document


def _erase_withdrawn(
    resource: Resource,
    platform: Platform,
    landed: LandedResource,
    snapshot: Snapshot,
    before: Snapshot | None,
    reasons: dict[str, str],
) -> tuple[Snapshot, Snapshot | None, int]:
    """Erase what the source has withdrawn, from every snapshot; a snapshot that the size guard holds cannot delay it."""
    if resource.ids_in is None or resource.without is None:
        return snapshot, before, 0
    new, total = reasons.keys() - landed.erased_ids(), 0
    for reason in sorted({reasons[item_id] for item_id in new}):
        ids = {item_id for item_id in new if reasons[item_id] == reason}
        found: set[str] = set()

        def without(body: bytes, ids: set[str] = ids, found: set[str] = found) -> bytes | None:
            found.update(ids & resource.ids_in(body))  # type: ignore[misc]
            return _without(resource, body, ids)

        plan = landed.plan_erasure(without, [], [], reason, "jod run")
        if found:
            plan = replace(plan, ids=tuple(sorted(found)))
            _carry_out(resource, platform, landed, plan)
            snapshot, before = landed.after(plan, snapshot), landed.after(plan, before) if before else None
            total += len(found)
    return snapshot, before, total


def _carry_out(resource: Resource, platform: Platform, landed: LandedResource, plan: Erasure) -> None:
    """Erase, with the typed tables of what serves afterwards already in place, so that readers never miss a document."""
    serving = landed.current()
    if serving is not None and landed.after(plan, serving).id != serving.id:
        _derive(resource, landed, landed.after(plan, serving), serving, reuse=_same_code(resource, landed), guarded=False)
    landed.forget_values(plan)
    landed.erase(plan)
    shutil.rmtree(platform.replays_folder, ignore_errors=True)


def _derive(
    resource: Resource,
    landed: LandedResource,
    snapshot: Snapshot,
    before: Snapshot | None,
    *,
    reuse: bool,
    guarded: bool = True,
    accepted: bool = False,
) -> _Derived:
    """Write the typed tables of a snapshot and their quarantines, aside first; they count when the contract lets them.

    Args:
        reuse: typed tables of documents that are there already are by today's code.
        guarded: hold what the size guard and the drift verbs say must be held.
        accepted: a person has accepted every departure in it.

    Raises:
        HeldError: too many rows, too few, or a departure that the contract holds.
    """
    tables = contracts_of(resource, landed, snapshot)
    described = list(landed.read(snapshot, resource.described_by))
    reuse = reuse and _same_description(resource, snapshot, before)
    derived = _Derived()
    watch = _watch(landed, tables, accepted=accepted)
    writer = _Writer(resource, landed, tables, derived, described)
    if resource.per_document:
        for key, entry in sorted(snapshot.entries.items()):
            if not (reuse and _all_exist(resource, landed, entry.sha256)):
                writer.write(watch, landed.read(snapshot, [key]), entry.sha256)
        names = list(dict.fromkeys(entry.sha256 for entry in snapshot.entries.values()))
    else:
        writer.write(watch, landed.read(snapshot), snapshot.id)
        names = [snapshot.id]
    derived.findings = landed.news([*watch.findings.values(), *derived.findings])
    if guarded:
        _hold_departures(resource, derived.findings)
        refused = f"{sum(derived.refused.values())} in quarantine, such as {derived.first_refused}" if derived.refused else ""
        rows = {table.name: _count(writer.place(table.name, name) for name in names) for table in tables}
        if refused and not any(rows.values()):
            raise HeldError(f"{resource.label}: nothing of what was sent can be used; {refused}")
        for table in tables:
            previous = _count(landed.typed_files(table.name)) if before else None
            _guard_volume(resource, table, rows[table.name], previous, refused)
    derived.shape = watch.finish()
    writer.adopt()
    return derived


class _Writer:
    """Writes typed tables and quarantines into a folder aside, and moves them into place when they may count."""

    def __init__(
        self, resource: Resource, landed: LandedResource, tables: list[Table], derived: _Derived, described: list[Document]
    ) -> None:
        self.resource, self.landed, self.tables, self.derived = resource, landed, tables, derived
        self.described = tuple(described)
        self.aside = landed.derived / "deriving"
        shutil.rmtree(self.aside, ignore_errors=True)

    def write(self, watch: Watch, documents: Iterable[Document], name: str) -> None:
        """Parse documents into the typed tables and quarantines of that name."""
        watch.refused.clear()
        described = (replace(document, described_by=self.described) for document in documents)
        looked = (document if document.key.startswith(NOTES) else watch.look(document) for document in described)
        parsed = self.resource.read(filter(None, looked))
        self.derived.notes += parsed.notes
        unreadable = [refused_document(key, reason) for key, reason in sorted(parsed.unreadable.items())]
        departed = [{**refused_document(key, value), "rule": "drift"} for key, value in sorted(watch.refused.items())]
        for position, table in enumerate(self.tables):
            kept, broken = _checked(parsed, table, self.derived)
            if position == 0:
                broken = pl.concat([pl.DataFrame([*unreadable, *departed], schema=QUARANTINE_SCHEMA, orient="row"), broken])
            self._refuse(table, broken)
            _write_parquet(kept, self._path("typed", table.name, name))
            if not broken.is_empty():
                _write_parquet(broken, self._path("quarantine", table.name, name))

    def place(self, table: str, name: str) -> Path:
        """Where the typed table of that name is now."""
        aside = self._path("typed", table, name)
        return aside if aside.exists() else self.landed.typed_path(table, name)

    def adopt(self) -> None:
        """Move everything into place; what was refused before and is not any more is refused no longer."""
        for path in sorted(self.aside.glob("typed/*/*.parquet")):
            refused = self._path("quarantine", path.parent.name, path.stem)
            self._move(refused, self.landed.quarantine_path(path.parent.name, path.stem))
            self._move(path, self.landed.typed_path(path.parent.name, path.stem))
        shutil.rmtree(self.aside, ignore_errors=True)

    @staticmethod
    def _move(path: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            path.replace(target)
        else:
            target.unlink(missing_ok=True)

    def _path(self, kind: str, table: str, name: str) -> Path:
        return self.aside / kind / table / f"{name}.parquet"

    def _refuse(self, table: Table, broken: pl.DataFrame) -> None:
        if broken.is_empty():
            return
        first = broken.row(0, named=True)
        where = f"{first['source_document']}: {first['column'] or 'document'} {first['rule']} (value {first['value']!r})"
        if _blocks(table, broken):
            raise ContractError(f"{self.resource.label}: {len(broken)} rows break the contract, first {where}")
        self.derived.first_refused = self.derived.first_refused or where
        self.derived.refused[table.name] = self.derived.refused.get(table.name, 0) + len(broken)


def _blocks(table: Table, broken: pl.DataFrame) -> bool:
    """Whether one of the refused rows breaks a rule whose severity is block."""
    blocking = [column.name for column in table.columns if table.severity_of(column) == "block"]
    return table.severity == "block" or not broken.filter(pl.col("column").is_in(blocking)).is_empty()


def _checked(parsed: Parsed, table: Table, derived: _Derived) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows of a table that keep the contract, and those that do not; departures that are not for quarantine are told."""
    rows = parsed.tables[table.name]
    frame, wrong_type = conform(rows, table) if isinstance(rows, pl.DataFrame) else frame_of(rows, table)
    derived.findings += _new_codes(frame, table)
    if table.drift.changed_type == "hold" and not wrong_type.is_empty():
        first = wrong_type.row(0, named=True)
        where = first["source_document"] or table.name
        derived.findings.append(
            Finding("changed type", f"{table.name}.{first['column']}", where, first["value"], "hold", len(wrong_type))
        )
    kept, broken = enforce(frame, table)
    refused = [parsed.refused[table.name]] if table.name in parsed.refused else []
    return kept, pl.concat([*refused, wrong_type, broken])


def _new_codes(frame: pl.DataFrame, table: Table) -> list[Finding]:
    """Codes outside a column's list, where the contract does not send them to quarantine."""
    found = []
    for column in table.columns if table.drift.new_code != "quarantine" else ():
        if not column.allowed:
            continue
        strange = frame.filter(~pl.col(column.name).is_in(list(column.allowed)))
        document = pl.col("source_document") if "source_document" in strange.columns else pl.lit(table.name)
        for value, first, items in (
            strange.group_by(column.name, maintain_order=True).agg(document.first().alias("first"), pl.len()).iter_rows()
        ):
            path = f"{table.name}.{column.name}"
            found.append(Finding("new code", path, first, str(value), table.drift.new_code, items))
    return found


def _watch(landed: LandedResource, tables: list[Table], *, accepted: bool) -> Watch:
    """What looks at the documents of a resource; of its tables' verbs the strictest holds, as they share documents."""
    path = landed.root / "shape.json"
    known = Shape.from_json(json.loads(path.read_text("utf-8"))) if path.exists() else None
    drifts = [table.drift for table in tables]
    items = next((drift.items for drift in drifts if drift.items), None)
    ignore = tuple(pattern for drift in drifts for pattern in drift.ignore)
    return Watch(known, {} if accepted else _strictest(drifts), items, ignore)


def _strictest(drifts: list[Drift]) -> dict[Kind, Verb]:
    order: tuple[Verb, ...] = ("accept", "quarantine", "hold")
    verbs = [(drift.unknown_field, drift.missing_field, drift.changed_type) for drift in drifts]
    kinds: tuple[Kind, ...] = ("unknown field", "missing field", "changed type")
    return {kind: max(given, key=order.index) for kind, given in zip(kinds, zip(*verbs, strict=True), strict=True)}


def _hold_departures(resource: Resource, findings: list[Finding]) -> None:
    held = [finding for finding in findings if finding.verb == "hold"]
    if held:
        more = f" and {len(held) - 1} more" if len(held) > 1 else ""
        raise HeldError(
            f"{resource.label}: {held[0]}{more}; the last good data serves until `jod landing accept {resource.label}`",
            "\n".join(map(str, held)),
        )


def _guard_volume(resource: Resource, table: Table, rows: int, previous: int | None, refused: str) -> None:
    serves = f"the last good data serves until `jod landing accept {resource.label}`"
    way_out = "; ".join(filter(None, [serves, refused]))
    if rows < table.min_rows:
        raise HeldError(
            f"{resource.label}: table {table.name} has {rows} rows, its contract expects at least {table.min_rows}; {way_out}"
        )
    if not previous:
        return
    change_pct = 100 * (rows / previous - 1)
    if change_pct < -table.max_shrink_pct:
        raise HeldError(
            f"{resource.label}: table {table.name} shrank by {-change_pct:.0f} % ({previous} to {rows} rows), "
            f"its contract allows {table.max_shrink_pct:.0f} %; {way_out}"
        )
    if change_pct > table.max_growth_pct and rows - previous > SMALL_GROWTH_ROWS:
        raise HeldError(
            f"{resource.label}: table {table.name} grew by {change_pct:.0f} % ({previous} to {rows} rows), "
            f"its contract allows {table.max_growth_pct:.0f} %; {way_out}"
        )


def _serve(resource: Resource, landed: LandedResource, snapshot: Snapshot, derived: _Derived, **note: str) -> None:
    """Move the pointer. What is known of the documents' shape moves first: a departure told twice is better than never."""
    landed.tell(derived.findings, snapshot)
    if derived.shape is not None:
        write_atomically(landed.root / "shape.json", json.dumps(derived.shape.as_json(), ensure_ascii=False).encode())
    landed.serve(snapshot, **note)
    write_atomically(_stamp(landed), _derived_by(resource).encode())


def _told(derived: _Derived) -> str:
    more = [f"{len(derived.findings) - 3} more departures"] if len(derived.findings) > 3 else []
    return "; ".join([*map(str, derived.findings[:3]), *more, *derived.notes])


def _is_derived(resource: Resource, landed: LandedResource, snapshot: Snapshot) -> bool:
    names = {entry.sha256 for entry in snapshot.entries.values()} if resource.per_document else {snapshot.id}
    return all(_all_exist(resource, landed, name) for name in names)


def _all_exist(resource: Resource, landed: LandedResource, name: str) -> bool:
    return all(landed.typed_path(table, name).exists() for table in resource.tables)


def _stamp(landed: LandedResource) -> Path:
    return landed.derived / "typed" / "derived_by"


def _same_code(resource: Resource, landed: LandedResource) -> bool:
    """Whether today's code made the typed tables that are there."""
    return _stamp(landed).exists() and _stamp(landed).read_text() == _derived_by(resource)


def _quarantine_files(resource: Resource, landed: LandedResource, snapshot: Snapshot) -> list[Path]:
    names = (snapshot.id, *(entry.sha256 for entry in snapshot.entries.values()))
    paths = (landed.quarantine_path(table, name) for table in resource.tables for name in dict.fromkeys(names))
    return [path for path in paths if path.exists()]


def _refusals(resource: Resource, landed: LandedResource, snapshot: Snapshot) -> str:
    """What of a snapshot is in quarantine, in words; empty when nothing is."""
    files = _quarantine_files(resource, landed, snapshot)
    if not files:
        return ""
    refused = pl.read_parquet(files)
    first = refused.row(0, named=True)
    where = " ".join(filter(None, (first["source_document"], first["column"])))
    value = " ".join(str(first["value"]).split())[:120]
    return f"{len(refused)} in quarantine, such as {where}: {first['rule']} (value {value!r})"


def _trusted(resource: Resource, platform: Platform, landed: LandedResource, before: Snapshot | None) -> Snapshot | None:
    """The serving snapshot as `fetch` should see it.

    What is in quarantine may have been broken on its way: the source is asked once more for those documents, whatever its
    change marks say. What it says twice is its own. A note of a failed document is not one that can be asked for.
    """
    if before is None or platform.state.read(_asked_again(resource)) == before.id:
        return before
    files = _quarantine_files(resource, landed, before)
    if not files:
        return before
    suspects = {str(name).split(" item ")[0] for name in pl.read_parquet(files)["source_document"].drop_nulls()}
    suspects = {name for name in suspects if not name.startswith(NOTES)}
    if not suspects & before.entries.keys():
        return before
    entries = {key: replace(entry, change_key=None) if key in suspects else entry for key, entry in before.entries.items()}
    return replace(before, entries=entries)


def _asked_again(resource: Resource) -> str:
    return f"asked_again/{resource.source}.{resource.name}"


def _derived_by(resource: Resource) -> str:
    return code_fingerprint(
        "jod_pipelines/sources", "jod_pipelines/contracts", f"data_contracts/landing/{resource.source}.{resource.name}.yaml"
    )


def _count(paths: Iterable[Path]) -> int:
    found = list(paths)
    return int(pl.scan_parquet(found).select(pl.len()).collect().item()) if found else 0


def _write_parquet(frame: pl.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.tmp")
    frame.write_parquet(aside, compression="zstd")
    aside.replace(path)
