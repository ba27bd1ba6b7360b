"""The analyst database: the published datasets in one DuckDB file, with comments on every table and column."""

from __future__ import annotations

from pathlib import Path

import duckdb

from jod_pipelines.contracts.model import published_table
from jod_pipelines.publication.datapackage import ReleaseNote


def write_analyst_database(path: Path, parquet: dict[str, Path], note: ReleaseNote) -> None:
    """Make the file anew from the release's own Parquet files.

    Args:
        parquet: file by dataset.
    """
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table release (property varchar primary key, value varchar)")
        facts = {"release_id": note.release_id, "created": note.created, "data_origin": note.data_origin, "as_of": note.as_of}
        connection.executemany("insert into release values (?, ?)", list(facts.items()))
        connection.execute(f"comment on table release is {_text(f'What this release is. Data origin: {note.data_origin}')}")
        for name, file in sorted(parquet.items()):
            table = published_table(name)
            connection.execute(f'create table "{name}" as select * from read_parquet({_text(str(file))})')
            connection.execute(f'comment on table "{name}" is {_text(_comment(table.description, note.data_origin))}')
            for column in table.columns:
                if column.publish:
                    unit = f" Unit: {column.unit}." if column.unit else ""
                    comment = _text(_comment(column.description, None) + unit)
                    connection.execute(f'comment on column "{name}"."{column.name}" is {comment}')
        connection.execute("checkpoint")


def _comment(description: dict[str, str], data_origin: str | None) -> str:
    parts = [f"{language}: {description[language]}" for language in ("fi", "sv", "en") if language in description]
    if data_origin:
        parts.append(f"data origin: {data_origin}")
    return " | ".join(parts)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
