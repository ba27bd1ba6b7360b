"""The contract of a table that no file speaks of: what its source says of it, under the platform's general rules.

A table of Statistics Finland or a resource of Vipunen that was only added to the settings lands under such a contract.
Writing `data_contracts/landing/<source>.<resource>.yaml` replaces it.
"""

from __future__ import annotations

from collections.abc import Iterable

from jod_pipelines.contracts.model import Column, Table

MAX_SHRINK_PCT = 10.0
SOURCE_DOCUMENT = Column(
    "source_document",
    "VARCHAR",
    {
        "fi": "Laskeutuneen dokumentin avain, josta rivi on",
        "sv": "Nyckeln till det landade dokument som raden kommer från",
        "en": "Key of the landed document the row comes from",
    },
    required=True,
)


def described_table(source: str, resource: str, table: str, columns: Iterable[Column], description: dict[str, str]) -> Table:
    """A landing contract made of described columns: at least one row, and no fewer than 90 % of the last time."""
    return Table(
        layer="landing",
        contract=f"{source}/{resource}",
        name=table,
        physical_name=f"{source}__{resource}__{table}",
        description=description,
        columns=(*columns, SOURCE_DOCUMENT),
        rules=(),
        severity="quarantine",
        min_rows=1,
        max_shrink_pct=MAX_SHRINK_PCT,
        freshness_hours=None,
    )
