"""Takes one resource from its source to typed tables in the landing, under its contract."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from jod_pipelines.contracts.enforcement import QUARANTINE_SCHEMA, conform, enforce, frame_of, refused_document
from jod_pipelines.contracts.model import Table, landing_table
from jod_pipelines.errors import ContractError, HeldError, SourceError, SourceSkipped
from jod_pipelines.fingerprint import code_fingerprint
from jod_pipelines.landing.archive import Document, Fetched, LandedResource, Snapshot, write_atomically
from jod_pipelines.platform import Platform
from jod_pipelines.sources.resource import FetchContext, Parsed, Resource


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
    seconds: float = 0.0


def ingest(resource: Resource, platform: Platform) -> IngestOutcome:
    """Fetch what changed, land it raw, derive typed tables, keep what breaks the contract in quarantine.

    The serving snapshot moves only when everything is in place. A source that fails while an older snapshot serves
    makes the outcome `stale`; without one the error goes up.

    Raises:
        SourceError: the source failed and nothing of it has ever landed.
        HeldError, ContractError: as SourceError, because of the contract.
    """
    started = time.perf_counter()
    landed = platform.archive.resource(resource.source, resource.name)
    landed.finish_erasure()
    before = landed.current()
    client = platform.client(resource.system)
    requests_before = client.requests_made
    trusted = _trusted(resource, platform, landed, before)
    context = FetchContext(client, platform.settings, trusted, lambda label, table: read_typed(platform, label, table))
    outcome = IngestOutcome(resource.label, "unchanged")
    try:
        snapshot = landed.store(resource.documents(context), volatile=resource.volatile, keep=resource.additive)
        snapshot, outcome.erased = _erase_withdrawn(resource, landed, snapshot, context)
        derived_by = _derived_by(resource)
        stamp = landed.root / "typed" / "derived_by"
        if before is None or snapshot.id != before.id or not stamp.exists() or stamp.read_text() != derived_by:
            same_code = stamp.exists() and stamp.read_text() == derived_by
            outcome.quarantined = _derive(resource, landed, snapshot, before, reuse=same_code, erased=outcome.erased)
            landed.serve(snapshot)
            write_atomically(stamp, derived_by.encode())
            if before is None or snapshot.content_id != before.content_id:
                outcome.status = "changed"
    except SourceSkipped as skip:
        outcome.status, outcome.message = "skipped", str(skip)
        platform.state.record(resource.label, "source", "skipped", str(skip))
        return outcome
    except (SourceError, HeldError, ContractError) as error:
        platform.state.record(resource.label, "source", "held" if isinstance(error, HeldError) else "failed", str(error))
        if before is None:
            raise
        outcome.status, outcome.message, snapshot = "stale", str(error), before
    else:
        failed = f"{len(snapshot.failed)} documents failed, such as {snapshot.failed[0].error}" if snapshot.failed else ""
        outcome.message = "; ".join(filter(None, (failed, _refusals(resource, landed, snapshot))))
        platform.state.record(resource.label, "source", outcome.status, outcome.message)
        if trusted is not before:
            platform.state.write(_asked_again(resource), snapshot.id)
    outcome.snapshot = snapshot.id
    outcome.documents, outcome.bytes = len(snapshot.entries), snapshot.bytes
    outcome.requests = client.requests_made - requests_before
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


def _derive(
    resource: Resource, landed: LandedResource, snapshot: Snapshot, before: Snapshot | None, *, reuse: bool, erased: int
) -> dict[str, int]:
    """Write the typed tables of a snapshot and their quarantines; returns refused rows by table.

    Rows erased by duty are no shrinkage of the source.
    """
    refused: dict[str, int] = {}
    previous = {table: _count(landed.typed_files(table)) - erased for table in resource.tables} if before else {}
    if resource.per_document:
        for key, entry in sorted(snapshot.entries.items()):
            if reuse and all(landed.typed_path(table, entry.sha256).exists() for table in resource.tables):
                continue
            parsed = resource.read(landed.read(snapshot, [key]))
            _write(resource, landed, parsed, entry.sha256, refused)
        paths = {
            table: [landed.typed_path(table, entry.sha256) for entry in snapshot.entries.values()] for table in resource.tables
        }
    else:
        _write(resource, landed, resource.read(_readable(landed, snapshot)), snapshot.id, refused)
        paths = {table: [landed.typed_path(table, snapshot.id)] for table in resource.tables}
    why = _refusals(resource, landed, snapshot) if refused else ""
    if refused and not any(_count(paths[table]) for table in resource.tables):
        raise HeldError(f"{resource.label}: nothing of what was sent can be used; {why}")
    for table in resource.tables:
        _guard_volume(
            resource, landing_table(resource.source, resource.name, table), _count(paths[table]), previous.get(table), why
        )
    return refused


def _readable(landed: LandedResource, snapshot: Snapshot) -> Iterable[Document]:
    return landed.read(snapshot)


def _write(resource: Resource, landed: LandedResource, parsed: Parsed, name: str, refused: dict[str, int]) -> None:
    unreadable = [refused_document(key, reason) for key, reason in sorted(parsed.unreadable.items())]
    for position, table_name in enumerate(resource.tables):
        table = landing_table(resource.source, resource.name, table_name)
        rows = parsed.tables[table_name]
        frame, wrong_type = conform(rows, table) if isinstance(rows, pl.DataFrame) else frame_of(rows, table)
        kept, broken = enforce(frame, table)
        documents = pl.DataFrame(unreadable if position == 0 else [], schema=QUARANTINE_SCHEMA, orient="row")
        quarantine = pl.concat([documents, wrong_type, broken])
        if table.severity == "block" and not quarantine.is_empty():
            first = quarantine.row(0, named=True)
            raise ContractError(
                f"{resource.label}: {len(quarantine)} rows break the contract, first {first['source_document']}: "
                f"{first['column']} {first['rule']} (value {first['value']!r})"
            )
        _write_parquet(kept, landed.typed_path(table_name, name))
        landed.quarantine_path(table_name, name).unlink(missing_ok=True)
        if not quarantine.is_empty():
            _write_parquet(quarantine, landed.quarantine_path(table_name, name))
            refused[table_name] = refused.get(table_name, 0) + len(quarantine)


def _guard_volume(resource: Resource, table: Table, rows: int, previous: int | None, why: str) -> None:
    reason = f"; {why}" if why else ""
    if rows < table.min_rows:
        line = f"{resource.label}: table {table.name} has {rows} rows, its contract expects at least {table.min_rows}"
        raise HeldError(line + reason)
    if previous and rows < previous * (1 - table.max_shrink_pct / 100):
        shrink = 100 * (1 - rows / previous)
        raise HeldError(
            f"{resource.label}: table {table.name} shrank by {shrink:.0f} % ({previous} to {rows} rows), "
            f"its contract allows {table.max_shrink_pct:.0f} %; the last good data serves until you decide{reason}"
        )


def _erase_withdrawn(
    resource: Resource, landed: LandedResource, snapshot: Snapshot, context: FetchContext
) -> tuple[Snapshot, int]:
    """Erase the content of withdrawn items from the raw documents that hold it."""
    if resource.withdrawn is None or resource.ids_in is None or resource.without is None:
        return snapshot, 0
    ids = resource.withdrawn(context) - landed.erased_ids()
    rewritten: list[Fetched] = []
    found: set[str] = set()
    for document in landed.read(snapshot) if ids else ():
        if held := ids & resource.ids_in(document.body):
            found |= held
            entry = snapshot.entries[document.key]
            body = resource.without(document.body, held)
            rewritten.append(
                Fetched(entry.key, body, entry.request, entry.status, entry.fetched_at, entry.change_key, entry.dropped)
            )
    if not rewritten:
        return snapshot, 0
    return landed.erase(snapshot, rewritten, found, "withdrawn at the source"), len(found)


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

    What is in quarantine may have been broken on its way: the source is asked once more for everything, whatever its
    change marks say. What it says twice is its own.
    """
    if before is None or platform.state.read(_asked_again(resource)) == before.id:
        return before
    if not _quarantine_files(resource, landed, before):
        return before
    return replace(before, entries={key: replace(entry, change_key=None) for key, entry in before.entries.items()})


def _asked_again(resource: Resource) -> str:
    return f"asked_again/{resource.source}.{resource.name}"


def _derived_by(resource: Resource) -> str:
    return code_fingerprint(
        "jod_pipelines/sources", "jod_pipelines/contracts", f"data_contracts/landing/{resource.source}.{resource.name}.yaml"
    )


def _count(paths: Iterable) -> int:  # type: ignore[type-arg]
    found = list(paths)
    return int(pl.scan_parquet(found).select(pl.len()).collect().item()) if found else 0


def _write_parquet(frame: pl.DataFrame, path) -> None:  # type: ignore[no-untyped-def]
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.tmp")
    frame.write_parquet(aside, compression="zstd")
    aside.replace(path)
