"""The contracts inside DuckDB: comments on tables and columns, and a table of all descriptions."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl
from duckdb import DuckDBPyConnection

from jod_pipelines.contracts.model import LANGUAGES, Column, Table, load_contracts


def comment_on(
    connection: DuckDBPyConnection, place: str, table: Table, columns: Iterable[Column], note: str = "", kind: str = "table"
) -> None:
    """Say on a table and its columns what the contract says of them, in all three languages.

    Args:
        place: the table as SQL names it, `schema.table`.
        columns: those of the contract that the table has.
        note: a sentence more on the table.
        kind: table or view.
    """
    connection.execute(f"comment on {kind} {place} is {_text(_in_all_languages(table.description, note))}")
    for column in columns:
        unit = f"unit: {column.unit}" if column.unit else ""
        connection.execute(f'comment on column {place}."{column.name}" is {_text(_in_all_languages(column.description, unit))}')


def comment_on_marts(connection: DuckDBPyConnection) -> int:
    """Comment on every mart, published dataset and table of the platform the database holds; how many there are."""
    kinds = dict(
        connection.execute(
            "select schema_name || '.' || table_name, 'table' from duckdb_tables() "
            "union all select schema_name || '.' || view_name, 'view' from duckdb_views() where not internal"
        ).fetchall()
    )
    contracts = load_contracts()
    layers = ("marts", "published", "platform")
    tables = [(table.physical_name, table) for layer in layers for table in contracts[layer].values()]
    aside = contracts["platform"]["quarantine"]
    tables += [
        (f'{schema}."{name}"', aside)
        for schema, _, name in (place.partition(".") for place in kinds)
        if _shows(aside, schema, name)
    ]
    tables = [(place, table) for place, table in tables if place.replace('"', "") in kinds]
    there = set(
        connection.execute(
            "select schema_name || '.' || table_name, column_name from duckdb_columns() where not internal"
        ).fetchall()
    )
    connection.execute("begin")  # one write to disk, not one per comment
    for place, table in tables:
        name = place.replace('"', "")
        columns = [column for column in table.columns if (name, column.name) in there]
        comment_on(connection, place, table, columns, kind=kinds[name])
    connection.execute("commit")
    return len(tables)


def _shows(aside: Table, schema: str, name: str) -> bool:
    """Whether it is the view of one dataset's rows set aside."""
    own, start = aside.physical_name.split(".")
    return schema == own and name.startswith(f"{start}_") and name != "quarantine_counts"


def dictionary_frame() -> pl.DataFrame:
    """Every column of every contract as a row: the table `core.dictionary`, which analysts search.

    Returns:
        VARCHAR columns dataset, layer, place (`schema.table`), column_name, column_type, unit, description_fi, description_sv,
        description_en, code_list, sensitivity and contract_file; BOOLEAN is_key, is_required, is_published.
    """
    rows = [
        {
            "dataset": table.key,
            "layer": table.layer,
            "place": f"landing.{table.physical_name}" if table.layer == "landing" else table.physical_name,
            "column_name": column.name,
            "column_type": column.type,
            "unit": column.unit,
            **{f"description_{language}": column.description.get(language) for language in LANGUAGES},
            "code_list": column.code_list,
            "is_key": column.primary_key,
            "is_required": column.required,
            "sensitivity": column.sensitivity,
            "is_published": column.publish,
            "contract_file": f"data_contracts/{table.file}",
        }
        for tables in load_contracts().values()
        for table in tables.values()
        for column in table.columns
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def _in_all_languages(description: dict[str, str], note: str) -> str:
    parts = [f"{language}: {description[language]}" for language in LANGUAGES if language in description]
    return " | ".join([*parts, note] if note else parts)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
