"""Questions of analysts: read-only, to the served warehouse or to a release's analyst database.

Read-only is what DuckDB enforces, not what we hope for: the file is opened without write access, nothing outside it can be read,
written, attached or loaded, and the settings that say so are locked. One statement that answers with rows is all that is taken.
"""

from __future__ import annotations

import difflib
import fnmatch
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from jod_pipelines.errors import JodError, QueryError

if TYPE_CHECKING:  # slow to import, and every command is loaded with this one
    from jod_pipelines.contracts.model import Table

MACHINERY = ("landing", "staging", "intermediate", "derived", "reference", "platform")
"""Schemas that are not made for analysts. They may be asked by their full name, as far as they are tables."""
ANSWERS = ("SELECT", "EXPLAIN")


@contextmanager
def open_to_read(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The database with every analyst schema on the search path, unable to change anything or to reach more than check results.

    It is the state at the moment of opening: a run that swaps a newer file in meanwhile does not disturb it.

    Raises:
        JodError: the file cannot be opened; the pipeline never holds it, but somebody's other program may.
    """
    from jod_pipelines.warehouse.build import CONFIG

    try:
        opened = duckdb.connect(str(path), read_only=True, config=CONFIG)  # type: ignore[arg-type]
    except duckdb.IOException as error:
        raise JodError(f"{path} cannot be opened; whoever has it open must open it read-only", str(error)) from None
    with opened as connection:
        results = path.resolve().parent.parent / "quality"  # files that never change, shown as `quality.quality_results`
        connection.execute(f"set allowed_directories = [{literal(str(results))}]")
        connection.execute("set enable_external_access = false")
        schemas = connection.execute("select distinct schema_name from duckdb_tables() order by all").fetchall()
        names = [name for (name,) in schemas if name not in MACHINERY]
        if names:
            connection.execute(f"set search_path = {literal(','.join(names))}")
        connection.execute("set lock_configuration = true")
        yield connection


def ask(connection: duckdb.DuckDBPyConnection, sql: str) -> duckdb.DuckDBPyRelation:
    """The answer to one statement, not computed yet.

    Raises:
        QueryError: it is not one statement that answers with rows, or DuckDB cannot understand it.
    """
    try:
        statements = connection.extract_statements(sql)
        kinds = [statement.type.name for statement in statements if not _prepares_pivot(statement)]
        if len(kinds) != 1 or kinds[0] not in ANSWERS:
            told = ", ".join(kinds) or "none"
            raise QueryError(f"the query must be one select (or explain, describe, summarize, show); it is: {told}")
        return connection.sql(sql)
    except duckdb.Error as error:
        raise explained(error, connection) from None


def explained(error: duckdb.Error, connection: duckdb.DuckDBPyConnection) -> QueryError:
    """DuckDB's error as one line that names what is near, with the place in the query as detail."""
    paragraphs = str(error).split("\n\n")
    line = " ".join(paragraphs[0].split())
    if isinstance(error, duckdb.PermissionException):
        return QueryError(
            "a query reads the tables of this database and nothing else; "
            "views of the schemas landing, staging and derived read files outside it: use the marts (`jod query --tables`)",
            line,
        )
    if missing := re.search(r"Table with name (\S+) does not exist!", line):
        line = f"there is no table {missing[1]}{_near(missing[1], [name for _, name in _tables(connection)])}"
    return QueryError(line, "\n\n".join(paragraphs[1:]))


def list_tables(connection: duckdb.DuckDBPyConnection, pattern: str, language: str) -> duckdb.DuckDBPyRelation:
    """Tables for analysts: table, rows, description.

    Args:
        pattern: part of a name, or a pattern with `*`.
    """
    wanted = pattern if "*" in pattern else f"*{pattern}*"
    found = [(schema, name) for schema, name in _tables(connection) if fnmatch.filter([name, f"{schema}.{name}"], wanted)]
    if not found:
        raise QueryError(f"no table matches {pattern!r}; `jod query --tables` lists them all")
    rows = [
        f'select {literal(_shown(schema, name))} as "table", count(*) as "rows", '
        f"{literal(_description(connection, schema, name, language))} as description from {quoted(schema)}.{quoted(name)}"
        for schema, name in found
    ]
    return connection.sql(" union all ".join(rows) + " order by 1")


def describe_table(connection: duckdb.DuckDBPyConnection, name: str, language: str) -> duckdb.DuckDBPyRelation:
    """Columns of a table: column, type, unit, description.

    Raises:
        QueryError: there is no such table.
    """
    known = _tables(connection)
    found = [(schema, table) for schema, table in known if name in (table, f"{schema}.{table}")]
    if not found:
        raise QueryError(f"there is no table {name}{_near(name, [table for _, table in known])}")
    schema, table = found[0]
    from jod_pipelines.contracts.wording import unit_of  # slow to import, as above

    contract = _contract(table)
    promised = {column.name: column for column in contract.columns} if contract else {}
    columns = connection.execute(
        "select column_name, data_type, comment from duckdb_columns() "
        "where schema_name = ? and table_name = ? order by column_index",
        [schema, table],
    ).fetchall()
    values = []
    for column, kind, comment in columns:
        own = promised.get(column)
        text = own.description.get(language) if own else None
        cells = (column, kind, unit_of(own, language) if own else "", text or _in_language(comment, language))
        values.append(f"({', '.join('null' if cell is None else literal(cell) for cell in cells)})")
    return connection.sql(f'select * from (values {", ".join(values)}) as described("column", "type", unit, description)')


def literal(value: str) -> str:
    """A text as SQL."""
    return "'" + value.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """A name of a table or column as SQL."""
    return '"' + name.replace('"', '""') + '"'


def _tables(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Schema and name of each table and view made for analysts; quarantines are one table, not one for each dataset."""
    every = connection.execute("""
        select schema_name, table_name from duckdb_tables() where not internal
        union all
        select schema_name, view_name from duckdb_views()
        where not internal and (view_name = 'quarantine_counts' or not starts_with(view_name, 'quarantine_'))
        order by all
    """).fetchall()
    return [(schema, name) for schema, name in every if schema not in MACHINERY]


def _description(connection: duckdb.DuckDBPyConnection, schema: str, name: str, language: str) -> str:
    contract = _contract(name)
    if contract and language in contract.description:
        return contract.description[language]
    comment = connection.execute(
        "select comment from duckdb_tables() where schema_name = ? and table_name = ?", [schema, name]
    ).fetchone()
    return _in_language(comment[0] if comment else None, language)


def _contract(name: str) -> Table | None:
    from jod_pipelines.contracts.model import load_contracts

    contracts = load_contracts()
    return contracts["published"].get(name) or contracts["marts"].get(name)


def _in_language(comment: str | None, language: str) -> str:
    """One language's part of a comment that has three: `fi: … | sv: … | en: …`."""
    parts = dict(part.split(": ", 1) for part in (comment or "").split(" | ") if ": " in part)
    return parts.get(language, comment or "")


def _shown(schema: str, name: str) -> str:
    return name if schema == "main" else f"{schema}.{name}"


def _near(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name.split(".")[-1], known, n=3, cutoff=0.5)
    return f"; near are {', '.join(near)}" if near else "; `jod query --tables` lists them"


def _prepares_pivot(statement: Any) -> bool:
    """DuckDB puts a statement before a `pivot` that names the columns; nobody wrote it, so it has no text."""
    return statement.type.name == "CREATE" and not statement.query
