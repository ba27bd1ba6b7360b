"""What must be known of the warehouse before a release is made of it."""

from __future__ import annotations

from typing import Any

import polars as pl

from jod_pipelines.contracts.model import load_contracts
from jod_pipelines.contracts.rules import rules_of
from jod_pipelines.quality import latest


def unchecked_rules(results: pl.DataFrame, connection: Any) -> list[str]:
    """Rules of marts and published datasets that no check has judged since the build was begun, in words, sorted.

    Args:
        results: the quality log, with what the run under way has found so far.
        connection: of the warehouse that would be published.
    """
    judged = set(_of_this_build(results, connection).select("dataset", "rule", "column").iter_rows())
    planned = [
        (table.name, rule)
        for layer in ("marts", "published")
        for table in load_contracts()[layer].values()
        for rule in rules_of(table)
    ]
    return sorted(
        f"{dataset}: {rule.column + ': ' if rule.column else ''}{rule.name}"
        for dataset, rule in planned
        if (dataset, rule.name, rule.column) not in judged
    )


def warnings_of(results: pl.DataFrame, connection: Any) -> list[str]:
    """What a release is published in spite of: rules that only warn and are broken, and rows set aside, in words, sorted."""
    broken = latest(_of_this_build(results, connection)).filter(~pl.col("passed") & (pl.col("severity") == "warn"))
    counts = connection.execute('select dataset, rule, "column", rows from quality.quarantine_counts').fetchall()
    marts = {table.name for layer in ("marts", "published") for table in load_contracts()[layer].values()}
    aside = [f"{dataset}: {column}: {rule}: {rows} rows set aside" for dataset, rule, column, rows in counts if dataset in marts]
    return sorted({*broken["message"], *aside})


def _of_this_build(results: pl.DataFrame, connection: Any) -> pl.DataFrame:
    begun = connection.execute("select begun_at from quality.build").fetchone()[0]
    return results.filter(pl.col("checked_at") >= begun)
