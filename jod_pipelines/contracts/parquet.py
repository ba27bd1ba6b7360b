"""Parquet files that say what they hold: the contract's texts and units in the file's own metadata."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from jod_pipelines.contracts.model import LANGUAGES, Column, Table
from jod_pipelines.errors import ContractError

ARROW_TYPES: dict[str, pa.DataType] = {
    "VARCHAR": pa.string(),
    "BIGINT": pa.int64(),
    "INTEGER": pa.int32(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"),
    "VARCHAR[]": pa.list_(pa.field("element", pa.string())),
}


def parquet_schema(table: Table, metadata: Mapping[str, str] | None = None) -> pa.Schema:
    """Arrow schema of a contract's published columns.

    Fields carry `description_fi`, `_sv`, `_en`, `unit` and `code_list`; the schema carries the table's descriptions and
    the given metadata. Required columns and keys are not nullable.
    """
    fields = [
        pa.field(column.name, ARROW_TYPES[column.type], nullable=not column.required, metadata=_facts(column))
        for column in table.columns
        if column.publish
    ]
    return pa.schema(fields, metadata={**_texts(table), **(metadata or {})})


def write_parquet(frame: pl.DataFrame, path: Path, table: Table, metadata: Mapping[str, str]) -> None:
    """Write a published dataset with its contract inside.

    Args:
        frame: the published columns, in the contract's order and types.
        metadata: what else the file says of itself.

    Raises:
        ContractError: the frame has other columns, or nothing where the contract requires a value.
    """
    try:
        rows = frame.to_arrow().cast(parquet_schema(table, metadata))
    except (pa.ArrowException, ValueError) as error:
        raise ContractError(f"{table.name} is not what its contract says, so {path.name} is not written: {error}") from None
    pq.write_table(rows, path, compression="zstd")


def _facts(column: Column) -> dict[str, str]:
    facts = _texts(column) | {"unit": column.unit or "", "code_list": column.code_list or ""}
    return {name: value for name, value in facts.items() if value}


def _texts(described: Table | Column) -> dict[str, str]:
    return {f"description_{language}": described.description.get(language, "") for language in LANGUAGES}
