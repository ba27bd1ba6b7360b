"""Every rule a contract makes, one by one and under one name, whichever gate checks it.

Landing rows are judged by polars as they are typed, marts and published datasets by SQL where they stand, landed tables and
published datasets by Great Expectations besides. All of them tell what they found under the names given here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from jod_pipelines.contracts.model import Column, Severity, Table

Kind = Literal[
    "required", "pattern", "allowed", "minimum", "maximum", "max_length", "references",  # of one row
    "type", "unique", "key", "rows", "sql", "shrink",  # of the table
    "growth", "unknown_field", "missing_field", "changed_type", "new_code",  # of a landed snapshot
]  # fmt: skip
OF_ONE_ROW = ("required", "pattern", "allowed", "minimum", "maximum", "max_length", "references")
DRIFT = ("unknown_field", "missing_field", "changed_type", "new_code")


@dataclass(frozen=True)
class Rule:
    """One rule of one table.

    `name` is what people read and results carry; `column` is None for rules over the whole table, and lists the columns of a
    key; `value` is the limit, the pattern, the allowed values, the column referred to, the query or the verb.
    """

    kind: Kind
    name: str
    column: str | None
    severity: Severity
    value: Any = None


def rules_of(table: Table) -> list[Rule]:
    """All rules of a contract, those of its columns first."""
    rules = [rule for column in table.columns for rule in _column_rules(column, table)]
    if table.primary_key:
        rules.append(Rule("key", "unique key", ",".join(table.primary_key), _of_table(table.severity, table), table.primary_key))
    if table.min_rows:
        rules.append(Rule("rows", f"at least {table.min_rows} rows", None, "block", table.min_rows))
    if table.max_shrink_pct < 100:
        rules.append(Rule("shrink", f"shrinks by at most {table.max_shrink_pct:g} %", None, "block", table.max_shrink_pct))
    rules += [Rule("sql", rule.description, None, rule.severity, rule.query) for rule in table.rules]
    return rules + (list(_snapshot_rules(table)) if table.layer == "landing" else [])


def _column_rules(column: Column, table: Table) -> Iterator[Rule]:
    severity, name = table.severity_of(column), column.name
    untypable: Severity = "quarantine" if table.layer == "landing" and severity != "block" else "block"
    yield Rule("type", f"type {column.type}", name, untypable, column.type)
    if column.required:
        yield Rule("required", "required", name, severity)
    if column.pattern:
        yield Rule("pattern", f"pattern {column.pattern}", name, severity, column.pattern)
    if column.allowed:
        told = table.layer == "landing" and table.drift.new_code != "quarantine"
        yield Rule("allowed", f"one of {', '.join(column.allowed)}", name, "warn" if told else severity, column.allowed)
    if column.minimum is not None:
        yield Rule("minimum", f"at least {column.minimum}", name, severity, column.minimum)
    if column.maximum is not None:
        yield Rule("maximum", f"at most {column.maximum}", name, severity, column.maximum)
    if column.max_length is not None:
        yield Rule("max_length", f"at most {column.max_length} characters", name, severity, column.max_length)
    if column.unique and not column.primary_key:
        yield Rule("unique", "unique", name, _of_table(severity, table))
    if column.references and table.layer != "landing":
        # A key column may hold a code that its dimension lacks: the row is still told from others by it.
        own = column.severity or table.severity
        yield Rule("references", f"refers to {column.references}", name, _of_table(own, table), column.references)


def _of_table(severity: Severity, table: Table) -> Severity:
    """In the warehouse a row that breaks a rule between rows or tables cannot be told from the row it collides with."""
    return "block" if severity == "quarantine" and table.layer != "landing" else severity


def _snapshot_rules(table: Table) -> Iterator[Rule]:
    yield Rule("growth", f"grows by at most {table.max_growth_pct:g} %", None, "block", table.max_growth_pct)
    for kind in DRIFT:
        verb = getattr(table.drift, kind)
        severity: Severity = {"accept": "warn", "quarantine": "quarantine", "hold": "block"}[verb]  # type: ignore[assignment]
        if kind != "new_code" or any(column.allowed for column in table.columns):
            yield Rule(kind, f"{kind.replace('_', ' ')}: {verb}", None, severity, verb)  # type: ignore[arg-type]
