"""Follows a column of the warehouse back to the documents its figures come from."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import polars as pl

from jod_pipelines.contracts.model import Table, load_contracts
from jod_pipelines.errors import JodError
from jod_pipelines.landing.archive import Snapshot
from jod_pipelines.lineage import ColumnRef, Edges, edges_of
from jod_pipelines.platform import Platform
from jod_pipelines.sources import all_resources
from jod_pipelines.warehouse.build import Warehouse

SHOWN_DOCUMENTS = 5
MEMBERS = "derived.members_"
"""Datasets that say which items an opportunity is made of: a row's key becomes the keys of its items there."""


@dataclass(frozen=True)
class SourceDocument:
    """A document as its source sent it: what was asked, when, and the hash of the answer."""

    key: str
    request: str
    fetched_at: str
    sha256: str


@dataclass
class Step:
    """A column on the way back, and the columns it is made of.

    `source` names the source and its resource where the way ends in the landing; `documents` are those of the row asked for, or
    the first of the snapshot that serves, out of `documents_total`. `seen` says that the way on was shown before.
    """

    dataset: str
    column: str
    made_from: list[Step] = field(default_factory=list)
    source: str | None = None
    attribution: str | None = None
    snapshot: str | None = None
    documents_total: int | None = None
    documents: list[SourceDocument] = field(default_factory=list)
    seen: bool = False

    def as_json(self) -> dict[str, Any]:
        """The whole way as plain values."""
        return asdict(self)


def explain(platform: Platform, name: str, row: str | None = None) -> Step:
    """The way of a column back to the landing.

    Args:
        name: dataset.column, or schema.table.column.
        row: the key of one row (values joined by commas), to get the documents this row came from.

    Raises:
        JodError: there is no such column or row, or no warehouse.
    """
    with Warehouse(platform).reader() as connection:
        edges = edges_of(connection)
        start = _find(name, edges)
        documents = _documents_of_row(platform, connection, edges, start.dataset, row) if row is not None else None
    return _Walk(platform, edges, documents).follow(start)


class _Walk:
    """Follows edges; a column met again is not followed again."""

    def __init__(self, platform: Platform, edges: Edges, documents: dict[str, set[str]] | None) -> None:
        self.platform, self.edges, self.documents = platform, edges, documents
        self.landed = _landed(platform)
        self.attributions = {resource.label: resource.attribution for resource in all_resources(platform.settings)}
        self.met: set[ColumnRef] = set()

    def follow(self, ref: ColumnRef) -> Step:
        step = Step(ref.dataset, ref.column, seen=ref in self.met)
        self.met.add(ref)
        if ref.dataset in self.landed:
            self._land(step)
        elif not step.seen:
            step.made_from = [self.follow(source) for source in self.edges.get(ref, ())]
        return step

    def _land(self, step: Step) -> None:
        label = self.landed[step.dataset]
        step.source, step.attribution = label, self.attributions.get(label)
        snapshot = self.platform.archive.resource(*label.split("/")).current()
        if snapshot is None:
            return
        step.snapshot, step.documents_total = snapshot.id, len(snapshot.entries)
        keys = sorted(snapshot.entries) if self.documents is None else sorted(self.documents.get(step.dataset, ()))
        step.documents = list(_documents(snapshot, keys[:SHOWN_DOCUMENTS] if self.documents is None else keys))


def _documents(snapshot: Snapshot, keys: list[str]) -> Iterator[SourceDocument]:
    for key in keys:
        entry = snapshot.entries.get(key) or snapshot.entries.get(key.split(" item ")[0].split(" line ")[0])
        if entry is not None:
            yield SourceDocument(key, entry.request, entry.fetched_at, entry.sha256)


def _landed(platform: Platform) -> dict[str, str]:
    """Dataset in the warehouse -> label of the resource it was typed from."""
    found = {f"landing.{table.physical_name}": table.contract for table in load_contracts()["landing"].values()}
    for label in platform.archive.labels():
        for table in platform.archive.resource(*label.split("/")).tables():
            found[f"landing.{label.replace('/', '__')}__{table}"] = label
    return found


def _find(name: str, edges: Edges) -> ColumnRef:
    dataset, _, column = name.rpartition(".")
    tables = _tables()
    if dataset in tables:
        dataset = tables[dataset].physical_name
    known = {ref.dataset for ref in edges} | {source.dataset for sources in edges.values() for source in sources}
    if dataset not in known:
        near = difflib.get_close_matches(dataset, [*tables, *sorted(known)], 3, 0.4)
        raise JodError(f"nothing is known of dataset {dataset or name!r}; try {', '.join(near) or 'DATASET.COLUMN'}")
    columns = {ref.column for refs in (edges, *edges.values()) for ref in refs if ref.dataset == dataset}
    if column not in columns:
        raise JodError(f"{dataset} has no column {column!r}; it has {', '.join(sorted(columns))}")
    return ColumnRef(dataset, column)


def _tables() -> dict[str, Table]:
    contracts = load_contracts()
    return {table.name: table for layer in ("marts", "published") for table in contracts[layer].values()}


def _documents_of_row(platform: Platform, connection: Any, edges: Edges, dataset: str, row: str) -> dict[str, set[str]]:
    """The documents a row came from, by landed dataset: the row's key is followed back to where it landed.

    A key that was translated on its way (a code into another) is not found in the landing; then nothing is said.
    """
    table = next((table for table in _tables().values() if table.physical_name == dataset), None)
    if table is None or not table.primary_key:
        raise JodError(f"{dataset} has no key in a contract; leave out --row")
    values = row.split(",")
    if len(values) != len(table.primary_key):
        raise JodError(
            f"the key of {table.name} is {', '.join(table.primary_key)}: give {len(table.primary_key)} values, joined by commas"
        )
    given = " and ".join(f'"{name}"::varchar = ?' for name in table.primary_key)
    if connection.execute(f"select count(*) from {dataset} where {given}", values).fetchone() == (0,):
        raise JodError(f"{table.name} has no row with key {row!r}")
    landed: dict[str, dict[str, set[str]]] = {}
    for name, value in zip(table.primary_key, values, strict=True):
        for ref, keys in _key_in_landing(platform, edges, ColumnRef(dataset, name), {value}, set()):
            landed.setdefault(ref.dataset, {}).setdefault(ref.column, set()).update(keys)
    return {name: found for name, columns in landed.items() if (found := _matching(platform, name, columns))}


def _key_in_landing(
    platform: Platform, edges: Edges, ref: ColumnRef, keys: set[str], met: set[ColumnRef]
) -> Iterator[tuple[ColumnRef, set[str]]]:
    """Columns of the landing that a key column goes back to, with the keys to look for there."""
    if ref in met:
        return
    met.add(ref)
    if ref.dataset.startswith("landing."):
        yield ref, keys
    elif ref.dataset.startswith(MEMBERS) and ref.column == "opportunity_id":
        path = Warehouse(platform).derived / f"{ref.dataset.removeprefix('derived.')}.parquet"
        members = pl.scan_parquet(path).filter(pl.col("opportunity_id").is_in(sorted(keys))).select("item_id").collect()
        yield from _key_in_landing(platform, edges, ColumnRef(ref.dataset, "item_id"), set(members["item_id"]), met)
    else:
        for source in edges.get(ref, ()):
            yield from _key_in_landing(platform, edges, source, keys, met)


def _matching(platform: Platform, dataset: str, columns: dict[str, set[str]]) -> set[str]:
    """Documents of the landed rows whose key columns hold the keys; from the typed files, since a warehouse keeps no landing."""
    label = _landed(platform)[dataset]
    landed = platform.archive.resource(*label.split("/"))
    files = landed.typed_files(dataset.removeprefix(f"landing.{label.replace('/', '__')}__"))
    if not files:
        return set()
    rows = pl.scan_parquet(files)
    if "source_document" not in rows.collect_schema().names():
        return set()
    given = [pl.col(name).cast(pl.String).is_in(sorted(keys)) for name, keys in columns.items()]
    return set(rows.filter(given).select(pl.col("source_document").drop_nulls().unique()).collect()["source_document"])
