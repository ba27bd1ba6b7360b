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

from jod_pipelines.contracts.model import CONTRACTS, Column, Table, vocabulary
from jod_pipelines.errors import ContractError

FOLDER = CONTRACTS / "generated" / "expectations"


@dataclass(frozen=True)
class Finding:
    """One rule's result. `failed_rows` is None for rules over the whole table."""

    rule: str
    column: str | None
    passed: bool
    failed_rows: int | None = None
    examples: tuple[str, ...] = ()


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
    def line(self) -> str:
        """One line for people."""
        broken = [finding for finding in self.findings if not finding.passed]
        if not broken:
            return f"{self.table}: {self.rows} rows keep all {len(self.findings)} rules"
        first = broken[0]
        where = f"{first.column}: " if first.column else ""
        rows = f", {first.failed_rows} rows" if first.failed_rows is not None else ""
        example = f", such as {first.examples[0]!r}" if first.examples else ""
        return f"{self.table}: {len(broken)} rules broken, first {where}{first.rule}{rows}{example}"


def check_frame(frame: pl.DataFrame, table: Table) -> CheckReport:
    """Check a frame against its contract's column rules and keys with Great Expectations.

    Raises:
        ContractError: Great Expectations itself failed on a rule.
    """
    missing = [column.name for column in table.columns if column.name not in frame.columns]
    if missing:
        return CheckReport(
            table.name, len(frame), [Finding("has the columns of its contract", missing[0], False, None, tuple(missing))]
        )
    import great_expectations as gx

    made = suite(table)
    expected = gx.ExpectationSuite(name=made["name"], expectations=made["expectations"])
    batch = _batch_definition().get_batch(batch_parameters={"dataframe": _narrow(frame, table)})
    result = batch.validate(expected, result_format="SUMMARY")
    report = CheckReport(table.name, len(frame))
    for item in result.results:
        config, outcome = item.expectation_config, item.result or {}
        if item.exception_info and _raised(item.exception_info):
            raise ContractError(f"{table.name}: the check {config.type} itself failed", str(item.exception_info)[:2000])
        kwargs = {key: value for key, value in config.kwargs.items() if key not in ("batch_id", "column")}
        examples = tuple(str(value) for value in (outcome.get("partial_unexpected_list") or [])[:3])
        report.findings.append(
            Finding(
                rule=f"{config.type.removeprefix('expect_')} {_shown(kwargs)}".strip(),
                column=config.kwargs.get("column"),
                passed=bool(item.success),
                failed_rows=outcome.get("unexpected_count"),
                examples=examples,
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
        findings.append(Finding(rule.description, None, count == 0, count))
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


def _expected(table: Table) -> Iterator[tuple[str, dict[str, Any], dict[str, str]]]:
    yield "expect_table_columns_to_match_set", {"column_set": [column.name for column in table.columns], "exact_match": True}, {}
    if table.min_rows:
        yield "expect_table_row_count_to_be_between", {"min_value": table.min_rows}, {}
    for column in table.columns:
        for kind, kwargs, meta in _expected_of(column):
            yield f"expect_column_{kind}", {"column": column.name, **kwargs}, meta
    if len(table.primary_key) == 1:
        yield "expect_column_values_to_be_unique", {"column": table.primary_key[0]}, {}
    elif table.primary_key:
        yield "expect_compound_columns_to_be_unique", {"column_list": list(table.primary_key)}, {}


def _expected_of(column: Column) -> Iterator[tuple[str, dict[str, Any], dict[str, str]]]:
    if column.required:
        yield "values_to_not_be_null", {}, {}
    if column.unique and not column.primary_key:
        yield "values_to_be_unique", {}, {}
    if column.pattern:
        yield "values_to_match_regex", {"regex": f"^(?:{column.pattern})$"}, {}
    if column.allowed:
        numeric = column.type in ("INTEGER", "BIGINT")
        yield "values_to_be_in_set", {"value_set": [int(value) if numeric else value for value in column.allowed]}, {}
    if column.minimum is not None or column.maximum is not None:
        limits = {"min_value": column.minimum, "max_value": column.maximum}
        reason = vocabulary()["rangeReasons"].get(column.range_reason or "", {})
        yield "values_to_be_between", limits, {"reason": reason["en"]} if reason else {}
    if column.max_length is not None:
        yield "value_lengths_to_be_between", {"max_value": column.max_length}, {}


def _narrow(frame: pl.DataFrame, table: Table) -> Any:
    """The frame for GX: every column must be there, but only checked ones carry their values."""
    checked = {c.name for c in table.columns if c.required or c.unique or c.pattern or c.allowed or c.max_length}
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


def _shown(kwargs: dict[str, Any]) -> str:
    text = ", ".join(f"{key}={value}" for key, value in kwargs.items())
    return text if len(text) < 120 else text[:117] + "..."
