"""Great Expectations suites made from contracts, run on narrow pandas frames and written as files people can open.

GX works on pandas only here: its SQL path fails on DuckDB and it knows no polars. It costs seconds to import, so it is
imported inside the function; a check that raised inside GX is reported as an error of the check, never as bad data.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl

from jod_pipelines.contracts.model import CONTRACTS, Severity, Table, vocabulary
from jod_pipelines.contracts.rules import Rule, rules_of
from jod_pipelines.errors import ContractError

FOLDER = CONTRACTS / "generated" / "expectations"


@dataclass(frozen=True)
class Finding:
    """One rule's result. `failed_rows` is None for rules over the whole table; `sample_keys` are keys of rows that break it."""

    rule: str
    column: str | None
    passed: bool
    failed_rows: int | None = None
    examples: tuple[str, ...] = ()
    severity: Severity = "block"
    sample_keys: tuple[str, ...] = ()


@dataclass
class CheckReport:
    """All rules of one table."""

    table: str
    rows: int
    findings: list[Finding] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether every rule held."""
        return all(finding.passed for finding in self.findings)

    @property
    def stops(self) -> bool:
        """Whether a rule that is more than a warning is broken."""
        return any(not finding.passed and finding.severity != "warn" for finding in self.findings)

    @property
    def line(self) -> str:
        """One line for people."""
        broken = sorted((f for f in self.findings if not f.passed), key=lambda finding: finding.severity == "warn")
        if not broken:
            return f"{self.table}: {self.rows} rows keep all {len(self.findings)} rules"
        first = broken[0]
        where = f"{first.column}: " if first.column else ""
        rows = f", {first.failed_rows} rows" if first.failed_rows is not None else ""
        example = f", such as {first.examples[0]!r}" if first.examples else ""
        keys = f", keys {'; '.join(first.sample_keys[:3])}" if first.sample_keys else ""
        return f"{self.table}: {len(broken)} rules broken, first {where}{first.rule}{rows}{example}{keys}"


def check_frame(frame: pl.DataFrame, table: Table) -> CheckReport:
    """Check a frame against its contract's column rules and keys with Great Expectations.

    Raises:
        ContractError: Great Expectations itself failed on a rule.
    """
    report = CheckReport(table.name, len(frame))
    rules = rules_of(table)
    types = [rule for rule in rules if rule.kind == "type"]
    wrong = {c.name for c in table.columns if c.name not in frame.columns or frame.schema[c.name] != c.polars_type}
    report.findings = [Finding(rule.name, rule.column, rule.column not in wrong) for rule in types]
    if wrong:  # the other rules speak of columns as they should be
        return report
    import great_expectations as gx

    made = suite(table)
    expected = gx.ExpectationSuite(name=made["name"], expectations=made["expectations"])
    batch = _batch_definition().get_batch(batch_parameters={"dataframe": _narrow(frame, table)})
    keyed = {"unexpected_index_column_names": list(table.primary_key)} if table.primary_key else {}
    result = batch.validate(expected, result_format={"result_format": "SUMMARY", **keyed})
    by_name = {(rule.name, rule.column): rule for rule in rules}
    for item in result.results:
        config, outcome = item.expectation_config, item.result or {}
        if item.exception_info and _raised(item.exception_info):
            raise ContractError(f"{table.name}: the check {config.type} itself failed", str(item.exception_info)[:2000])
        meta: dict[str, Any] = config.meta or {}
        rule = by_name.get((str(meta.get("rule")), meta.get("column")))
        examples = tuple(str(value) for value in (outcome.get("partial_unexpected_list") or [])[:3])
        report.findings.append(
            Finding(
                rule=rule.name if rule else "has the columns of its contract, and no others",
                column=rule.column if rule else None,
                passed=bool(item.success),
                failed_rows=outcome.get("unexpected_count"),
                examples=examples,
                severity=rule.severity if rule else "block",
                sample_keys=_keys(outcome.get("partial_unexpected_index_list"), table.primary_key),
            )
        )
    return report


def check_sql_rules(connection: Any, name: str, table: Table) -> list[Finding]:
    """Check a contract's rules over the whole table, each a query that counts what breaks it.

    Args:
        connection: a DuckDB connection in which `name` is the table.
    """
    findings = []
    for rule in table.rules:
        count = int(connection.execute(rule.query.format(table=name)).fetchone()[0])
        findings.append(Finding(rule.description, None, count == 0, count, (), rule.severity))
    return findings


def suite(table: Table) -> dict[str, Any]:
    """A contract's column rules and keys as a Great Expectations suite, in the form GX itself writes to a file.

    Each expectation's `meta` says why, in English, where the contract gives a reason.
    """
    severity = "warning" if table.severity == "warn" else "critical"
    expected = [{"type": kind, "kwargs": kwargs, "meta": meta, "severity": severity} for kind, kwargs, meta in _expected(table)]
    return {"name": f"{table.layer}.{table.physical_name}", "expectations": expected, "meta": {"contract": table.file}}


def generated_files(tables: Iterable[Table]) -> dict[Path, str]:
    """The suites as files, one line per expectation, for people and for other tools that run GX."""
    files = {}
    for table in tables:
        made = suite(table)
        lines = ",\n    ".join(json.dumps(item, ensure_ascii=False) for item in made["expectations"])
        files[FOLDER / f"{table.name}.json"] = (
            f'{{\n  "name": "{made["name"]}",\n  "meta": {json.dumps(made["meta"])},\n  "expectations": [\n    {lines}\n  ]\n}}\n'
        )
    return files


EXPECTED = ("required", "pattern", "allowed", "minimum", "maximum", "max_length", "unique", "key", "rows")
"""Kinds of rules that Great Expectations checks; SQL checks the others."""


def _expected(table: Table) -> Iterator[tuple[str, dict[str, Any], dict[str, str | None]]]:
    yield "expect_table_columns_to_match_set", {"column_set": [column.name for column in table.columns], "exact_match": True}, {}
    columns = {column.name: column for column in table.columns}
    for rule in rules_of(table):
        if rule.kind not in EXPECTED:
            continue
        kind, kwargs = _expectation(rule)
        column = columns.get(rule.column or "")
        reason = vocabulary()["rangeReasons"].get(column.range_reason or "", {}) if column is not None else {}
        meta: dict[str, str | None] = {"rule": rule.name, "column": rule.column}
        limits = rule.kind in ("minimum", "maximum") and bool(reason)
        yield f"expect_{kind}", kwargs, meta | ({"reason": reason["en"]} if limits else {})


def _expectation(rule: Rule) -> tuple[str, dict[str, Any]]:
    column, value = {"column": rule.column}, rule.value
    match rule.kind:
        case "required":
            return "column_values_to_not_be_null", column
        case "pattern":
            return "column_values_to_match_regex", {**column, "regex": f"^(?:{value})$"}
        case "allowed":  # numbers are written as text in a contract
            return "column_values_to_be_in_set", {**column, "value_set": [*value, *(int(v) for v in value if v.isdigit())]}
        case "minimum":
            return "column_values_to_be_between", {**column, "min_value": value}
        case "maximum":
            return "column_values_to_be_between", {**column, "max_value": value}
        case "max_length":
            return "column_value_lengths_to_be_between", {**column, "max_value": value}
        case "rows":
            return "table_row_count_to_be_between", {"min_value": value}
        case "key" if len(value) > 1:
            return "compound_columns_to_be_unique", {"column_list": list(value)}
        case _:
            return "column_values_to_be_unique", column


def _keys(rows: Any, key: tuple[str, ...]) -> tuple[str, ...]:
    """Keys of the first rows that Great Expectations found at fault."""
    return tuple(",".join(str(row[name]) for name in key) for row in (rows or [])[:5]) if key else ()


def _narrow(frame: pl.DataFrame, table: Table) -> Any:
    """The frame for GX: every column must be there, but only checked ones carry their values."""
    checked = {c.name for c in table.columns if c.required or c.unique or c.pattern or c.allowed or c.max_length}
    checked |= set(table.primary_key)
    checked |= {c.name for c in table.columns if c.minimum is not None or c.maximum is not None}
    present = [pl.col(name) if name in checked else pl.lit(None, dtype=pl.Boolean).alias(name) for name in frame.columns]
    return frame.select(present).to_pandas() if len(frame) else frame.to_pandas()


@lru_cache(maxsize=1)
def _batch_definition() -> Any:
    import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    source = context.data_sources.add_pandas("frames")
    return source.add_dataframe_asset("frame").add_batch_definition_whole_dataframe("whole")


def _raised(info: dict[str, Any]) -> bool:
    """GX nests exception info per metric, or gives one flat record."""
    if "raised_exception" in info:
        return bool(info["raised_exception"])
    return any(bool(item.get("raised_exception")) for item in info.values() if isinstance(item, dict))
