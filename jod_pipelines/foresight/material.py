"""What the datasets of foresight are made of, read from the warehouse, and where they are kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import polars as pl

from jod_pipelines.contracts.model import published_table
from jod_pipelines.forecasting.skill_gap import WHOLE_COUNTRY
from jod_pipelines.warehouse.build import Warehouse

NO_OCCUPATION = "unknown"

MATERIAL = f"""
    create temp table posting as
    select
        posting_id,
        published_month as month,
        coalesce(left(occupation_code, 4), '{NO_OCCUPATION}') as occupation_code,
        list_append(coalesce(region_codes, []), '{WHOLE_COUNTRY}') as region_codes
    from labour_market.fct_job_posting;

    create temp table asked as
    select posting_id, skill_uri from labour_market.fct_job_posting_skill
    union
    select item_id, skill_uri from recognised_posting;

    create temp table programme as
    select programme_oid, list_append(coalesce(flatten(list(region_codes)), []), '{WHOLE_COUNTRY}') as region_codes
    from education.fct_implementation
    where programme_oid in (select programme_oid from fct_programme_skill)
    group by programme_oid;
"""
"""A posting in several regions counts in each of them; the whole country counts it once."""


@contextmanager
def material(warehouse: Warehouse) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the tables `posting`, `asked` and `programme`, and what was recognised in texts."""
    with warehouse.reader() as connection:
        for name in ("recognised_posting", "fct_programme_skill"):
            connection.register(name, pl.read_parquet(warehouse.derived / f"{name}.parquet").to_arrow())
        connection.execute(MATERIAL)
        yield connection


def kept(warehouse: Warehouse, found: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Datasets in their contracts' shape, kept for dbt to take over."""
    for name, frame in found.items():
        table = published_table(name)
        found[name] = frame.select(list(table.polars_schema)).cast(table.polars_schema).sort(list(table.primary_key))
        warehouse.write_derived(name, found[name])
    return found
