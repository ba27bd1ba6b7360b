"""Content-addressed archive of what the sources answered.

    landing/<source>/<resource>/
        objects/<aa>/<sha256>.gz        bodies as stored, named by the hash of the uncompressed bytes
        snapshots/<id>.jsonl.gz         one line per document of a complete fetch: its manifest
        typed/<table>/<name>.parquet    derived from objects, replaceable
        quarantine/<table>/<id>.parquet rows refused by the contract, with rule and document
        tombstones.jsonl                what was erased by duty, and when
        current                         id of the snapshot that serves; moved last

A snapshot's id is the hash of its documents' keys, contents and change marks, so fetching the same thing twice gives
the same snapshot and writes nothing. Names of files never come from a source.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from jod_pipelines import __version__
from jod_pipelines.errors import SourceError


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
    code_version: str = __version__


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
class Document:
    """A stored document, read back."""

    key: str
    body: bytes
    sha256: str

    def json(self) -> Any:
        """The parsed body; orjson.JSONDecodeError when it is not JSON."""
        return orjson.loads(self.body)


class LandedResource:
    """Everything the archive holds of one resource of one source."""

    def __init__(self, root: Path, source: str, name: str) -> None:
        self.source, self.name = source, name
        self.root = root / source / name

    @property
    def label(self) -> str:
        """`source/name`, as people and logs call it."""
        return f"{self.source}/{self.name}"

    def current(self) -> Snapshot | None:
        """The snapshot that serves, or None when nothing has landed yet."""
        pointer = self.root / "current"
        return self.snapshot(pointer.read_text().strip()) if pointer.exists() else None

    def snapshot(self, snapshot_id: str) -> Snapshot:
        """Read a snapshot's manifest."""
        with gzip.open(self.root / "snapshots" / f"{snapshot_id}.jsonl.gz", "rt", encoding="utf-8") as file:
            entries = [Entry(**{**json.loads(line), "dropped": tuple(json.loads(line)["dropped"])}) for line in file]
        return Snapshot(snapshot_id, {entry.key: entry for entry in entries})

    def store(
        self, documents: Iterable[Fetched | Unchanged | Failed], *, volatile: frozenset[str] = frozenset(), keep: bool = False
    ) -> Snapshot:
        """Write documents as they arrive and the manifest of the set they make. `current` does not move.

        Args:
            documents: every document of the resource, in any order; duplicates by key keep the last.
            volatile: JSON keys whose values change without the content changing.
            keep: the documents are additions to the current snapshot instead of the whole of the next.
        """
        previous = self.current()
        before = previous.entries if previous else {}
        entries = dict(before) if keep else {}
        failed: list[Failed] = []
        for document in documents:
            if isinstance(document, Fetched):
                entries[document.key] = self._store_one(document, volatile, before.get(document.key))
            elif document.key in before:
                entries[document.key] = before[document.key]
            if isinstance(document, Failed):
                failed.append(document)
        snapshot = Snapshot(_snapshot_id(entries), entries, tuple(failed))
        if previous is None or snapshot.id != previous.id:
            self._write_manifest(snapshot)
        return snapshot

    def read(self, snapshot: Snapshot, keys: Iterable[str] | None = None) -> Iterator[Document]:
        """Stored documents in key order, each checked against its hash.

        Raises:
            SourceError: an object is missing or is not what was stored.
        """
        for key in sorted(snapshot.entries if keys is None else keys):
            entry = snapshot.entries[key]
            path = self._object_path(entry.sha256)
            try:
                body = gzip.decompress(path.read_bytes())
            except (OSError, EOFError) as error:
                raise SourceError(
                    f"{self.label}: stored document {key} cannot be read; fetch it again", f"{path}: {error}"
                ) from error
            if _sha256(body) != entry.sha256:
                raise SourceError(f"{self.label}: stored document {key} is damaged; delete {path.name} and fetch it again")
            yield Document(key, body, entry.sha256)

    def serve(self, snapshot: Snapshot) -> None:
        """Move `current` to a snapshot whose typed tables exist, and drop typed tables nothing refers to."""
        os.sync()
        write_atomically(self.root / "current", snapshot.id.encode())
        wanted = {snapshot.id, *(entry.sha256 for entry in snapshot.entries.values())}
        for path in self.root.glob("typed/*/*.parquet"):
            if path.stem not in wanted:
                path.unlink()
        self.finish_erasure()

    def typed_path(self, table: str, name: str) -> Path:
        """Where a typed table derived from a snapshot (or from one object of it) lives."""
        return self.root / "typed" / table / f"{name}.parquet"

    def quarantine_path(self, table: str, name: str) -> Path:
        """Where the refused rows of a typed table live."""
        return self.root / "quarantine" / table / f"{name}.parquet"

    def typed_files(self, table: str) -> list[Path]:
        """The Parquet files that make up a table of the serving snapshot, in a stable order."""
        snapshot = self.current()
        if snapshot is None:
            return []
        whole = self.typed_path(table, snapshot.id)
        if whole.exists():
            return [whole]
        parts = (self.typed_path(table, entry.sha256) for _, entry in sorted(snapshot.entries.items()))
        return [path for path in parts if path.exists()]

    def erase(self, snapshot: Snapshot, kept: Iterable[Fetched], ids: Iterable[str], reason: str | dict[str, str]) -> Snapshot:
        """A snapshot with documents replaced by versions without some content; `reason` is one for all ids, or by id.

        What held the content is deleted when the new snapshot serves (`finish_erasure`), so that a process that dies in
        between leaves either the old state whole or the new one.
        """
        after = dict(snapshot.entries)
        gone: set[str] = set()
        for document in kept:
            gone.add(after[document.key].sha256)
            after[document.key] = self._store_one(document, frozenset(), None)
        result = Snapshot(_snapshot_id(after), after, snapshot.failed)
        self._write_manifest(result)
        reasons = {item_id: reason if isinstance(reason, str) else reason[item_id] for item_id in sorted(ids)}
        task = {"objects": sorted(gone - {entry.sha256 for entry in after.values()}), "ids": reasons}
        write_atomically(self.root / "erasing.json", json.dumps(task).encode())
        return result

    def finish_erasure(self) -> None:
        """Delete the objects, typed tables and manifests an erasure made obsolete, and log a tombstone per id."""
        task_path = self.root / "erasing.json"
        if not task_path.exists():
            return
        task = json.loads(task_path.read_text("utf-8"))
        gone, current = set(task["objects"]), self.current()
        if current is None or gone & {entry.sha256 for entry in current.entries.values()}:
            task_path.unlink()  # the erasure never took effect: the next fetch finds the same ids again
            return
        when = datetime.now(UTC).isoformat(timespec="seconds")
        with (self.root / "tombstones.jsonl").open("a", encoding="utf-8") as file:
            file.writelines(json.dumps({"id": i, "erased_at": when, "reason": why}) + "\n" for i, why in task["ids"].items())
        for sha256 in gone:
            self._object_path(sha256).unlink(missing_ok=True)
            for path in self.root.glob(f"*/*/{sha256}.parquet"):
                path.unlink()
        for path in (self.root / "snapshots").glob("*.jsonl.gz"):
            snapshot = self.snapshot(path.name.removesuffix(".jsonl.gz"))
            if gone & {entry.sha256 for entry in snapshot.entries.values()}:
                path.unlink()
        task_path.unlink()

    def erased_ids(self) -> set[str]:
        """Ids with a tombstone."""
        path = self.root / "tombstones.jsonl"
        return {json.loads(line)["id"] for line in path.read_text("utf-8").splitlines()} if path.exists() else set()

    def _store_one(self, document: Fetched, volatile: frozenset[str], before: Entry | None) -> Entry:
        sha256 = _sha256(document.body)
        content = _sha256(_without(document.body, volatile)) if volatile else sha256
        if before is not None and before.content_sha256 == content:
            return replace(before, change_key=document.change_key)
        path = self._object_path(sha256)
        if not path.exists():
            write_atomically(path, gzip.compress(document.body, compresslevel=5, mtime=0))
        return Entry(
            key=document.key,
            sha256=sha256,
            content_sha256=content,
            bytes=len(document.body),
            request=document.request,
            status=document.status,
            fetched_at=document.fetched_at,
            change_key=document.change_key,
            dropped=document.dropped,
        )

    def _write_manifest(self, snapshot: Snapshot) -> None:
        lines = [json.dumps(asdict(entry), ensure_ascii=False) for _, entry in sorted(snapshot.entries.items())]
        body = gzip.compress("".join(line + "\n" for line in lines).encode(), mtime=0)
        write_atomically(self.root / "snapshots" / f"{snapshot.id}.jsonl.gz", body)

    def _object_path(self, sha256: str) -> Path:
        return self.root / "objects" / sha256[:2] / f"{sha256}.gz"


class Archive:
    """The landing room of one home folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def resource(self, source: str, name: str) -> LandedResource:
        """The part of the archive that belongs to one resource."""
        return LandedResource(self.root, source, name)


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


def _snapshot_id(entries: dict[str, Entry]) -> str:
    return _digest(f"{key}\0{entry.content_sha256}\0{entry.change_key}" for key, entry in sorted(entries.items()))


def _digest(lines: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line.encode() + b"\n")
    return digest.hexdigest()[:16]


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _without(body: bytes, volatile: frozenset[str]) -> bytes:
    def strip(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: strip(item) for key, item in value.items() if key not in volatile}
        if isinstance(value, list):
            return [strip(item) for item in value]
        return value

    return orjson.dumps(strip(orjson.loads(body)), option=orjson.OPT_SORT_KEYS)
