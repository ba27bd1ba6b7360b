"""Checks a table of the warehouse where it stands: one scan for its rules about rows, a query for each of the others."""

from __future__ import annotations

from typing import Any

from jod_pipelines.contracts.expectations import CheckReport, Finding
from jod_pipelines.contracts.model import Table, load_contracts
from jod_pipelines.contracts.rules import OF_ONE_ROW, Rule, rules_of

SAMPLE_KEYS = 5


def check_table(
    connection: Any,
    table: Table,
    name: str | None = None,
    kinds: tuple[str, ...] | None = None,
    *,
    rows_before: int | None = None,
) -> CheckReport:
    """Check every row of a table against its contract: types, row rules, keys, references, volume, rules in SQL.

    Args:
        connection: a DuckDB connection in which the table, and those it refers to, are.
        name: what the table is called there, if not by its physical name.
        kinds: only rules of these kinds.
        rows_before: how many rows the table had when last released; without it, it may have any number.
    """
    name = name or table.physical_name
    types = dict(connection.execute(f"select column_name, column_type from (describe {name})").fetchall())
    rows = int(connection.execute(f"select count(*) from {name}").fetchone()[0])
    report = CheckReport(table.name, rows)
    for rule in (rule for rule in rules_of(table) if rule.kind == "type"):
        report.findings.append(Finding(rule.name, rule.column, types.get(str(rule.column)) == rule.value))
    if not report.passed:  # the other rules speak of columns as they should be
        return report
    if kinds is not None and "type" not in kinds:
        report.findings = []
    rules = [rule for rule in rules_of(table) if kinds is None or rule.kind in kinds]
    by_row = [rule for rule in rules if rule.kind in OF_ONE_ROW]
    counts = _counts(connection, name, by_row)
    report.findings += [_finding(connection, table, name, rule, count) for rule, count in zip(by_row, counts, strict=True)]
    for rule in rules:
        if rule.kind == "rows":
            report.findings.append(Finding(rule.name, None, rows >= rule.value, None, (), rule.severity))
        elif rule.kind == "shrink":
            report.findings.append(_shrink(table.name, rule, rows, rows_before))
        elif rule.kind in ("key", "unique"):
            columns = table.primary_key if rule.kind == "key" else (str(rule.column),)
            report.findings.append(_unique(connection, name, columns, rule))
        elif rule.kind == "sql":
            count = int(connection.execute(rule.value.format(table=name)).fetchone()[0])
            report.findings.append(Finding(rule.name, None, count == 0, count, (), rule.severity))
    return report


def broken_rows(rule: Rule) -> str:
    """An SQL condition that is true for the rows that break a rule about single rows."""
    column = f'"{rule.column}"'
    if rule.kind == "required":
        return f"{column} is null"
    if rule.kind == "pattern":
        return f"not regexp_full_match({column}, {_text(rule.value)})"
    if rule.kind == "allowed":
        return f"{column}::varchar not in ({', '.join(map(_text, rule.value))})"
    if rule.kind == "minimum":
        return f"{column} < {rule.value}"
    if rule.kind == "maximum":
        return f"{column} > {rule.value}"
    if rule.kind == "max_length":
        return f"length({column}) > {rule.value}"
    target, _, field = rule.value.rpartition(".")
    return f'{column} not in (select "{field}" from {physical_name(target)} where "{field}" is not null)'


def physical_name(table: str) -> str:
    """Where the warehouse has a mart or a published dataset."""
    contracts = load_contracts()
    return (contracts["marts"].get(table) or contracts["published"][table]).physical_name


def _counts(connection: Any, name: str, rules: list[Rule]) -> list[int]:
    if not rules:
        return []
    counted = ", ".join(f"count(*) filter (where {broken_rows(rule)})" for rule in rules)
    return list(connection.execute(f"select {counted} from {name}").fetchone())


def _finding(connection: Any, table: Table, name: str, rule: Rule, count: int) -> Finding:
    keys: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    if count:
        key = _key(table.primary_key)
        found = connection.execute(
            f'select {key}, "{rule.column}"::varchar from {name} where {broken_rows(rule)} order by all limit {SAMPLE_KEYS}'
        ).fetchall()
        keys = tuple(row[0] for row in found if row[0] is not None)
        examples = tuple(str(row[1]) for row in found)
    return Finding(rule.name, rule.column, count == 0, count, examples, rule.severity, keys)


def _shrink(name: str, rule: Rule, rows: int, before: int | None) -> Finding:
    holds = not before or rows >= before * (1 - rule.value / 100)
    told = (f"{before} rows when last released, {rows} now; if that is right, JOD_ACCEPT_SHRINK='[\"{name}\"]' lets it through",)
    return Finding(rule.name, None, holds, None, () if holds else told, rule.severity)


def _unique(connection: Any, name: str, columns: tuple[str, ...], rule: Rule) -> Finding:
    listed, given = ", ".join(f'"{column}"' for column in columns), " and ".join(f'"{column}" is not null' for column in columns)
    repeated = f"select {_key(columns)} as key, count(*) as times from {name} where {given} group by {listed} having count(*) > 1"
    count, keys = connection.execute(
        f"select coalesce(sum(times), 0)::bigint, coalesce(list(key order by key)[:{SAMPLE_KEYS}], []) from ({repeated})"
    ).fetchone()
    keys = tuple(keys) if rule.kind == "key" else ()
    return Finding(rule.name, rule.column, count == 0, count, keys, rule.severity, keys)


def _key(columns: tuple[str, ...]) -> str:
    """The key of a row as one text; null where the table has none."""
    return f"concat_ws(',', {', '.join(f'{chr(34)}{column}{chr(34)}' for column in columns)})" if columns else "null::varchar"


def _text(value: Any) -> str:
    return "'" + str(value).replace("'", "''") + "'"
