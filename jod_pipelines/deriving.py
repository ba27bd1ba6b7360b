"""Derives typed tables from a landed snapshot, under the contracts of its resource.

Everything is written aside, judged, and moved into place when it may count: a snapshot that breaks a limit leaves what
serves alone. What breaks a row's rule goes to quarantine, beside the typed table it would have been in.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from jod_pipelines.contracts.enforcement import QUARANTINE_SCHEMA, conform, enforce, frame_of, refused_document
from jod_pipelines.contracts.model import Drift, Table, find_landing_table, landing_table
from jod_pipelines.errors import ContractError, HeldError
from jod_pipelines.fingerprint import code_fingerprint, combined
from jod_pipelines.landing.archive import Document, Finding, Kind, LandedResource, Snapshot, Verb, write_atomically
from jod_pipelines.landing.drift import Shape, Watch
from jod_pipelines.sources.crawl import FAILED, WITHDRAWN
from jod_pipelines.sources.resource import Parsed, Resource

NOTES = (FAILED, WITHDRAWN)
"""Keys of documents that are notes of our own, with no shape that a source could change, and not to be asked for."""
SMALL_GROWTH_ROWS = 100
"""What grows by fewer rows is never held: a handful of rows triples easily."""


@dataclass
class Derived:
    """What deriving found: refused rows by table, the first of them in words, departures, the shape known now, notes."""

    refused: dict[str, int] = field(default_factory=dict)
    first_refused: str = ""
    findings: list[Finding] = field(default_factory=list)
    shape: Shape | None = None
    notes: list[str] = field(default_factory=list)


def derive(
    resource: Resource,
    landed: LandedResource,
    snapshot: Snapshot,
    before: Snapshot | None,
    *,
    reuse: bool,
    guarded: bool = True,
    accepted: bool = False,
) -> Derived:
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
    derived = Derived()
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
        hold_departures(resource, derived.findings)
        refused = f"{sum(derived.refused.values())} in quarantine, such as {derived.first_refused}" if derived.refused else ""
        placed = {table.name: [writer.place(table.name, name) for name in names] for table in tables}
        rows = {name: count(files) for name, files in placed.items()}
        if refused and not any(rows.values()):
            raise HeldError(f"{resource.label}: nothing of what was sent can be used; {refused}")
        for table in tables:
            previous = count(landed.typed_files(table.name)) if before else None
            guard_volume(resource, table, rows[table.name], previous, refused)
            if before and resource.named_documents:
                now, then = (_by_document(files) for files in (placed[table.name], landed.typed_files(table.name)))
                guard_documents(resource, table, now, then, refused)
    derived.shape = watch.finish()
    writer.adopt()
    return derived


class _Writer:
    """Writes typed tables and quarantines into a folder aside, and moves them into place when they may count."""

    def __init__(
        self, resource: Resource, landed: LandedResource, tables: list[Table], derived: Derived, described: list[Document]
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


def _checked(parsed: Parsed, table: Table, derived: Derived) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows of a table that keep the contract, and those that do not; departures that are not for quarantine are told."""
    rows = parsed.tables[table.name]
    frame, wrong_type = conform(rows, table) if isinstance(rows, pl.DataFrame) else frame_of(rows, table)
    derived.findings += new_codes(frame, table)
    if table.drift.changed_type == "hold" and not wrong_type.is_empty():
        first = wrong_type.row(0, named=True)
        where = first["source_document"] or table.name
        derived.findings.append(
            Finding("changed type", f"{table.name}.{first['column']}", where, first["value"], "hold", len(wrong_type))
        )
    kept, broken = enforce(frame, table)
    refused = [parsed.refused[table.name]] if table.name in parsed.refused else []
    return kept, pl.concat([*refused, wrong_type, broken])


def new_codes(frame: pl.DataFrame, table: Table) -> list[Finding]:
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
    return Watch(known, {} if accepted else strictest(drifts), items, ignore)


def strictest(drifts: list[Drift]) -> dict[Kind, Verb]:
    """The strictest verb of several tables for each kind of departure."""
    order: tuple[Verb, ...] = ("accept", "quarantine", "hold")
    verbs = [(drift.unknown_field, drift.missing_field, drift.changed_type) for drift in drifts]
    kinds: tuple[Kind, ...] = ("unknown field", "missing field", "changed type")
    return {kind: max(given, key=order.index) for kind, given in zip(kinds, zip(*verbs, strict=True), strict=True)}


def hold_departures(resource: Resource, findings: list[Finding]) -> None:
    """Hold a snapshot when the verb of one of its departures says so.

    Raises:
        HeldError: with the first departure; the others are its detail.
    """
    held = [finding for finding in findings if finding.verb == "hold"]
    if held:
        more = f" and {len(held) - 1} more" if len(held) > 1 else ""
        raise HeldError(
            f"{resource.label}: {held[0]}{more}; the last good data serves until `jod landing accept {resource.label}`",
            "\n".join(map(str, held)),
        )


def guard_volume(resource: Resource, table: Table, rows: int, previous: int | None, refused: str) -> None:
    """Hold a table that has fewer rows than its contract expects, or lost or gained too many since the serving snapshot.

    Documents that the settings name one by one grow one by one: see `guard_documents`.

    Raises:
        HeldError: with the limit and what is in quarantine.
    """
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
    if not resource.named_documents and _grew(table, rows, previous):
        raise HeldError(
            f"{resource.label}: table {table.name} grew by {change_pct:.0f} % ({previous} to {rows} rows), "
            f"its contract allows {table.max_growth_pct:.0f} %; {way_out}"
        )


def guard_documents(resource: Resource, table: Table, rows: dict[str, int], previous: dict[str, int], refused: str) -> None:
    """Hold a table when a document it had before grew beyond the contract; a document added to the settings is no growth.

    Raises:
        HeldError: naming the document that grew most rows.
    """
    grown = [name for name in rows.keys() & previous.keys() if _grew(table, rows[name], previous[name])]
    if grown:
        worst = max(sorted(grown), key=lambda name: rows[name] - previous[name])
        serves = f"the last good data serves until `jod landing accept {resource.label}`"
        raise HeldError(
            f"{resource.label}: document {worst} of table {table.name} grew by {100 * (rows[worst] / previous[worst] - 1):.0f} % "
            f"({previous[worst]} to {rows[worst]} rows), its contract allows {table.max_growth_pct:.0f} %; "
            + "; ".join(filter(None, [serves, refused]))
        )


def _grew(table: Table, rows: int, previous: int) -> bool:
    return rows - previous > max(SMALL_GROWTH_ROWS, previous * table.max_growth_pct / 100)


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


def serve(resource: Resource, landed: LandedResource, snapshot: Snapshot, derived: Derived, **note: str) -> None:
    """Move the pointer. What is known of the documents' shape moves first: a departure told twice is better than never."""
    landed.tell(derived.findings, snapshot)
    if derived.shape is not None:
        write_atomically(landed.root / "shape.json", json.dumps(derived.shape.as_json(), ensure_ascii=False).encode())
    landed.serve(snapshot, **note)
    stamp(resource, landed)


def same_code(resource: Resource, landed: LandedResource) -> bool:
    """Whether today's contracts, settings and code made the typed tables that are there."""
    return _stamp_of(landed).exists() and _stamp_of(landed).read_text() == derived_by(resource)


def _all_exist(resource: Resource, landed: LandedResource, name: str) -> bool:
    return all(landed.typed_path(table, name).exists() for table in resource.tables)


def typed_now(resource: Resource, landed: LandedResource, snapshot: Snapshot) -> bool:
    """Whether every typed table of a snapshot is there, made by today's contracts, settings and code."""
    names = {entry.sha256 for entry in snapshot.entries.values()} if resource.per_document else {snapshot.id}
    return same_code(resource, landed) and all(_all_exist(resource, landed, name) for name in names)


def stamp(resource: Resource, landed: LandedResource) -> None:
    """Note what made the typed tables that are there."""
    write_atomically(_stamp_of(landed), derived_by(resource).encode())


def _stamp_of(landed: LandedResource) -> Path:
    return landed.derived / "typed" / "derived_by"


def derived_by(resource: Resource) -> str:
    """What decides how a resource is typed: the code, its contract, and what its settings entry says of its columns."""
    contract = f"data_contracts/landing/{resource.source}.{resource.name}.yaml"
    code = code_fingerprint("jod_pipelines/sources", "jod_pipelines/contracts", "jod_pipelines/deriving.py", contract)
    return combined([code, resource.typed_by]) if resource.typed_by else code


def quarantine_files(resource: Resource, landed: LandedResource, snapshot: Snapshot) -> list[Path]:
    """The quarantines of a snapshot, all tables together."""
    names = (snapshot.id, *(entry.sha256 for entry in snapshot.entries.values()))
    paths = (landed.quarantine_path(table, name) for table in resource.tables for name in dict.fromkeys(names))
    return [path for path in paths if path.exists()]


def refusals(resource: Resource, landed: LandedResource, snapshot: Snapshot) -> str:
    """What of a snapshot is in quarantine, in words; empty when nothing is."""
    files = quarantine_files(resource, landed, snapshot)
    if not files:
        return ""
    refused = pl.read_parquet(files)
    first = refused.row(0, named=True)
    where = " ".join(filter(None, (first["source_document"], first["column"])))
    value = " ".join(str(first["value"]).split())[:120]
    return f"{len(refused)} in quarantine, such as {where}: {first['rule']} (value {value!r})"


def _by_document(paths: list[Path]) -> dict[str, int]:
    """Rows of each document in typed files."""
    if not paths:
        return {}
    return dict(pl.scan_parquet(paths).group_by("source_document").len().collect().iter_rows())


def count(paths: Iterable[Path]) -> int:
    """Rows in typed files."""
    found = list(paths)
    return int(pl.scan_parquet(found).select(pl.len()).collect().item()) if found else 0


def _write_parquet(frame: pl.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.tmp")
    frame.write_parquet(aside, compression="zstd")
    aside.replace(path)
