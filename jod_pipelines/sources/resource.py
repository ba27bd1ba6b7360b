"""What a source module offers: resources, each knowing how to fetch its documents and how to read them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson
import polars as pl

from jod_pipelines.contracts.model import Table
from jod_pipelines.errors import SourceError
from jod_pipelines.landing.archive import Arriving, Document, Fetched, Snapshot
from jod_pipelines.settings import Settings
from jod_pipelines.sources.http import Answer, PoliteClient

_WRONG_SHAPE = (KeyError, TypeError, ValueError, AttributeError, IndexError)
Rows = list[dict[str, Any]]
Landing = Iterator[Arriving]


class TableReader(Protocol):
    """Reads a typed table that an earlier resource landed; empty when it has not."""

    def __call__(self, label: str, table: str) -> pl.LazyFrame:
        """Rows of `table` of the resource `label`."""


@dataclass(frozen=True)
class FetchContext:
    """What a fetch may use."""

    client: PoliteClient
    settings: Settings
    previous: Snapshot | None
    table: TableReader

    def unchanged(self, key: str, change_key: str | None) -> bool:
        """Whether the source's change mark of a document equals the one we landed it with."""
        before = self.previous.entries.get(key) if self.previous else None
        return change_key is not None and before is not None and before.change_key == change_key


@dataclass
class Parsed:
    """Typed rows (or ready frames) by table, documents that could not be read, with the reason, and refused rows.

    `refused` holds rows by table in the columns of a quarantine (`contracts.enforcement.QUARANTINE_SCHEMA`).
    """

    tables: dict[str, Rows | pl.DataFrame]
    unreadable: dict[str, str] = field(default_factory=dict)
    refused: dict[str, pl.DataFrame] = field(default_factory=dict)


@dataclass(frozen=True)
class Resource:
    """One thing to land from one source.

    Attributes:
        after: labels of resources whose tables `fetch` reads.
        per_document: each document has its own typed file, so that large resources are read piece by piece.
        described_by: keys of the documents that describe the others; each document comes to `parse` with them.
        describe: contracts by table, made of those documents; a contract file of the table replaces its own.
        additive: fetched documents add to the landed ones.
        volatile: JSON keys that change without the content changing.
        withdrawn: ids whose content must be erased now; `ids_in` finds the ids a document holds, `without` rewrites it.
    """

    source: str
    name: str
    system: str
    tables: tuple[str, ...]
    fetch: Callable[[FetchContext], Landing]
    parse: Callable[[Iterable[Document]], Parsed]
    title: str
    attribution: str
    after: tuple[str, ...] = ()
    per_document: bool = False
    described_by: tuple[str, ...] = ()
    describe: Callable[[list[Document]], dict[str, Table]] | None = None
    additive: bool = False
    volatile: frozenset[str] = frozenset()
    withdrawn: Callable[[FetchContext], set[str]] | None = None
    ids_in: Callable[[bytes], set[str]] | None = None
    without: Callable[[bytes, set[str]], bytes] | None = None

    @property
    def label(self) -> str:
        """`source/name`."""
        return f"{self.source}/{self.name}"


def fetched(key: str, answer: Answer, *, personal: frozenset[str] = frozenset(), change_key: str | None = None) -> Fetched:
    """A landed document from an answer, personal fields dropped before anything is stored."""
    body, dropped = without_keys(answer.body, personal) if personal else (answer.body, ())
    return Fetched(key, body, answer.request, answer.status, answer.fetched_at, change_key, dropped)


def parse_json(
    documents: Iterable[Document],
    tables: tuple[str, ...],
    read: Callable[[Any], Iterable[tuple[str, dict[str, Any]]]],
    *,
    items: Callable[[Any], Iterable[Any]] = lambda document: [document],
    repeats: tuple[str, ...] = (),
) -> Parsed:
    """Read JSON documents item by item; an item whose shape is wrong is set aside, the rest goes on.

    Args:
        read: one item to (table, row) pairs; rows get `source_document` added.
        items: the items of a document; without it the document is the item.
        repeats: tables in which a source says the same row several times; only rows equal in all columns are dropped.
    """
    rows: dict[str, Rows] = {table: [] for table in tables}
    seen: set[bytes] = set()
    unreadable: dict[str, str] = {}
    for document in documents:
        try:
            listed = list(items(document.json()))
        except _WRONG_SHAPE as error:
            unreadable[document.key] = f"{type(error).__name__}: {error}"
            continue
        for number, item in enumerate(listed, start=1):
            try:
                found = list(read(item))
            except _WRONG_SHAPE as error:
                unreadable[f"{document.key} item {number}"] = f"{type(error).__name__}: {error}"
                continue
            for table, row in found:
                if table in repeats:
                    said = orjson.dumps([table, row])
                    if said in seen:
                        continue
                    seen.add(said)
                rows[table].append({**row, "source_document": document.key})
    return Parsed(dict(rows), unreadable)


def without_keys(body: bytes, keys: frozenset[str]) -> tuple[bytes, tuple[str, ...]]:
    """A JSON body without some keys at any depth, and which of them it had.

    A body without any of them comes back byte for byte.
    """
    if not any(f'"{key}"'.encode() in body for key in keys):
        return body, ()
    dropped: set[str] = set()

    def strip(value: Any) -> Any:
        if isinstance(value, dict):
            dropped.update(keys & value.keys())
            return {key: strip(item) for key, item in value.items() if key not in keys}
        if isinstance(value, list):
            return [strip(item) for item in value]
        return value

    stripped = strip(orjson.loads(body))
    return (orjson.dumps(stripped), tuple(sorted(dropped))) if dropped else (body, ())


def expect(condition: bool, line: str, detail: str = "") -> None:
    """Raise SourceError with `line` unless the source kept what it promised."""
    if not condition:
        raise SourceError(line, detail)
