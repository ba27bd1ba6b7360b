"""Content-addressed archive of what the sources answered.

    landing/<source>/<resource>/
        objects/<aa>/<sha256>.zst       bodies as stored, named by the hash of the uncompressed bytes
        snapshots/<id>.jsonl.gz         one line per document of a complete fetch: its manifest
        history.jsonl                   which snapshot served from when on
        drift.jsonl                     departures from what was known of the documents, each told once
        shape.json                      what is known of the documents: paths, types, what is always there
        held.json                       a snapshot that waits for a person, and why
        tombstones.jsonl                what was erased by duty: when, why, by whom
        typed/<table>/<name>.parquet    derived from objects, replaceable
        quarantine/<table>/<id>.parquet rows refused by the contract, with rule and document
        current                         id of the snapshot that serves; moved last

A snapshot's id is the hash of its documents' keys, contents and change marks, so fetching the same thing twice gives
the same snapshot and writes nothing. Names of files never come from a source.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import orjson
import pyarrow as pa

from jod_pipelines import __version__
from jod_pipelines.errors import SourceError
from jod_pipelines.fingerprint import code_fingerprint

_DOCUMENT_PART = re.compile(r" (?:line|item) \d+$")
Kind = Literal["unknown field", "missing field", "changed type", "new code"]
Verb = Literal["accept", "quarantine", "hold"]
_CONTAINERS = frozenset({dict, list})
_ZSTD = pa.Codec("zstd", compression_level=3)


def code_version() -> str:
    """Version of the code that fetches: the package's, and a hash of what asks the sources and keeps the answers."""
    return f"{__version__}+{code_fingerprint('jod_pipelines/sources', 'jod_pipelines/landing')}"


@dataclass(frozen=True)
class Fetched:
    """A document as it came from a source.

    `key` names it within its resource, `change_key` is whatever the source offers to tell that it changed,
    `dropped` lists the personal fields removed before this object was made.
    """

    key: str
    body: bytes
    request: str
    status: int
    fetched_at: str
    change_key: str | None = None
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unchanged:
    """A document the source says has not changed since the current snapshot."""

    key: str


@dataclass(frozen=True)
class Failed:
    """A document the source could not give; the previous version, if any, stays."""

    key: str
    error: str


@dataclass(frozen=True)
class Restarted:
    """The source changed while it was read: what came before in this fetch does not count, and it begins anew."""

    reason: str


Arriving = Fetched | Unchanged | Failed | Restarted


@dataclass(frozen=True)
class Entry:
    """One line of a snapshot's manifest."""

    key: str
    sha256: str
    content_sha256: str
    bytes: int
    request: str
    status: int
    fetched_at: str
    change_key: str | None = None
    dropped: tuple[str, ...] = ()
    code_version: str = ""


@dataclass(frozen=True)
class Snapshot:
    """A complete set of documents of one resource."""

    id: str
    entries: dict[str, Entry]
    failed: tuple[Failed, ...] = field(default=(), compare=False)

    @property
    def content_id(self) -> str:
        """Hash of keys and contents alone: equal when only the source's change marks moved."""
        return _digest(f"{key}\0{entry.content_sha256}" for key, entry in sorted(self.entries.items()))

    @property
    def fetched_at(self) -> str:
        """When the newest document of it was fetched, ISO 8601 UTC."""
        return max((entry.fetched_at for entry in self.entries.values()), default="")

    @property
    def bytes(self) -> int:
        """Uncompressed size of all documents."""
        return sum(entry.bytes for entry in self.entries.values())


@dataclass(frozen=True)
class Erasure:
    """What an erasure is about to do.

    Attributes:
        objects: for each object that goes, what stands in for it (sha256, content_sha256, bytes), or None when nothing does.
        keys: documents that leave every snapshot.
        ids: what is erased, one tombstone each.
        standing: the source may send it again, and it is dropped each time.
    """

    objects: dict[str, dict[str, Any] | None]
    keys: tuple[str, ...]
    ids: tuple[str, ...]
    reason: str
    by: str
    standing: bool = False


@dataclass(frozen=True)
class Document:
    """A stored document, read back; `described_by` are those documents of its resource that say how to read it."""

    key: str
    body: bytes
    sha256: str
    described_by: tuple[Document, ...] = ()

    def json(self) -> Any:
        """The parsed body, the same object each time: do not change it. orjson.JSONDecodeError when it is not JSON."""
        return self._parsed

    @cached_property
    def _parsed(self) -> Any:
        return orjson.loads(self.body)


@dataclass(frozen=True)
class Finding:
    """One departure: the path, the first document (and item) that has it, the value, how many items have it."""

    kind: Kind
    path: str
    document: str
    value: str
    verb: Verb = "accept"
    items: int = 1

    def __str__(self) -> str:
        many = f", {self.items} items" if self.items > 1 else ""
        return f"{self.kind} {self.path} = {self.value} ({self.document}{many}): {_DONE[self.verb]}"


_DONE = {"accept": "accepted", "quarantine": "in quarantine", "hold": "held"}


class LandedResource:
    """Everything the archive holds of one resource of one source.

    Args:
        root: the landing folder.
        derived: where typed tables, quarantine and the pointer are, when not beside the raw documents (a replay).
    """

    def __init__(self, root: Path, source: str, name: str, derived: Path | None = None) -> None:
        self.source, self.name = source, name
        self.root = root / source / name
        self.derived = (derived or root) / source / name

    @property
    def label(self) -> str:
        """`source/name`, as people and logs call it."""
        return f"{self.source}/{self.name}"

    def current(self) -> Snapshot | None:
        """The snapshot that serves, or None when nothing has landed yet."""
        pointer = self.derived / "current"
        return self.snapshot(pointer.read_text().strip()) if pointer.exists() else None

    def snapshot(self, snapshot_id: str) -> Snapshot:
        """Read a snapshot's manifest.

        Raises:
            SourceError: there is no such snapshot, or its manifest is damaged.
        """
        path = self._manifest_path(snapshot_id)
        try:
            lines = [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
            entries = [Entry(**{**line, "dropped": tuple(line["dropped"])}) for line in lines]
        except (OSError, EOFError, ValueError, TypeError, KeyError) as error:
            raise SourceError(
                f"{self.label}: snapshot {snapshot_id} cannot be read; see `jod landing verify {self.label}`", f"{path}: {error}"
            ) from error
        return Snapshot(snapshot_id, {entry.key: entry for entry in entries})

    def snapshot_ids(self) -> list[str]:
        """Every snapshot with a manifest, served or not."""
        return sorted(path.name.removesuffix(".jsonl.gz") for path in self.root.glob("snapshots/*.jsonl.gz"))

    def history(self) -> list[dict[str, Any]]:
        """What served from when on, oldest first: snapshot, served_at, documents, bytes, code_version, and notes of people."""
        return _read_lines(self.root / "history.jsonl")

    def served_at(self, moment: str) -> Snapshot | None:
        """The snapshot that served at a moment (ISO 8601 UTC), or None when nothing had landed."""
        past = [line["snapshot"] for line in self.history() if line["served_at"] <= moment]
        return self.snapshot(past[-1]) if past else None

    def resolve(self, snapshot_id: str) -> str | None:
        """The present id of a snapshot that has served, which an erasure may have changed; None when it never has."""
        return next((line["snapshot"] for line in self.history() if snapshot_id in (line["snapshot"], line.get("was"))), None)

    def present(self, snapshot: Snapshot | None) -> Snapshot | None:
        """A snapshot without the documents whose bodies are missing, so that the next fetch asks for them again."""
        if snapshot is None:
            return None
        entries = {key: entry for key, entry in snapshot.entries.items() if self.object_path(entry.sha256).exists()}
        return replace(snapshot, entries=entries)

    def store(self, documents: Iterable[Arriving], *, volatile: frozenset[str] = frozenset(), keep: bool = False) -> Snapshot:
        """Write documents as they arrive and the manifest of the set they make. `current` does not move.

        Args:
            documents: every document of the resource, in any order; duplicates by key keep the last.
            volatile: JSON keys whose values change without the content changing.
            keep: the documents are additions to the current snapshot instead of the whole of the next.
        """
        previous = self.present(self.current())
        before = previous.entries if previous else {}
        entries = dict(before) if keep else {}
        failed: list[Failed] = []
        for document in documents:
            if isinstance(document, Restarted):
                entries, failed = dict(before) if keep else {}, []
                continue
            if isinstance(document, Fetched):
                entries[document.key] = self._store_one(document, volatile, before.get(document.key))
            elif document.key in before:
                entries[document.key] = before[document.key]
            if isinstance(document, Failed):
                failed.append(document)
        snapshot = Snapshot(snapshot_id_of(entries), entries, tuple(failed))
        self._write_manifest(snapshot)
        return snapshot

    def read(self, snapshot: Snapshot, keys: Iterable[str] | None = None) -> Iterator[Document]:
        """Stored documents in key order, each checked against its hash.

        Raises:
            SourceError: an object is missing or is not what was stored.
        """
        for key in sorted(snapshot.entries if keys is None else keys):
            entry = snapshot.entries[key]
            path = self.object_path(entry.sha256)
            try:
                body = self.body(entry.sha256)
            except OSError as error:
                raise SourceError(
                    f"{self.label}: stored document {key} cannot be read; fetch it again", f"{path}: {error}"
                ) from error
            if sha256_of(body) != entry.sha256:
                raise SourceError(f"{self.label}: stored document {key} is damaged; delete {path.name} and fetch it again")
            yield Document(key, body, entry.sha256)

    def body(self, sha256: str) -> bytes:
        """An object's bytes as they are on the disk, not checked.

        Raises:
            OSError: it is missing, or its compression is broken.
        """
        with pa.CompressedInputStream(pa.OSFile(str(self.object_path(sha256))), "zstd") as stream:
            return bytes(stream.read())

    def serve(self, snapshot: Snapshot, **note: str) -> None:
        """Move `current` to a snapshot whose typed tables exist, and drop derived files nothing refers to.

        Args:
            note: what people should find in the history beside it, such as who accepted it.
        """
        os.sync()
        history = self.history()
        if self.derived == self.root and (not history or history[-1]["snapshot"] != snapshot.id):
            line = {
                "snapshot": snapshot.id,
                "served_at": now(),
                "documents": len(snapshot.entries),
                "bytes": snapshot.bytes,
                "code_version": code_version(),
                **note,
            }
            _write_lines(self.root / "history.jsonl", [*history, line])
        write_atomically(self.derived / "current", snapshot.id.encode())
        if self.derived == self.root:
            (self.root / "held.json").unlink(missing_ok=True)
        wanted = {snapshot.id, *(entry.sha256 for entry in snapshot.entries.values())}
        for path in [*self.derived.glob("typed/*/*.parquet"), *self.derived.glob("quarantine/*/*.parquet")]:
            if path.stem not in wanted:
                path.unlink()

    def hold(self, snapshot: Snapshot, reason: str) -> None:
        """Remember a snapshot that waits for a person; it replaces the one that waited before."""
        waiting = self.held()
        since = waiting["since"] if waiting and waiting["snapshot"] == snapshot.id else now()
        held = {"snapshot": snapshot.id, "since": since, "reason": reason}
        write_atomically(self.root / "held.json", json.dumps(held, ensure_ascii=False).encode())

    def held(self) -> dict[str, str] | None:
        """The snapshot that waits (snapshot, since, reason), or None."""
        path = self.root / "held.json"
        return dict(json.loads(path.read_text("utf-8"))) if path.exists() else None

    def release(self) -> None:
        """Nothing waits any longer: what the source sends now is within its contract."""
        (self.root / "held.json").unlink(missing_ok=True)

    def news(self, findings: Iterable[Finding]) -> list[Finding]:
        """Departures that have not been told yet: each kind is told once for a path, a new code once for each code."""
        told = {_telling(line["kind"], line["path"], line["value"], line["verb"]) for line in self.told()}
        return [f for f in findings if _telling(f.kind, f.path, f.value, f.verb) not in told]

    def tell(self, findings: Iterable[Finding], snapshot: Snapshot) -> None:
        """Log departures that are going to serve."""
        lines = [{"told_at": now(), "snapshot": snapshot.id, **asdict(finding)} for finding in findings]
        if lines:
            _write_lines(self.root / "drift.jsonl", [*self.told(), *lines])

    def told(self) -> list[dict[str, Any]]:
        """Every departure told so far, oldest first: told_at, snapshot, kind, path, document, value, verb, items."""
        return _read_lines(self.root / "drift.jsonl")

    def forget_values(self, erasure: Erasure) -> None:
        """Take the values out of what was told of documents that an erasure touches."""
        gone = set(erasure.keys)
        for snapshot in map(self.snapshot, self.snapshot_ids()):
            gone |= {entry.key for entry in snapshot.entries.values() if entry.sha256 in erasure.objects}
        lines = [
            {**line, "value": "erased"} if _DOCUMENT_PART.sub("", line["document"]) in gone else line for line in self.told()
        ]
        if lines != self.told():
            _write_lines(self.root / "drift.jsonl", lines)

    def typed_path(self, table: str, name: str) -> Path:
        """Where a typed table derived from a snapshot (or from one object of it) lives."""
        return self.derived / "typed" / table / f"{name}.parquet"

    def tables(self) -> list[str]:
        """Names of the typed tables there are."""
        return sorted(path.name for path in (self.derived / "typed").glob("*") if path.is_dir())

    def quarantine_path(self, table: str, name: str) -> Path:
        """Where the refused rows of a typed table live."""
        return self.derived / "quarantine" / table / f"{name}.parquet"

    def typed_files(self, table: str) -> list[Path]:
        """The Parquet files that make up a table of the serving snapshot, in a stable order."""
        return self._derived_files(self.typed_path, table)

    def quarantine_files(self, table: str) -> list[Path]:
        """The Parquet files with the rows of the serving snapshot that its contract refused."""
        return self._derived_files(self.quarantine_path, table)

    def _derived_files(self, place: Callable[[str, str], Path], table: str) -> list[Path]:
        snapshot = self.current()
        if snapshot is None:
            return []
        whole = place(table, snapshot.id)
        if whole.exists():
            return [whole]
        parts = (place(table, entry.sha256) for _, entry in sorted(snapshot.entries.items()))
        return [path for path in dict.fromkeys(parts) if path.exists()]

    def plan_erasure(
        self, without: Callable[[bytes], bytes | None], keys: Iterable[str], ids: Iterable[str], reason: str, by: str, **how: bool
    ) -> Erasure:
        """Store every object that holds what must go without it. Nothing is deleted yet, readers see no change.

        All objects are looked at, those of old, held and never finished snapshots too.

        Args:
            without: a body without the content, or None when it holds nothing of it.
            keys: documents that go as a whole.
            how: `standing=True` drops the ids whenever the source sends them again.
        """
        gone: dict[str, dict[str, Any] | None] = {}
        for path in sorted(self.root.glob("objects/*/*.zst")):
            sha256 = path.name.removesuffix(".zst")
            try:
                after = without(self.body(sha256))
            except OSError as error:
                raise SourceError(
                    f"{self.label}: {path.name} is damaged, so what it holds cannot be erased; delete it"
                ) from error
            if after is not None:
                gone[sha256] = self._put(after)
        leaving: set[str] = set()
        staying: set[str] = set()
        chosen = set(keys)
        for snapshot in map(self.snapshot, self.snapshot_ids() if chosen else ()):
            for key, entry in snapshot.entries.items():
                (leaving if key in chosen else staying).add(entry.sha256)
        gone |= dict.fromkeys(leaving - staying)
        return Erasure(gone, tuple(sorted(chosen)), tuple(sorted(ids)), reason, by, how.get("standing", False))

    def after(self, erasure: Erasure, snapshot: Snapshot) -> Snapshot:
        """What a snapshot becomes by an erasure; the same one when it holds nothing of it."""
        entries: dict[str, Entry] = {}
        for key, entry in snapshot.entries.items():
            if key in erasure.keys:
                continue
            stand_in = erasure.objects.get(entry.sha256, {})
            if stand_in is not None:
                entries[key] = replace(entry, **stand_in)
        return snapshot if entries == snapshot.entries else Snapshot(snapshot_id_of(entries), entries, snapshot.failed)

    def erase(self, erasure: Erasure) -> None:
        """Carry an erasure out. A process that dies in the middle leaves a task that `finish_erasure` completes."""
        write_atomically(self.root / "erasing.json", json.dumps(asdict(erasure)).encode())
        self.finish_erasure()

    def finish_erasure(self) -> None:
        """Complete an erasure: rewrite manifests, history and pointers, delete what held the content, log tombstones.

        Every step can be repeated, so it does not matter where an earlier attempt died.
        """
        task_path = self.root / "erasing.json"
        if not task_path.exists():
            return
        task = json.loads(task_path.read_text("utf-8"))
        erasure = Erasure(**{**task, "keys": tuple(task["keys"]), "ids": tuple(task["ids"])})
        renamed: dict[str, str] = {}
        for snapshot in map(self.snapshot, self.snapshot_ids()):
            after = self.after(erasure, snapshot)
            if after.id != snapshot.id:
                renamed[snapshot.id] = after.id
                self._write_manifest(after)
        self._rename_snapshots(renamed)
        for snapshot_id in renamed:
            self._manifest_path(snapshot_id).unlink()
        for name in (*erasure.objects, *renamed):
            self.object_path(name).unlink(missing_ok=True)
            for kind in ("typed", "quarantine"):
                for path in self.root.glob(f"{kind}/*/{name}.parquet"):
                    path.unlink()
        stones, known = self.tombstones(), self.erased_ids()
        told = {"erased_at": now(), "reason": erasure.reason, "by": erasure.by, "standing": erasure.standing}
        _write_lines(self.root / "tombstones.jsonl", [*stones, *({"id": i, **told} for i in erasure.ids if i not in known)])
        task_path.unlink()

    def _rename_snapshots(self, renamed: dict[str, str]) -> None:
        if not renamed:
            return
        lines = [
            {**line, "snapshot": renamed[line["snapshot"]], "was": line["snapshot"]} if line["snapshot"] in renamed else line
            for line in self.history()
        ]
        _write_lines(self.root / "history.jsonl", lines)
        held = self.held()
        if held and held["snapshot"] in renamed:
            held["snapshot"] = renamed[held["snapshot"]]
            write_atomically(self.root / "held.json", json.dumps(held, ensure_ascii=False).encode())
        pointer = self.root / "current"
        if pointer.exists() and pointer.read_text().strip() in renamed:
            write_atomically(pointer, renamed[pointer.read_text().strip()].encode())

    def tombstones(self) -> list[dict[str, Any]]:
        """What was erased by duty (id, erased_at, reason, by, standing) and what came back since (id, returned_at)."""
        return _read_lines(self.root / "tombstones.jsonl")

    def erased_ids(self, *, standing: bool = False) -> set[str]:
        """Ids that are erased now; with `standing` only those that must not land again."""
        last = {stone["id"]: stone for stone in self.tombstones()}
        return {i for i, stone in last.items() if "erased_at" in stone and (stone.get("standing") or not standing)}

    def note_returned(self, ids: Iterable[str]) -> None:
        """Remember that the source published again what had been withdrawn."""
        back = [{"id": i, "returned_at": now()} for i in sorted(ids)]
        if back:
            _write_lines(self.root / "tombstones.jsonl", [*self.tombstones(), *back])

    def object_path(self, sha256: str) -> Path:
        """Where a body lives."""
        return self.root / "objects" / sha256[:2] / f"{sha256}.zst"

    def _store_one(self, document: Fetched, volatile: frozenset[str], before: Entry | None) -> Entry:
        sha256 = sha256_of(document.body)
        content = sha256_of(_without(document.body, volatile)) if volatile else sha256
        if before is not None and before.content_sha256 == content:
            return replace(before, change_key=document.change_key)
        return Entry(
            key=document.key,
            **{**self._put(document.body, sha256), "content_sha256": content},
            request=document.request,
            status=document.status,
            fetched_at=document.fetched_at,
            change_key=document.change_key,
            dropped=document.dropped,
            code_version=code_version(),
        )

    def _put(self, body: bytes, sha256: str | None = None) -> dict[str, Any]:
        sha256 = sha256 or sha256_of(body)
        path = self.object_path(sha256)
        if not path.exists():
            write_atomically(path, _ZSTD.compress(body, asbytes=True))
        return {"sha256": sha256, "content_sha256": sha256, "bytes": len(body)}

    def _write_manifest(self, snapshot: Snapshot) -> None:
        path = self._manifest_path(snapshot.id)
        if path.exists():
            return
        lines = [json.dumps(asdict(entry), ensure_ascii=False) for _, entry in sorted(snapshot.entries.items())]
        write_atomically(path, gzip.compress("".join(line + "\n" for line in lines).encode(), mtime=0))

    def _manifest_path(self, snapshot_id: str) -> Path:
        return self.root / "snapshots" / f"{snapshot_id}.jsonl.gz"


class Archive:
    """The landing room of one home folder.

    Args:
        root: the landing folder.
        derived: where typed tables go instead; a replay reads the raw documents and leaves everything beside them alone.
    """

    def __init__(self, root: Path, derived: Path | None = None) -> None:
        self.root, self.derived = root, derived

    def resource(self, source: str, name: str) -> LandedResource:
        """The part of the archive that belongs to one resource."""
        return LandedResource(self.root, source, name, self.derived)

    def labels(self) -> list[str]:
        """Every resource that has landed anything, as `source/name`."""
        return sorted("/".join(path.parent.parts[-2:]) for path in self.root.glob("*/*/snapshots"))

    def replayed(self, source: str, name: str, when: str) -> Snapshot | None:
        """What served at a moment; when that is a snapshot's id: the snapshot itself, or what served on the day it came.

        Raises:
            SourceError: no snapshot of that id has ever served.
        """
        landed = self.resource(source, name)
        if "-" in when:
            return landed.served_at(end_of(when))
        if (own := landed.resolve(when)) is not None:
            return landed.snapshot(own)
        for label in self.labels():
            other = self.resource(*label.split("/"))
            if (snapshot_id := other.resolve(when)) is not None:
                day = next(line["served_at"] for line in other.history() if line["snapshot"] == snapshot_id)[:10]
                return landed.served_at(end_of(day))
        raise SourceError(f"no snapshot {when} has served in {self.root}; see `jod landing ls`")

    def has_served(self, when: str) -> bool:
        """Whether any resource had something serving at a moment, or a snapshot has ever had that id; SourceError if not that."""
        labels = (label.split("/") for label in self.labels())
        return any(self.replayed(source, name, when) is not None for source, name in labels)


def end_of(when: str) -> str:
    """The last instant of a day, or a moment itself, as ISO 8601 UTC.

    Args:
        when: `2026-11-22`, or a moment such as `2026-11-22T05:15` (UTC unless it says otherwise).
    """
    moment = datetime.fromisoformat(when)
    if len(when) <= len("2026-11-22"):
        moment = moment.replace(hour=23, minute=59, second=59, microsecond=999999)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).isoformat()


def now() -> str:
    """The present moment, ISO 8601 UTC."""
    return datetime.now(UTC).isoformat()


def write_atomically(path: Path, body: bytes) -> None:
    """Write a file so that readers see the old one or the whole new one, whenever the process dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    aside.write_bytes(body)
    aside.replace(path)


def remove_leftovers(root: Path) -> None:
    """Delete what a killed process left half-written under a folder."""
    for path in root.rglob(".*.tmp"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _telling(kind: str, path: str, value: str, verb: str) -> tuple[str, str, str, str]:
    return kind, path, value if kind == "new code" else "", verb


def _read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


def _write_lines(path: Path, lines: Iterable[dict[str, Any]]) -> None:
    write_atomically(path, "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode())


def snapshot_id_of(entries: dict[str, Entry]) -> str:
    """Hash of documents' keys, contents and change marks."""
    return _digest(f"{key}\0{entry.content_sha256}\0{entry.change_key}" for key, entry in sorted(entries.items()))


def _digest(lines: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line.encode() + b"\n")
    return digest.hexdigest()[:16]


def sha256_of(body: bytes) -> str:
    """Hash that names an object."""
    return hashlib.sha256(body).hexdigest()


def drop_keys(value: Any, keys: frozenset[str]) -> set[str]:
    """Take some keys out of a parsed JSON value, at any depth and in place; returns those that were there."""
    dropped: set[str] = set()

    def drop(value: dict[str, Any] | list[Any]) -> None:
        inside: Iterable[Any] = value
        if type(value) is dict:
            if not keys.isdisjoint(value):
                dropped.update(keys & value.keys())
                for key in keys & value.keys():
                    del value[key]
            inside = value.values()
        for item in inside:
            if type(item) in _CONTAINERS:  # most values are none, and every value comes by
                drop(item)

    if type(value) in _CONTAINERS:
        drop(value)
    return dropped


def _without(body: bytes, volatile: frozenset[str]) -> bytes:
    value = orjson.loads(body)
    drop_keys(value, volatile)
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
