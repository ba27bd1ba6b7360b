"""What may leave the house: published columns only, and no opportunity that points at a few."""

from __future__ import annotations

import polars as pl

from jod_pipelines.contacts import find_contact
from jod_pipelines.contracts.model import Table


def permitted(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    """The columns the contract publishes, in its order."""
    return frame.select(column.name for column in table.columns if column.publish)


def small_groups(opportunities: pl.DataFrame, minimum: int) -> list[str]:
    """Ids of opportunities with fewer members than may be published."""
    return opportunities.filter(pl.col("members") < minimum)["opportunity_id"].to_list()


def contacts_in(frame: pl.DataFrame) -> list[str]:
    """Texts that look like an e-mail address or a phone number, from text columns and lists of texts; three of a column."""
    found: list[str] = []
    for name, dtype in frame.schema.items():
        values = frame[name].explode() if isinstance(dtype, pl.List) and dtype.inner == pl.String else frame[name]
        if values.dtype == pl.String and not f"_{name.rstrip('s')}".endswith(("_id", "_uri", "_oid", "_code", "model")):
            found += list(filter(find_contact, values.drop_nulls().unique(maintain_order=True)))[:3]
    return found
