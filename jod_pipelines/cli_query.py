"""`jod query`: questions to the warehouse or to a release, answered on the screen or in a file."""

from __future__ import annotations

import shutil
import sys
import time
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import duckdb
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from jod_pipelines.errors import JodError, QueryError
from jod_pipelines.settings import load_settings
from jod_pipelines.warehouse.questions import ask, describe_table, explained, list_tables, literal, open_to_read, quoted

SCREENFUL = 40
FORMULA = r"^[=+\-@\t\r]"
"""How a text begins that a spreadsheet would take for a formula."""
TEXTS = {"varchar", "enum", "json"}
WHOLE_NUMBERS = {"tinyint", "smallint", "integer", "bigint", "hugeint", "utinyint", "usmallint", "uinteger", "ubigint"}
NUMBERS = WHOLE_NUMBERS | {"float", "double", "decimal"}


class Format(StrEnum):
    """How an answer is written."""

    table = "table"
    csv = "csv"
    json = "json"
    parquet = "parquet"


COPY = {Format.csv: "format csv, header true", Format.json: "format json, array true", Format.parquet: "format parquet"}


class Language(StrEnum):
    """Language of descriptions."""

    fi = "fi"
    sv = "sv"
    en = "en"


def query(
    sql: Annotated[str | None, typer.Argument(help="a select, the name of a .sql file, or - for stdin")] = None,
    release: Annotated[str | None, typer.Option(help="ask a release (an id, or latest) instead of the warehouse")] = None,
    fmt: Annotated[Format | None, typer.Option("--format", help="without it as --out ends, else a table")] = None,
    out: Annotated[Path | None, typer.Option(help="write the answer into this file")] = None,
    limit: Annotated[int | None, typer.Option(min=0, help=f"at most so many rows; a table shows {SCREENFUL}, 0: all")] = None,
    tables: Annotated[bool, typer.Option("--tables", help="list the tables; an argument narrows the names: 'fct_*'")] = False,
    describe: Annotated[str | None, typer.Option(metavar="TABLE", help="columns of a table: type, unit, description")] = None,
    lang: Annotated[Language, typer.Option(help="language of descriptions")] = Language.en,
    home: Annotated[Path | None, typer.Option("--home", help="home folder; default $JOD_HOME or ./.jod")] = None,
) -> None:
    """Ask the warehouse, or a release. Nothing can be changed by it, and a run at work does not matter.

    SQL is a select, the name of a .sql file, or - for what comes on stdin.
    """
    chosen = fmt or _format_of(out)
    database = _database(home, release)
    started = time.perf_counter()
    with open_to_read(database) as connection:
        if tables:
            answer = list_tables(connection, sql or "*", lang)
        elif describe is not None:
            answer = describe_table(connection, describe, lang)
        else:
            answer = ask(connection, _statement(sql))
        try:
            size = _write(answer, chosen, out, limit) if chosen in COPY else _show(answer, limit, out)
        except duckdb.Error as error:
            raise explained(error, connection) from None
    print(f"{size} in {time.perf_counter() - started:.1f} s", file=sys.stderr)


def _database(home: Path | None, release: str | None) -> Path:
    from jod_pipelines.platform import Platform
    from jod_pipelines.publication.release import find_release
    from jod_pipelines.warehouse.build import Warehouse

    platform = Platform(load_settings(home=home))
    if release is not None:
        return find_release(platform.releases_folder, release) / "jod_marts.duckdb"
    served = Warehouse(platform).served
    if not served.exists():
        raise JodError(f"there is no warehouse in {platform.home}; run `jod run` first, or name another home with --home")
    return served


def _statement(sql: str | None) -> str:
    if sql is None:
        raise QueryError('give a query, such as `jod query "from job_opportunity limit 5"`, or --tables, or --describe TABLE')
    if sql == "-":
        return sys.stdin.read()
    if not sql.endswith(".sql"):
        return sql
    try:
        return Path(sql).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise QueryError(f"{sql} cannot be read: {error}") from None


def _format_of(out: Path | None) -> Format:
    if out is None:
        return Format.table
    try:
        return Format(out.suffix.removeprefix("."))
    except ValueError:
        raise QueryError(f"--out {out}: end it in .csv, .json or .parquet, or give --format") from None


def _show(answer: duckdb.DuckDBPyRelation, limit: int | None, out: Path | None) -> str:
    """Print the answer as a table; returns what to say of its size."""
    if out is not None:
        raise QueryError("a table is for the screen; --out takes csv, json or parquet")
    most = SCREENFUL if limit is None else limit
    table = Table(box=None, header_style="bold")
    for name, kind in zip(answer.columns, answer.types, strict=True):
        table.add_column(escape(name), justify="right" if kind.id in NUMBERS else "left")
    asked = answer.limit(most + 1) if most else answer
    rows = asked.project(", ".join(f"#{place}::varchar" for place in range(1, len(answer.columns) + 1))).fetchall()
    shown = rows[:most] if most else rows
    for row in shown:
        table.add_row(*("[dim]null[/dim]" if cell is None else escape(cell) for cell in row))
    Console(highlight=False, width=None if sys.stdout.isatty() else 200).print(table)
    return f"the first {most} rows (--limit 0 shows all)" if len(rows) > len(shown) else _counted(len(rows))


def _write(answer: duckdb.DuckDBPyRelation, fmt: Format, out: Path | None, limit: int | None) -> str:
    """Write the answer to a file, or to stdout; returns what to say of its size.

    Another connection does the writing, since the one that reads can reach no file.
    """
    if out is None and fmt is Format.parquet:
        raise QueryError("--format parquet needs a file: --out FILE.parquet")
    if out is not None and not out.absolute().parent.is_dir():
        raise QueryError(f"--out {out}: there is no folder {out.parent}")
    if len(set(answer.columns)) < len(answer.columns):
        twice = next(name for name in answer.columns if answer.columns.count(name) > 1)
        raise QueryError(f"two columns are called {twice}; give them names of their own with `as`")
    columns = ", ".join(map(_cell, answer.columns, answer.types)) if fmt is Format.csv else "*"
    with TemporaryDirectory(dir=out.parent if out else None, prefix=".jod-query-") as folder, duckdb.connect() as writer:
        aside = Path(folder) / "answer"
        writer.register("answer", (answer.limit(limit) if limit else answer).to_arrow_reader())
        written = writer.execute(f"copy (select {columns} from answer) to {literal(str(aside))} ({COPY[fmt]})").fetchone()
        assert written is not None
        if out is not None:
            aside.replace(out)
            return f"{_counted(written[0])} in {out}"
        with aside.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
        return _counted(written[0])


def _cell(name: str, kind: duckdb.sqltypes.DuckDBPyType) -> str:
    """A column as it stands in CSV: an apostrophe before each text that a spreadsheet would take for a formula."""
    column = quoted(name)
    if kind.id not in TEXTS:
        return column
    text = f"{column}::varchar"
    return f"if(regexp_matches({text}, {literal(FORMULA)}), {literal(chr(39))} || {text}, {text}) as {column}"


def _counted(rows: int) -> str:
    return f"{rows} row{'' if rows == 1 else 's'}"
