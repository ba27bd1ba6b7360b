"""Splits a frame into the rows that keep a contract and the rows that break it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import orjson
import polars as pl

from jod_pipelines.contracts.model import Column, Table

_MISFITS = (TypeError, OverflowError, pl.exceptions.PolarsError)
QUARANTINE_SCHEMA: dict[str, pl.DataType] = {
    "source_document": pl.String(),
    "column": pl.String(),
    "rule": pl.String(),
    "value": pl.String(),
    "row": pl.String(),
}
"""Columns of every quarantine table: which document, which rule, which value, and the whole row as JSON."""


def frame_of(rows: Sequence[dict[str, Any]], table: Table) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows as a frame of the contract's columns, and the rows whose values have a wrong type.

    Missing keys become null; keys the contract does not know are left out (the raw document still has them).

    Returns:
        (frame with `table.polars_schema`, quarantine with `QUARANTINE_SCHEMA`).
    """
    columns: list[pl.Series] = []
    wrong: dict[int, Column] = {}
    for column in table.columns:
        values = [row.get(column.name) for row in rows]
        try:
            columns.append(_series(column, values))
        except _MISFITS:
            misfits = [place for place, value in enumerate(values) if not _fits(value, column)]
            if not misfits:
                raise
            wrong = dict.fromkeys(misfits, column) | wrong
    if not wrong:
        return pl.DataFrame(columns), pl.DataFrame(schema=QUARANTINE_SCHEMA)
    refused = []
    for place, column in sorted(wrong.items()):
        row = {name: rows[place].get(name) for name in table.polars_schema}
        refused.append(_refusal(row, column.name, f"type {column.type}", row[column.name]))
    kept, _ = frame_of([row for place, row in enumerate(rows) if place not in wrong], table)
    return kept, pl.DataFrame(refused, schema=QUARANTINE_SCHEMA, orient="row")


def conform(frame: pl.DataFrame, table: Table) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A frame with the contract's columns and types, and the rows whose values do not fit them.

    Columns the contract does not know are left out, columns the frame does not have become null.

    Returns:
        (frame with `table.polars_schema`, quarantine with `QUARANTINE_SCHEMA`).
    """
    source = frame.with_columns(
        pl.lit(None, dtype=c.polars_type).alias(c.name) for c in table.columns if c.name not in frame.columns
    )
    typed = source.select(_as_promised(column, source.schema[column.name]) for column in table.columns)
    refused = pl.DataFrame(schema=QUARANTINE_SCHEMA)
    lost = pl.DataFrame({c.name: typed[c.name].is_null() & source[c.name].is_not_null() for c in table.columns})
    if not any(lost[name].any() for name in lost.columns):
        return typed, refused
    bad = lost.select(pl.any_horizontal(pl.all())).to_series()
    rows = [
        _refusal(row, name, f"type {table.polars_schema[name]}", row[name])
        for row, flags in zip(source.filter(bad).iter_rows(named=True), lost.filter(bad).iter_rows(named=True), strict=True)
        for name in [next(name for name, flag in flags.items() if flag)]
    ]
    return typed.filter(~bad), pl.DataFrame(rows, schema=QUARANTINE_SCHEMA, orient="row")


def _as_promised(column: Column, dtype: pl.DataType) -> pl.Expr:
    value = pl.col(column.name)
    if dtype == pl.String and column.type == "DATE":  # no casts for these pairs
        return value.str.to_date("%Y-%m-%d", strict=False)
    if dtype == pl.String and column.type == "TIMESTAMP":
        return value.str.to_datetime(time_unit="us", strict=False)
    if dtype == pl.String and column.type == "BOOLEAN":
        return value.replace_strict({"true": True, "false": False}, default=None, return_dtype=pl.Boolean)
    return value.cast(column.polars_type, strict=False)


def refused_document(document: str, reason: str) -> dict[str, Any]:
    """A quarantine row for a document that could not be read at all."""
    return {"source_document": document, "column": None, "rule": "readable document", "value": reason, "row": None}


def enforce(frame: pl.DataFrame, table: Table) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split by the contract's column rules and primary key. Rules that only warn split nothing; the checks tell of them.

    A row that breaks several rules is reported under the first. Of rows with one key the first stays.

    Returns:
        (rows that keep the contract, quarantine with `QUARANTINE_SCHEMA`).
    """
    told = {column.name for column in table.columns if table.severity_of(column) == "warn"}
    judged = [column for column in table.columns if column.name not in told]
    rules = [rule for column in judged for rule in _rules(column, closed=table.drift.new_code == "quarantine")]
    key = table.primary_key
    if key and table.severity != "warn":
        rules.append(
            (",".join(key), "unique key", pl.struct(key).is_first_distinct(), pl.format(",".join(["{}"] * len(key)), *key))
        )
    for column in judged:
        if column.unique and not column.primary_key:
            ok = pl.col(column.name).is_first_distinct() | pl.col(column.name).is_null()
            rules.append((column.name, "unique", ok, pl.col(column.name).cast(pl.String)))
    if not rules:
        return frame, pl.DataFrame(schema=QUARANTINE_SCHEMA)
    verdict: pl.Expr = pl.lit(None, dtype=pl.Int32)
    for index in reversed(range(len(rules))):
        verdict = pl.when(rules[index][2].fill_null(True)).then(verdict).otherwise(pl.lit(index, dtype=pl.Int32))
    marked = frame.with_columns(verdict.alias("_broken"))
    broken = marked.filter(pl.col("_broken").is_not_null())
    if broken.is_empty():
        return frame, pl.DataFrame(schema=QUARANTINE_SCHEMA)
    return marked.filter(pl.col("_broken").is_null()).drop("_broken"), _quarantine(broken, rules)


def _rules(column: Column, *, closed: bool) -> list[tuple[str, str, pl.Expr, pl.Expr]]:
    value, name = pl.col(column.name), column.name
    shown = value.cast(pl.String) if not column.type.endswith("[]") else value.list.join(",")
    rules = []
    if column.required:
        rules.append((name, "required", value.is_not_null(), shown))
    if column.pattern:
        rules.append((name, f"pattern {column.pattern}", value.str.contains(f"^(?:{column.pattern})$"), shown))
    if column.allowed and closed:
        rules.append((name, f"one of {', '.join(column.allowed)}", value.is_in(list(column.allowed)), shown))
    if column.minimum is not None:
        rules.append((name, f"at least {column.minimum}", value >= column.minimum, shown))
    if column.maximum is not None:
        rules.append((name, f"at most {column.maximum}", value <= column.maximum, shown))
    if column.max_length is not None:
        rules.append((name, f"at most {column.max_length} characters", value.str.len_chars() <= column.max_length, shown))
    return rules


def _quarantine(broken: pl.DataFrame, rules: list[tuple[str, str, pl.Expr, pl.Expr]]) -> pl.DataFrame:
    document = pl.col("source_document") if "source_document" in broken.columns else pl.lit(None, dtype=pl.String)
    parts = [
        broken.filter(pl.col("_broken") == index).select(
            document.alias("source_document"),
            pl.lit(name).alias("column"),
            pl.lit(rule).alias("rule"),
            shown.cast(pl.String).alias("value"),
            pl.struct(pl.exclude("_broken")).struct.json_encode().alias("row"),
        )
        for index, (name, rule, _, shown) in enumerate(rules)
    ]
    return pl.concat(parts)


def _refusal(row: dict[str, Any], column: str, rule: str, value: Any) -> dict[str, Any]:
    return {"source_document": row.get("source_document"), "column": column, "rule": rule, "value": str(value), "row": str(row)}


def _series(column: Column, values: list[Any]) -> pl.Series:
    """A column's values as the contract's type; raises one of `_MISFITS` when one of them is not."""
    if column.type != "VARCHAR[]":
        return pl.Series(column.name, values, dtype=column.polars_type, strict=True)
    # By way of JSON, which polars reads ten times faster than lists of Python, but reads numbers as texts.
    items = chain.from_iterable(filter(None, values))
    if not (set(map(type, values)) <= {list, tuple, type(None)} and set(map(type, items)) <= {str, type(None)}):
        raise TypeError(f"{column.name}: not lists of texts")
    texts = [None if value is None else orjson.dumps(value).decode() for value in values]
    return pl.Series(column.name, texts, dtype=pl.String).str.json_decode(column.polars_type)


def _fits(value: Any, column: Column) -> bool:
    try:
        _series(column, [value])
    except _MISFITS:
        return False
    return True
