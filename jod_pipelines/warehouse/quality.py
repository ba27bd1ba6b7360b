"""Schema `quality` of the warehouse: what checks found, and the rows that were set aside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jod_pipelines.contracts.enforcement import QUARANTINE_SCHEMA
from jod_pipelines.contracts.model import load_contracts

if TYPE_CHECKING:
    import duckdb

    from jod_pipelines.platform import Platform

QUARANTINE = "quality.quarantine"
"""Every row in quarantine, of all datasets; `quality.quarantine_<dataset>` shows those of one."""


def ensure_quality(connection: duckdb.DuckDBPyConnection, platform: Platform) -> None:
    """Put the schema into a warehouse that was begun before there was one."""
    if connection.execute("select 1 from information_schema.schemata where schema_name = 'quality'").fetchone() is None:
        show_quality(connection, platform)


def show_quality(connection: duckdb.DuckDBPyConnection, platform: Platform) -> None:
    """Put check results and quarantines into a warehouse that is begun.

    Results are views over files that never change, so that those of the newest run are there as soon as it has ended.
    Quarantined rows of the landing are copied, since its files go when a document is erased or derived again; those of marts
    come while dbt builds.
    """
    files = platform.quality.files.replace("'", "''")
    columns = ", ".join(f'"{name}"' for name in QUARANTINE_SCHEMA)
    connection.execute(f"""
        create schema if not exists quality;
        create or replace table quality.build as select now()::timestamptz at time zone 'UTC' as begun_at;
        create or replace view quality.quality_results as select * from read_parquet('{files}');
        create or replace view quality.latest_results as
        with dated as (
            select *, max(checked_at) over (partition by run_id, dataset, checked_by) as run_checked_at
            from quality.quality_results
        )
        select * exclude (run_checked_at) from dated
        qualify run_checked_at = max(run_checked_at) over (partition by dataset, checked_by);
        create table if not exists {QUARANTINE} (
            dataset varchar, source_document varchar, "column" varchar, rule varchar, value varchar, row varchar
        );
        create or replace view quality.quarantine_counts as
        select dataset, "column", rule, count(*) as rows, count(distinct source_document) as source_documents
        from {QUARANTINE} group by all order by all;
    """)
    datasets = {table.name for layer in ("marts", "published") for table in load_contracts()[layer].values()}
    # Rows of a mart that is taken over from the build before stay set aside; the landing's are read anew.
    connection.execute(f"delete from {QUARANTINE} where not list_contains(?, dataset)", [sorted(datasets)])
    for label in platform.archive.labels():
        landed = platform.archive.resource(*label.split("/"))
        for table in landed.tables():
            dataset = f"{label.replace('/', '__')}__{table}"
            datasets.add(dataset)
            if refused := landed.quarantine_files(table):
                rows = f"select ? as dataset, {columns} from read_parquet(?)"
                connection.execute(f"insert into {QUARANTINE} by name {rows}", [dataset, [str(path) for path in refused]])
    for dataset in sorted(datasets):
        shown = f"select {columns} from {QUARANTINE} where dataset = '{dataset}'"
        connection.execute(f'create or replace view quality."quarantine_{dataset}" as {shown}')
