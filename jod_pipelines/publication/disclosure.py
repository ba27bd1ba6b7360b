"""What may leave the house: published columns only, and no opportunity that points at a few."""

from __future__ import annotations

import re

import polars as pl

from jod_pipelines.contracts.model import Table

CONTACT = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+|(?:\+358|\b0)[\s-]?\d(?:[\s-]?\d){6,10}\b")
"""E-mail addresses and Finnish phone numbers. OIDs and codes are longer or shorter runs of digits and dots."""


def permitted(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    """The columns the contract publishes, in its order."""
    return frame.select(column.name for column in table.columns if column.publish)


def small_groups(opportunities: pl.DataFrame, minimum: int) -> list[str]:
    """Ids of opportunities with fewer members than may be published."""
    return opportunities.filter(pl.col("members") < minimum)["opportunity_id"].to_list()


def contacts_in(frame: pl.DataFrame) -> list[str]:
    """Values of text columns that look like an e-mail address or a phone number."""
    found: list[str] = []
    for name, dtype in frame.schema.items():
        if dtype == pl.String and not name.endswith(("_id", "_uri", "_oid", "_code", "model")):
            values = frame[name].drop_nulls().unique()
            found += values.filter(values.str.contains(CONTACT.pattern)).to_list()[:3]
    return found
