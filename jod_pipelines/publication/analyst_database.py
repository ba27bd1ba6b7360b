"""The analyst database: the published datasets in one DuckDB file, with comments on every table and column."""

from __future__ import annotations

from pathlib import Path

import duckdb

from jod_pipelines.contracts.comments import comment_on
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
        connection.execute(f"comment on table release is 'What this release is. Data origin: {note.data_origin}'")
        for name, file in sorted(parquet.items()):
            table = published_table(name)
            connection.execute(f'create table "{name}" as from read_parquet($file)', {"file": str(file)})
            published = [column for column in table.columns if column.publish]
            comment_on(connection, f'"{name}"', table, published, f"data origin: {note.data_origin}")
        connection.execute("checkpoint")
