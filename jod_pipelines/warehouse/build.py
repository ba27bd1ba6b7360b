"""Where the warehouse is built, how it is read, and the swap between the two.

DuckDB lets one process write and then nobody else even read. So dbt writes `warehouse/build/jod.duckdb`; when all of
it is built and checked, it is renamed over `warehouse/jod.duckdb`. Readers that have the old file open keep it.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import polars as pl

from jod_pipelines.contracts.comments import comment_on_marts, dictionary_frame
from jod_pipelines.contracts.dbt import derived_tables
from jod_pipelines.contracts.model import Table, find_landing_table, load_contracts
from jod_pipelines.errors import JodError
from jod_pipelines.platform import Platform
from jod_pipelines.reference import FOLDER as REFERENCE
from jod_pipelines.reference import reference_table
from jod_pipelines.warehouse.quality import show_quality

CONFIG = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}


class Warehouse:
    """The warehouse of one platform."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.served = platform.warehouse_folder / "jod.duckdb"
        self.building = platform.warehouse_folder / "build" / "jod.duckdb"
        self.derived = platform.warehouse_folder / "derived"

    def begin(self, fingerprint: str) -> None:
        """Start a new build: an empty file with a view per landed table, a reference list and a derived dataset.

        Args:
            fingerprint: of the inputs, code and settings it is built from; `built_from` tells it again.
        """
        shutil.rmtree(self.building.parent, ignore_errors=True)
        self.building.parent.mkdir(parents=True)
        with _connect(self.building) as connection:
            connection.execute("create schema platform")
            connection.execute("create table platform.built_from as select ?::varchar as fingerprint", [fingerprint])
            self._record_landed(connection)
            connection.execute("create schema landing")
            for table in load_contracts()["landing"].values():
                source, resource = table.contract.split("/")
                files = self.platform.archive.resource(source, resource).typed_files(table.name)
                _create_view(connection, f"landing.{table.physical_name}", files, table)
            self._show_described(connection)
            show_quality(connection, self.platform)
            connection.execute("create schema reference")
            for path in sorted(REFERENCE.glob("*.csv")):
                reference_list = reference_table(path.stem).to_arrow()
                connection.register("reference_list", reference_list)
                connection.execute(f"create table reference.{path.stem} as select * from reference_list")
                connection.unregister("reference_list")
            dictionary = dictionary_frame().to_arrow()
            connection.register("dictionary", dictionary)
            connection.execute("create table reference.dictionary as select * from dictionary")
            connection.unregister("dictionary")
        self.register_derived()

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
            "create table platform.landed (source varchar, resource varchar, snapshot_id varchar, fetched_at timestamp)"
        )
        for label in self.platform.archive.labels():
            source, resource = label.split("/")
            snapshot = self.platform.archive.resource(source, resource).current()
            if snapshot is not None:
                row = [source, resource, snapshot.id, snapshot.fetched_at]
                connection.execute("insert into platform.landed values (?, ?, ?, ?::timestamptz::timestamp)", row)

    def _show_described(self, connection: duckdb.DuckDBPyConnection) -> None:
        """A view per landed table that only its source describes: it needs no contract file to be read."""
        for label in self.platform.archive.labels():
            source, resource = label.split("/")
            landed = self.platform.archive.resource(source, resource)
            for name in landed.tables():
                if find_landing_table(source, resource, name) is None and (files := landed.typed_files(name)):
                    _create_view(connection, f'landing."{source}__{resource}__{name}"', files)

    def register_derived(self) -> None:
        """Show the datasets made by the Python rooms to dbt, as views in schema `derived`."""
        self._ensure_building()
        with _connect(self.building) as connection:
            connection.execute("create schema if not exists derived")
            for table in derived_tables():
                path = self.derived / f"{table.name}.parquet"
                _create_view(connection, f"derived.{table.name}", [path] if path.exists() else [], table)

    def write_derived(self, name: str, frame: pl.DataFrame) -> None:
        """Keep a dataset made by a Python room, for dbt to read as `derived.<name>`."""
        self.derived.mkdir(parents=True, exist_ok=True)
        path = self.derived / f"{name}.parquet"
        aside = path.with_name(f".{path.name}.tmp")
        frame.write_parquet(aside, compression="zstd")
        aside.replace(path)

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

    def swap(self) -> None:
        """Let readers have the finished build."""
        with _connect(self.building) as connection:
            comment_on_marts(connection)
            connection.execute("checkpoint")
        os.sync()
        self.building.replace(self.served)
        shutil.rmtree(self.building.parent, ignore_errors=True)

    def _ensure_building(self) -> None:
        """Part of the pipeline run on its own continues from the served warehouse."""
        if not self.building.exists():
            self.building.parent.mkdir(parents=True, exist_ok=True)
            aside = self.building.with_suffix(".tmp")
            shutil.copyfile(self.served, aside)
            aside.replace(self.building)


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


def _create_view(connection: duckdb.DuckDBPyConnection, name: str, files: list[Path], table: Table | None = None) -> None:
    """A view over Parquet files, or over no rows of the contract's columns when there are none."""
    if files:
        listed = ", ".join("'" + str(path).replace("'", "''") + "'" for path in files)
        rows = f"select * from read_parquet([{listed}])"
    else:
        assert table is not None
        nothing = ", ".join(f'null::{column.type} as "{column.name}"' for column in table.columns)
        rows = f"select {nothing} where false"
    connection.execute(f"create or replace view {name} as {rows}")
