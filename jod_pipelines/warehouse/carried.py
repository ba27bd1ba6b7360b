"""What a new build takes over from the served warehouse: models none of whose inputs have changed.

Each model has a mark: a hash over the marks of all it reads, down to the files of the landing. The code is not part of it,
since a warehouse made by other code is never built on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb

from jod_pipelines.fingerprint import combined

BOOKS = """
    create schema if not exists platform;
    create table if not exists platform.built (model varchar primary key, mark varchar, built_at timestamp);
    create table if not exists platform.checked (asset varchar, name varchar, result varchar, primary key (asset, name));
"""
"""Which models there are and of what they were built; what each test of dbt found when it last ran."""
BUILT = {"model", "snapshot"}
"""Kinds of dbt's nodes that leave a table or a view."""
FOLLOWING = {"reference", "platform"}
"""Sources that change with the code, or with the landed tables that a model reads beside them."""


def file_mark(paths: Iterable[Path]) -> str:
    """Mark of files that are never changed in place: their names, sizes and times."""
    return combined([(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in paths])


def content_mark(path: Path) -> str:
    """Mark of a file that each run writes anew, the same when its bytes are."""
    if not path.exists():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def model_marks(manifest: Mapping[str, Any], sources: Mapping[str, str]) -> dict[str, str | None]:
    """Mark of every model, by dbt's unique id.

    Args:
        manifest: dbt's.
        sources: marks of what dbt reads, by `schema.name`.

    Returns:
        Marks, each model after those it reads; None for one that reads, directly or not, something of which nothing is known.
    """
    marks: dict[str, str | None] = {}
    for unique_id, source in manifest["sources"].items():
        name = f"{source['schema']}.{source['identifier']}"
        marks[unique_id] = "" if source["schema"] in FOLLOWING else sources.get(name)

    def mark(unique_id: str) -> str | None:
        if unique_id not in marks:
            read = [(parent, mark(parent)) for parent in sorted(manifest["nodes"][unique_id]["depends_on"]["nodes"])]
            marks[unique_id] = None if any(value is None for _, value in read) else combined([unique_id, read])
        return marks[unique_id]

    models = [unique_id for unique_id, node in manifest["nodes"].items() if node["resource_type"] in BUILT]
    for unique_id in models:
        mark(unique_id)
    return {unique_id: value for unique_id, value in marks.items() if unique_id in manifest["nodes"]}


def unchanged(connection: duckdb.DuckDBPyConnection, marks: Mapping[str, str | None]) -> dict[str, str]:
    """Models that stand in this file and would become the same if built again, in the order of `marks`; when they were built."""
    rows = connection.execute("select model, mark, built_at::varchar from platform.built").fetchall()
    built = {model: (mark, built_at) for model, mark, built_at in rows}
    return {
        model: built[model][1] for model, mark in marks.items() if mark is not None and model in built and built[model][0] == mark
    }


def remember(connection: duckdb.DuckDBPyConnection, built: Mapping[str, str | None]) -> None:
    """Write down what models were built of; None for one that must be built again next time."""
    connection.executemany("delete from platform.built where model = ?", [[model] for model in built] or [[""]])
    rows = [[model, mark] for model, mark in built.items() if mark is not None]
    if rows:
        connection.executemany("insert into platform.built values (?, ?, now()::timestamptz at time zone 'UTC')", rows)


def remember_checks(connection: duckdb.DuckDBPyConnection, results: Mapping[tuple[str, str], dict[str, Any]]) -> None:
    """Write down what tests found, by asset and name."""
    rows = [[asset, name, json.dumps(result, default=str)] for (asset, name), result in results.items()]
    if rows:
        connection.executemany("insert or replace into platform.checked values (?, ?, ?)", rows)


def remembered_checks(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], dict[str, Any]]:
    """What tests found when they last ran, by asset and name."""
    rows = connection.execute("select asset, name, result from platform.checked").fetchall()
    return {(asset, name): json.loads(result) for asset, name, result in rows}
