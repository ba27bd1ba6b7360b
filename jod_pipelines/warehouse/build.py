"""Where the warehouse is built, how it is read, and the swap between the two.

DuckDB lets one process write and then nobody else even read. So dbt writes `warehouse/build/jod.duckdb`; when all of
it is built and checked, it is renamed over `warehouse/jod.duckdb`. Readers that have the old file open keep it.

The same code goes on from a copy of the served file, so that only models whose inputs changed are built (`carried`). Other code
begins with an empty one and takes over only the snapshots (`history`). What is served holds tables only: views over files of the
landing are taken out before the swap and put back for the next build, since a later run replaces those files under its readers.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from jod_pipelines.contracts.comments import comment_on_marts, dictionary_frame
from jod_pipelines.contracts.dbt import derived_tables
from jod_pipelines.contracts.model import Table, find_landing_table, load_contracts
from jod_pipelines.errors import JodError
from jod_pipelines.fingerprint import code_fingerprint
from jod_pipelines.platform import Platform
from jod_pipelines.reference import FOLDER as REFERENCE
from jod_pipelines.reference import reference_table
from jod_pipelines.warehouse import carried
from jod_pipelines.warehouse.quality import show_quality

CONFIG = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
OVER_FILES = ("landing", "staging", "intermediate", "derived")
"""Schemas whose views read files outside the warehouse, directly or through each other."""


class Warehouse:
    """The warehouse of one platform."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.served = platform.warehouse_folder / "jod.duckdb"
        self.building = platform.warehouse_folder / "build" / "jod.duckdb"
        self.derived = platform.warehouse_folder / "derived"

    def begin(self, fingerprint: str) -> None:
        """Start a new build: the served tables if the same code made them, a view per landed table, the reference lists.

        Args:
            fingerprint: of the inputs, code and settings it is built from; `built_from` tells it again.
        """
        shutil.rmtree(self.building.parent, ignore_errors=True)
        self.building.parent.mkdir(parents=True)
        code = code_fingerprint()
        goes_on = self._code_of_served() == code
        if goes_on:
            self._copy_served()
        with _connect(self.building) as connection:
            if self.served.exists() and not goes_on:
                _keep_history(connection, self.served)
            connection.execute(carried.BOOKS)
            connection.execute(
                "create or replace table platform.built_from as select ?::varchar as fingerprint, ?::varchar as code",
                [fingerprint, code],
            )
            self._record_landed(connection)
            show_quality(connection, self.platform)
            connection.execute("create schema if not exists reference")
            for path in sorted(REFERENCE.glob("*.csv")):
                reference_list = reference_table(path.stem).to_arrow()
                connection.register("reference_list", reference_list)
                connection.execute(f"create or replace table reference.{path.stem} as select * from reference_list")
                connection.unregister("reference_list")
            dictionary = dictionary_frame().to_arrow()
            connection.register("dictionary", dictionary)
            connection.execute("create or replace table reference.dictionary as select * from dictionary")
            connection.unregister("dictionary")
            self._show_inputs(connection)

    def built_from(self) -> str | None:
        """The fingerprint the newest state was begun with."""
        with self.reader() as connection:
            found = connection.execute("select fingerprint from platform.built_from").fetchone()
        return found[0] if found else None

    def continue_build(self) -> None:
        """Build on from what is served: for a part of the pipeline that runs on its own."""
        self._ensure_building()

    def _record_landed(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Which snapshot of each resource this build reads, so that a number can name it."""
        connection.execute(
            "create or replace table platform.landed "
            "(source varchar, resource varchar, snapshot_id varchar, fetched_at timestamp)"
        )
        for label in self.platform.archive.labels():
            source, resource = label.split("/")
            snapshot = self.platform.archive.resource(source, resource).current()
            if snapshot is not None:
                row = [source, resource, snapshot.id, snapshot.fetched_at]
                connection.execute("insert into platform.landed values (?, ?, ?, nullif(?, '')::timestamptz::timestamp)", row)

    def marks(self, manifest: Mapping[str, Any]) -> dict[str, str | None]:
        """Mark of each model, as its inputs are now; see `carried.model_marks`."""
        derived = {f"derived.{table.name}": carried.content_mark(self._derived_path(table.name)) for table in derived_tables()}
        landing = {}
        for table in load_contracts()["landing"].values():
            files = self.platform.archive.resource(*table.contract.split("/")).typed_files(table.name)
            landing[f"landing.{table.physical_name}"] = carried.file_mark(files)
        return carried.model_marks(manifest, derived | landing)

    @contextmanager
    def writer(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection to the build under way; nobody else can have one meanwhile."""
        with _connect(self.building) as connection:
            yield connection

    def _code_of_served(self) -> str | None:
        """The code that made what is served, as far as it can be built on."""
        if not self.served.exists():
            return None
        with _connect(self.served, read_only=True) as connection:
            columns = connection.execute("select column_name from duckdb_columns() where table_name = 'built_from'").fetchall()
            found = connection.execute("select code from platform.built_from").fetchone() if ("code",) in columns else None
        return found[0] if found else None

    def _show_inputs(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Views of what dbt reads, and the views over them that were taken out when the file was served."""
        connection.execute("create schema if not exists landing; create schema if not exists derived")
        for table in load_contracts()["landing"].values():
            files = self.platform.archive.resource(*table.contract.split("/")).typed_files(table.name)
            _create_view(connection, f"landing.{table.physical_name}", files, table)
        self._show_described(connection)
        self._show_derived(connection)
        if connection.execute("select count(*) from duckdb_tables() where table_name = 'taken_views'").fetchone() != (0,):
            for (sql,) in connection.execute("select sql from platform.taken_views order by position").fetchall():
                connection.execute(sql)
            connection.execute("drop table platform.taken_views")

    def _show_described(self, connection: duckdb.DuckDBPyConnection) -> None:
        """A table per landed table that only its source describes: analysts read it as it is, so it must not lean on files."""
        files = {}
        for label in self.platform.archive.labels():
            source, resource = label.split("/")
            landed = self.platform.archive.resource(source, resource)
            for table in landed.tables():
                if find_landing_table(source, resource, table) is None and (found := landed.typed_files(table)):
                    files[f"{label.replace('/', '__')}__{table}"] = found
        marks: dict[str, str | None] = {f"landing.{name}": carried.file_mark(found) for name, found in files.items()}
        tables = "select table_name from duckdb_tables() where schema_name = 'landing'"
        there = {name for (name,) in connection.execute(tables).fetchall()}
        for name in there - files.keys():
            connection.execute(f'drop table landing."{name}"')
        changed = [name for name in files if name not in there or f"landing.{name}" not in carried.unchanged(connection, marks)]
        for name in changed:
            connection.execute(f'create or replace table landing."{name}" as select * from {_parquet(files[name])}')
        carried.remember(connection, {f"landing.{name}": marks[f"landing.{name}"] for name in changed})

    def register_derived(self) -> None:
        """Show the datasets made by the Python rooms to dbt, as views in schema `derived`."""
        self._ensure_building()
        with _connect(self.building) as connection:
            self._show_derived(connection)

    def _show_derived(self, connection: duckdb.DuckDBPyConnection) -> None:
        for table in derived_tables():
            path = self._derived_path(table.name)
            _create_view(connection, f"derived.{table.name}", [path] if path.exists() else [], table)

    def _derived_path(self, name: str) -> Path:
        return self.derived / f"{name}.parquet"

    def write_derived(self, name: str, frame: pl.DataFrame) -> None:
        """Keep a dataset made by a Python room, for dbt to read as `derived.<name>`."""
        self.derived.mkdir(parents=True, exist_ok=True)
        path = self._derived_path(name)
        aside = path.with_name(f".{path.name}.tmp")
        frame.write_parquet(aside, compression="zstd")
        aside.replace(path)

    def has_derived(self, name: str) -> bool:
        """Whether a run has made this dataset in a Python room."""
        return self._derived_path(name).exists()

    def query(self, sql: str) -> pl.DataFrame:
        """Run a query on the newest state: the build under way, else the served warehouse."""
        with self.reader() as connection:
            return connection.execute(sql).pl()

    @contextmanager
    def reader(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A read-only connection to the newest state.

        Raises:
            JodError: nothing has been built yet.
        """
        path = self.building if self.building.exists() else self.served
        if not path.exists():
            raise JodError(f"there is no warehouse in {self.platform.home}; run `jod run` first")
        with _connect(path, read_only=True) as connection:
            yield connection

    def mart_rows(self) -> dict[str, int]:
        """Rows of each mart and published dataset of the newest state, by physical name."""
        contracts = load_contracts()
        names = [table.physical_name for layer in ("marts", "published") for table in contracts[layer].values()]
        counts = " union all by name ".join(
            f"select '{name}' as name, count(*) as rows from {name}" for name in sorted(set(names))
        )
        return dict(self.query(counts).iter_rows())

    def swap(self) -> None:
        """Let readers have the finished build, without the views that only a build can read."""
        with _connect(self.building) as connection:
            comment_on_marts(connection)
            _take_views(connection)
            _overwrite_free_blocks(connection)
        with self.building.open("rb") as file:
            os.fsync(file.fileno())
        self.building.replace(self.served)
        shutil.rmtree(self.building.parent, ignore_errors=True)

    def _ensure_building(self) -> None:
        """Part of the pipeline run on its own continues from the served warehouse."""
        if not self.building.exists():
            self.building.parent.mkdir(parents=True, exist_ok=True)
            self._copy_served()
            with _connect(self.building) as connection:
                connection.execute(carried.BOOKS)
                self._show_inputs(connection)

    def _copy_served(self) -> None:
        aside = self.building.with_suffix(".tmp")
        shutil.copyfile(self.served, aside)
        aside.replace(self.building)


def _keep_history(connection: duckdb.DuckDBPyConnection, served: Path) -> None:
    """Take over the snapshots: unlike all other tables they cannot be made again from the landing's newest state."""
    path = str(served).replace("'", "''")
    connection.execute(f"attach '{path}' as served (read_only); create schema if not exists history")
    tables = "select table_name from duckdb_tables() where database_name = 'served' and schema_name = 'history' order by all"
    for (name,) in connection.execute(tables).fetchall():
        connection.execute(f'create table if not exists history."{name}" as from served.history."{name}"')
    connection.execute("detach served")


def _take_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop the views over files; what dbt made of them is remembered, in an order in which it can be made again."""
    connection.execute(
        """
        create or replace table platform.taken_views as
        select row_number() over (order by schema_name desc, view_oid) as position, sql
        from duckdb_views() where schema_name in ('staging', 'intermediate')
        """
    )
    found = connection.execute("select schema_name, view_name from duckdb_views() where not internal").fetchall()
    for schema, name in found:
        if schema in OVER_FILES:
            connection.execute(f'drop view "{schema}"."{name}"')


def _overwrite_free_blocks(connection: duckdb.DuckDBPyConnection) -> None:
    """Write over what dropped tables left in the file: content that was erased must not be found in its bytes."""
    connection.execute("checkpoint")
    found = connection.execute("select free_blocks * block_size from pragma_database_size()").fetchone()
    if not found or not found[0]:
        return
    connection.execute("set force_compression = 'uncompressed'")
    connection.execute(f"create table platform.filler as select range as filler from range({found[0] // 8})")
    connection.execute("checkpoint; drop table platform.filler; checkpoint; reset force_compression")


def _connect(path: Path, *, read_only: bool = False, attempts: int = 20) -> duckdb.DuckDBPyConnection:
    """Open the file; another process may hold it for the moment it takes to swap or to stop, so wait a little."""
    for attempt in range(attempts):
        try:
            return duckdb.connect(str(path), read_only=read_only, config=CONFIG)  # type: ignore[arg-type]
        except duckdb.IOException as error:
            if "lock" not in str(error).lower() or attempt == attempts - 1:
                raise
            time.sleep(0.25)
    raise AssertionError("unreachable")


def _create_view(connection: duckdb.DuckDBPyConnection, name: str, files: list[Path], table: Table) -> None:
    """A view over Parquet files, or over no rows of the contract's columns when there are none."""
    if files:
        rows = f"select * from {_parquet(files)}"
    else:
        nothing = ", ".join(f'null::{column.type} as "{column.name}"' for column in table.columns)
        rows = f"select {nothing} where false"
    connection.execute(f"create or replace view {name} as {rows}")


def _parquet(files: list[Path]) -> str:
    listed = ", ".join("'" + str(path).replace("'", "''") + "'" for path in files)
    return f"read_parquet([{listed}])"
