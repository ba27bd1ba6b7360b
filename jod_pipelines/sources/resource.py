"""What a source module offers: resources, each knowing how to fetch its documents and how to read them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Protocol
from zipfile import BadZipFile

import orjson
import polars as pl

from jod_pipelines.contracts.model import Table
from jod_pipelines.errors import SourceError
from jod_pipelines.landing.archive import Arriving, Document, Fetched, Snapshot, drop_keys
from jod_pipelines.settings import Settings
from jod_pipelines.sources.http import Answer, PoliteClient
from jod_pipelines.sources.personal import scrub

WRONG_SHAPE = (KeyError, TypeError, ValueError, AttributeError, IndexError)
"""What reading a document of an unexpected shape raises."""
_UNREADABLE = (*WRONG_SHAPE, EOFError, BadZipFile, pl.exceptions.PolarsError)
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Withdrawn:
    """An item the source took back: its content must leave everything we keep. `reason` goes on its tombstone."""

    item_id: str
    reason: str


Landing = Iterator[Arriving | Withdrawn]


class TableReader(Protocol):
    """Reads a typed table that an earlier resource landed; empty when it has not."""

    def __call__(self, label: str, table: str) -> pl.LazyFrame:
        """Rows of `table` of the resource `label`."""


@dataclass(frozen=True)
class FetchContext:
    """What a fetch may use; `today` decides whose turn it is to be looked at again."""

    client: PoliteClient
    settings: Settings
    previous: Snapshot | None
    table: TableReader
    today: date = field(default_factory=lambda: datetime.now(UTC).date())

    def unchanged(self, key: str, change_key: str | None) -> bool:
        """Whether the source's change mark of a document equals the one we landed it with."""
        before = self.previous.entries.get(key) if self.previous else None
        return change_key is not None and before is not None and before.change_key == change_key


@dataclass
class Parsed:
    """Typed rows (or ready frames) by table, documents that could not be read with the reason, and notes for the run.

    `refused` holds rows by table in the columns of a quarantine (`contracts.enforcement.QUARANTINE_SCHEMA`).
    """

    tables: dict[str, Rows | pl.DataFrame]
    unreadable: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    refused: dict[str, pl.DataFrame] = field(default_factory=dict)


@dataclass(frozen=True)
class Resource:
    """One thing to land from one source.

    Attributes:
        attribution, link: how the source's terms ask to be named, and where it is; they go with every release.
        after: labels of resources whose tables `fetch` reads.
        per_document: each document has its own typed file, so that large resources are read piece by piece.
        described_by: keys of the documents that describe the others; each document comes to `parse` with them.
        describe: contracts by table, made of those documents; a contract file of the table replaces its own.
        named_documents: the settings name its documents one by one, so that a new one is no growth of the source.
        typed_by: what of the settings decides how its documents are typed; when it changes they are typed anew.
        additive: fetched documents add to the landed ones.
        volatile: JSON keys that change without the content changing.
        working: notes for the next fetch; nothing that is published depends on them.
        ids_in, without: for a source that withdraws items: the ids a document holds, and the document without some.
    """

    source: str
    name: str
    system: str
    tables: tuple[str, ...]
    fetch: Callable[[FetchContext], Landing]
    parse: Callable[[Iterable[Document]], Parsed]
    title: str
    attribution: str
    link: str = ""
    after: tuple[str, ...] = ()
    per_document: bool = False
    described_by: tuple[str, ...] = ()
    describe: Callable[[list[Document]], dict[str, Table]] | None = None
    named_documents: bool = False
    typed_by: str = ""
    additive: bool = False
    volatile: frozenset[str] = frozenset()
    working: bool = False
    ids_in: Callable[[bytes], set[str]] | None = None
    without: Callable[[bytes, set[str]], bytes] | None = None

    @property
    def label(self) -> str:
        """`source/name`."""
        return f"{self.source}/{self.name}"

    def documents(self, context: FetchContext) -> Landing:
        """What `fetch` finds.

        Raises:
            SourceError: also when an answer has another shape than `fetch` knows.
        """
        try:
            yield from self.fetch(context)
        except _UNREADABLE as error:
            raise SourceError(
                f"{self.label}: {context.client.last_request} has another shape than agreed ({_why(error)}); "
                "the source may have changed its interface",
            ) from error

    def read(self, documents: Iterable[Document]) -> Parsed:
        """What `parse` makes of documents.

        Raises:
            SourceError: also when a document cannot be read at all and `parse` did not set it aside.
        """
        try:
            return self.parse(documents)
        except _UNREADABLE as error:
            raise SourceError(f"{self.label}: what was fetched cannot be read ({_why(error)}); run again") from error


def fetched(
    key: str,
    answer: Answer,
    *,
    personal: frozenset[str] = frozenset(),
    scrubbed: bool = False,
    change_key: str | None = None,
) -> Fetched:
    """A landed document from an answer, without what may not be stored.

    Args:
        personal: JSON keys that go, at any depth.
        scrubbed: sentences that hold an e-mail address or a phone number go from its texts.
    """
    body, dropped = without_keys(answer.body, personal) if personal else (answer.body, ())
    if scrubbed:
        document = orjson.loads(body)
        if scrub(document):
            body, dropped = orjson.dumps(document), (*dropped, "sentences that name a contact")
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
        except WRONG_SHAPE as error:
            unreadable[document.key] = f"{type(error).__name__}: {error}"
            continue
        for number, item in enumerate(listed, start=1):
            try:
                found = list(read(item))
            except WRONG_SHAPE as error:
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
    value = orjson.loads(body)
    dropped = drop_keys(value, keys)
    return (orjson.dumps(value), tuple(sorted(dropped))) if dropped else (body, ())


def _why(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]


def expect(condition: bool, line: str, detail: str = "") -> None:
    """Raise SourceError with `line` unless the source kept what it promised."""
    if not condition:
        raise SourceError(line, detail)
