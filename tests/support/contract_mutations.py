"""Plants a violation of every rule of a contract, one at a time, and asks the gate that guards its layer what it sees.

Rows that keep the contract are made from the contract itself; a mutation changes as little of them as breaks one rule.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cache
from types import SimpleNamespace
from typing import Any

import duckdb
import orjson
import polars as pl
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from jod_pipelines import deriving
from jod_pipelines.contracts import enforcement, expectations, table_checks
from jod_pipelines.contracts.model import Column, Table, load_contracts
from jod_pipelines.contracts.rules import DRIFT, Rule, rules_of
from jod_pipelines.errors import HeldError
from jod_pipelines.landing.archive import Document
from jod_pipelines.landing.drift import Watch

ROWS = 3
VALID: dict[str, dict[str, Any]] = {
    "forecast_vacancies": {"origin": date(2026, 1, 1), "target_month": date(2026, 2, 1), "horizon_months": 1},
    "forecast_new_vacancies": {"origin": date(2026, 1, 1), "target_month": date(2026, 2, 1), "horizon_months": 1},
    "forecast_jobseekers": {"origin": date(2026, 1, 1), "target_month": date(2026, 2, 1), "horizon_months": 1},
    "forecast_applicants": {"origin_year": 2026, "target_year": 2027, "horizon_years": 1},
    "forecast_vintage": {"origin": date(2026, 1, 1), "target_month": date(2026, 2, 1), "horizon_months": 1},
    "forecast_skill_demand": {"origin": date(2026, 1, 1), "target_month": date(2026, 2, 1), "horizon_months": 1},
    "forecast_employment": {"origin_year": 2024, "target_year": 2025, "horizon_years": 1},
    "forecast_education_balance": {"origin_year": 2024, "target_year": 2025, "horizon_years": 1, "mean": 0.0},
    "education_demand_supply": {"openings_persons": 1.0, "supply_persons": 1.0, "gap_persons": 0.0},
    "skill_demand_supply": {"demanded_share_pct": 1.0, "supplied_share_pct": 1.0, "gap_pct_points": 0.0},
    "job_opportunity_distribution": {"distribution_type": "OSAAMINEN", "value_code": "http://data.europa.eu/esco/skill/a1"},
    "education_opportunity_distribution": {"distribution_type": "OSAAMINEN", "value_code": "http://data.europa.eu/esco/skill/a1"},
}
"""Values that rules in SQL ask for, beyond what the columns say."""
WITH_STATUS = "number_only_with_its_status"
"""The rule in SQL that all long tables share."""
BROKEN: dict[tuple[str, str], dict[str, Any]] = {
    ("forecast_vacancies", "quantiles_in_order"): {"q10": 5.0},
    ("forecast_vacancies", "horizon_is_months_ahead"): {"horizon_months": 2},
    ("forecast_new_vacancies", "quantiles_in_order"): {"q10": 5.0},
    ("forecast_new_vacancies", "horizon_is_months_ahead"): {"horizon_months": 2},
    ("forecast_jobseekers", "quantiles_in_order"): {"q10": 5.0},
    ("forecast_jobseekers", "horizon_is_months_ahead"): {"horizon_months": 2},
    ("forecast_applicants", "quantiles_in_order"): {"q10": 5.0},
    ("forecast_applicants", "horizon_is_years_ahead"): {"horizon_years": 2},
    ("forecast_vintage", "quantiles_in_order"): {"q10": 5.0},
    ("forecast_vintage", "horizon_is_months_ahead"): {"horizon_months": 2},
    ("forecast_skill_demand", "quantiles_in_order"): {"q10": 5.0},
    ("forecast_skill_demand", "horizon_is_months_ahead"): {"horizon_months": 2},
    ("forecast_employment", "quantiles_in_order"): {"q10": 5.0},
    ("forecast_employment", "horizon_is_years_ahead"): {"horizon_years": 2},
    ("forecast_employment", "only_change_may_fall"): {"q2_5": -1.0},
    ("forecast_education_balance", "quantiles_in_order"): {"q10": 5.0},
    ("forecast_education_balance", "horizon_is_years_ahead"): {"horizon_years": 2},
    ("forecast_education_balance", "balance_is_supply_less_openings"): {"mean": 5.0},
    ("education_demand_supply", "gap_is_openings_less_supply"): {"gap_persons": 5.0},
    ("education_opportunity", "durations_all_or_none"): {"duration_min_months": None},
    ("education_opportunity", "durations_in_order"): {"duration_min_months": 9},
    ("skill_trend", "alarm_has_postings"): {"trend": "emerging", "posting_ids": []},
    ("skill_demand_supply", "gap_is_demand_less_supply"): {"gap_pct_points": 5.0},
    ("job_opportunity_distribution", "codes_are_of_their_type"): {"value_code": "http://data.europa.eu/esco/occupation/a1"},
    ("job_opportunity_distribution", "single_values_sum_to_100"): {
        "distribution_type": "TYOAIKA",
        "value_code": "FULLTIME",
        "share_pct": 60.0,
    },
    ("education_opportunity_distribution", "codes_are_of_their_type"): {"distribution_type": "KUNTA", "value_code": "0091"},
}
"""What breaks a rule in SQL, by dataset and name of the rule: a new rule needs a line here."""
WRONG_TYPE = {"VARCHAR": 5, "VARCHAR[]": 5, "BOOLEAN": "perhaps"}


@dataclass
class Score:
    """Planted violations of a layer, and those that the gate did not name by rule and column."""

    planted: int = 0
    missed: list[str] = field(default_factory=list)

    @property
    def pct(self) -> float:
        """Caught, in percent of planted."""
        return 100 * (1 - len(self.missed) / self.planted) if self.planted else 100.0

    def note(self, table: Table, rule: Rule, *, caught: bool) -> None:
        self.planted += 1
        if not caught:
            self.missed.append(f"{table.physical_name}: {rule.column or 'table'}: {rule.name}")


def score(layer: str, only: str = "") -> Score:
    """Plant a violation of every rule of every contract of a layer, or of those of one table."""
    found = Score()
    plant = {"landing": _plant_in_landing, "marts": _plant_in_warehouse, "published": _plant_in_warehouse}[layer]
    for table in load_contracts()[layer].values():
        if only in ("", table.name):
            plant(table, found)
    return found


def valid_rows(table: Table, rows: int = ROWS) -> pl.DataFrame:
    """Rows that keep the contract, made from it."""
    rows = max(rows, table.min_rows)
    columns = {column.name: _values(column, rows) for column in table.columns}
    given = {"value": 1.0, "status": "value"} if any(rule.name == WITH_STATUS for rule in table.rules) else {}
    columns |= {name: [value] * rows for name, value in (given | VALID.get(table.name, {})).items()}
    return pl.DataFrame(columns, schema=table.polars_schema)


# ---- landing: judged as documents are typed -------------------------------------------------------------------------


def _plant_in_landing(table: Table, found: Score) -> None:
    valid = valid_rows(table)
    kept, broken = enforcement.enforce(valid, table)
    assert (len(kept), len(broken)) == (ROWS, 0), f"{table.physical_name}: rows meant to be valid are not: {broken.to_dicts()}"
    for rule in rules_of(table):
        found.note(table, rule, caught=_caught_in_landing(table, valid, rule))


def _caught_in_landing(table: Table, valid: pl.DataFrame, rule: Rule) -> bool:
    if rule.kind == "type":
        return _refused_by_type(table, valid, rule)
    if rule.kind in ("rows", "shrink", "growth"):
        return _held_by_volume(table, rule)
    if rule.kind in DRIFT:
        return _departure_met(table, rule)
    frame = planted(table, valid, rule)
    if rule.severity == "warn":
        return any(_names(finding, rule) for finding in expectations.check_frame(frame, table).findings)
    kept, broken = enforcement.enforce(frame, table)
    return len(kept) == ROWS - 1 and broken.select("rule", "column").rows() == [(rule.name, rule.column)]


def _refused_by_type(table: Table, valid: pl.DataFrame, rule: Rule) -> bool:
    """Both ways in: rows that a parser made, and frames that a reader made."""
    wrong = WRONG_TYPE.get(rule.value, "many")
    rows = valid.to_dicts()
    kept, refused = enforcement.frame_of([*rows[:-1], {**rows[-1], rule.column: wrong}], table)
    by_rows = len(kept) == ROWS - 1 and refused.select("rule", "column").rows() == [(rule.name, rule.column)]
    if rule.value.startswith("VARCHAR"):  # every value of a column can be written as text
        return by_rows
    texts = valid.with_columns(pl.Series(rule.column, [*valid[rule.column].cast(pl.String).head(ROWS - 1), wrong]))
    kept, refused = enforcement.conform(texts, table)
    return by_rows and len(kept) == ROWS - 1 and refused["column"].to_list() == [rule.column]


def _held_by_volume(table: Table, rule: Rule) -> bool:
    previous = 1000
    rows = {
        "rows": table.min_rows - 1,
        "shrink": int(previous * (1 - table.max_shrink_pct / 100)) - 1,
        "growth": int(previous * (1 + table.max_growth_pct / 100)) + deriving.SMALL_GROWTH_ROWS + 1,
    }[rule.kind]
    try:
        deriving.guard_volume(SimpleNamespace(label=table.contract, named_documents=False), table, rows, previous, "")
    except HeldError as held:
        return table.name in str(held) and {"rows": "expects", "shrink": "shrank", "growth": "grew"}[rule.kind] in str(held)
    return False


def _departure_met(table: Table, rule: Rule) -> bool:
    """What the verb of a kind of departure says is what becomes of a document that departs so."""
    if rule.kind == "new_code":
        return rule.value == "quarantine" or _new_code_met(table, rule)
    usual = [{"id": number, "name": "name"} for number in range(25)]
    strange = {
        "unknown_field": {"id": 1, "name": "a", "new": 1},
        "missing_field": {"id": 1},
        "changed_type": {"id": 1, "name": 5},
    }
    first = Watch(None, {}, table.drift.items, table.drift.ignore)
    first.look(_document(usual, table))
    watch = Watch(first.finish(), deriving.strictest([table.drift]), table.drift.items, table.drift.ignore)
    kept = watch.look(_document([*usual, strange[rule.kind]], table))
    told = [finding for finding in watch.findings.values() if finding.kind == rule.kind.replace("_", " ")]
    if not told or told[0].verb != rule.value:
        return False
    try:
        deriving.hold_departures(SimpleNamespace(label=table.contract), told)
    except HeldError:
        return rule.value == "hold"
    return rule.value == "accept" or (rule.value == "quarantine" and bool(watch.refused) and kept is not None)


def _new_code_met(table: Table, rule: Rule) -> bool:
    column = next(column for column in table.columns if column.allowed)
    frame = planted(table, valid_rows(table), next(r for r in rules_of(table) if r.kind == "allowed"))
    return [(f.path, f.verb) for f in deriving.new_codes(frame, table)] == [(f"{table.name}.{column.name}", rule.value)]


def _document(items: list[Any], table: Table) -> Document:
    body = {table.drift.items: items} if table.drift.items else items
    return Document("document", orjson.dumps(body), "")


# ---- marts and published datasets: judged where they stand -----------------------------------------------------------


def _plant_in_warehouse(table: Table, found: Score) -> None:
    with duckdb.connect() as connection:
        valid = _with_targets(connection, table)
        assert not _named(connection, table, valid), f"{table.name}: rows meant to be valid are not"
        for rules in _rounds(table):
            frame = valid
            for rule in rules:
                frame = planted(table, frame, rule)
            named = _named(connection, table, frame)
            for rule in rules:
                found.note(table, rule, caught=any(_names(finding, rule) for finding in named))


def _rounds(table: Table) -> Iterator[list[Rule]]:
    """Rules that can be broken together without hiding each other: of each column one at a time, those of the table alone."""
    by_column: dict[str | None, list[Rule]] = {}
    for rule in rules_of(table):
        if rule.kind in table_checks.OF_ONE_ROW:
            by_column.setdefault(rule.column, []).append(rule)
        else:
            yield [rule]
    for position in range(max(map(len, by_column.values()), default=0)):
        yield [rules[position] for rules in by_column.values() if position < len(rules)]


def _named(connection: Any, table: Table, frame: pl.DataFrame) -> list[expectations.Finding]:
    """What the gates of the layer find broken, as assets/checks.py asks them."""
    _put(connection, table.physical_name, frame)
    if table.layer == "marts":
        findings = table_checks.check_table(connection, table, rows_before=len(valid_rows(table))).findings
    else:
        findings = expectations.check_frame(frame, table).findings
        findings += table_checks.check_table(
            connection, table, kinds=("references", "shrink", "sql"), rows_before=len(valid_rows(table))
        ).findings
    return [finding for finding in findings if not finding.passed]


def _with_targets(connection: Any, table: Table) -> pl.DataFrame:
    """Valid rows, and in a database beside them what they refer to; where that is the table itself, each row refers to itself."""
    valid = valid_rows(table)
    targets: dict[str, list[pl.DataFrame]] = {}
    for column in table.columns:
        if not column.references:
            continue
        target, _, name = column.references.rpartition(".")
        if target == table.name:
            own, other = (name, column.name) if column.pattern else (column.name, name)
            valid = valid.with_columns(pl.col(other).alias(own))
        else:
            targets.setdefault(target, []).append(valid.select(pl.col(column.name).alias(name)))
    for target, referred in targets.items():
        _put(connection, table_checks.physical_name(target), pl.concat(referred, how="diagonal"))
    return valid


def _put(connection: Any, name: str, frame: pl.DataFrame) -> None:
    connection.execute(f"create schema if not exists {name.split('.')[0]}")
    connection.register("planted", frame.to_arrow())
    connection.execute(f"create or replace table {name} as select * from planted")


def _names(finding: expectations.Finding, rule: Rule) -> bool:
    return not finding.passed and (finding.rule, finding.column, finding.severity) == (rule.name, rule.column, rule.severity)


# ---- planting ---------------------------------------------------------------------------------------------------------


def planted(table: Table, frame: pl.DataFrame, rule: Rule) -> pl.DataFrame:
    """The frame with its last row (or, for rules of the table, all of it) breaking one rule."""
    if rule.kind == "rows":
        return frame.head(max(rule.value - 1, 0))
    if rule.kind == "shrink":
        return frame.head(0)
    if rule.kind == "type":
        other = pl.String() if frame.schema[rule.column] != pl.String() else pl.Int64()
        return frame.with_columns(pl.lit(None, other).alias(rule.column))
    if rule.kind == "sql":
        name = next(given.name for given in table.rules if given.description == rule.name)
        if name == WITH_STATUS:
            return _last(frame, {"status": "confidential"})
        assert (table.name, name) in BROKEN, f"say in {__name__}.BROKEN what breaks {name} of {table.name}"
        return _last(frame, BROKEN[(table.name, name)])
    if rule.kind in ("key", "unique"):
        columns = rule.value if rule.kind == "key" else (rule.column,)
        return _last(frame, {name: frame[name][0] for name in columns})
    column = next(column for column in table.columns if column.name == rule.column)
    return _last(frame, {column.name: _violation(column, rule)})


def _violation(column: Column, rule: Rule) -> Any:
    if rule.kind == "required":
        return None
    if rule.kind == "minimum":
        return type(_values(column, 1)[0])(rule.value - 1)
    if rule.kind == "maximum":
        return type(_values(column, 1)[0])(rule.value + 1)
    if rule.kind == "references":
        return _values(replace(column, references=None), 5_000)[-1]
    if rule.kind == "max_length":
        stem = _values(column, 1)[0]
        longer = [stem + stem[-1] * (rule.value + 1), "x" * (rule.value + 1)]
        return next((value for value in longer if _fits_pattern(column, value)), longer[0])
    if rule.kind == "pattern":
        tried = ("§ §", "")
        return next(value for value in tried if not re.fullmatch(column.pattern or "", value))
    numeric = column.type in ("INTEGER", "BIGINT")
    open_column = replace(column, allowed=())
    return 987 if numeric else next(value for value in _values(open_column, 40) if value not in column.allowed)


def _fits_pattern(column: Column, value: str) -> bool:
    return column.pattern is None or re.fullmatch(column.pattern, value) is not None


def _last(frame: pl.DataFrame, values: dict[str, Any]) -> pl.DataFrame:
    last = pl.int_range(pl.len()) == pl.len() - 1
    return frame.with_columns(
        pl.when(last).then(pl.lit(value, frame.schema[name])).otherwise(pl.col(name)).alias(name)
        for name, value in values.items()
    )


def _values(column: Column, rows: int) -> list[Any]:
    """Distinct values where the contract lets them be."""
    if column.allowed:
        codes = [column.allowed[row % len(column.allowed)] for row in range(rows)]
        return [int(code) for code in codes] if column.type in ("INTEGER", "BIGINT") else list(codes)
    if column.pattern:
        drawn = _matching(column.pattern, column.max_length)
        return [drawn[row % len(drawn)] for row in range(rows)]
    if column.type in ("INTEGER", "BIGINT", "DOUBLE"):
        first = column.minimum if column.minimum is not None else 0
        step = 1 if column.primary_key or column.unique else 0
        return [(float if column.type == "DOUBLE" else int)(first + step * row) for row in range(rows)]
    return {
        "VARCHAR": [f"{row} {column.name}"[: column.max_length] for row in range(rows)],
        "VARCHAR[]": [[column.name]] * rows,
        "BOOLEAN": [True] * rows,
        "DATE": [date(2026, 1, 1) + timedelta(days=row) for row in range(rows)],
        "TIMESTAMP": [datetime(2026, 1, 1) + timedelta(days=row) for row in range(rows)],
    }[column.type]


@cache
def _matching(pattern: str, max_length: int | None) -> list[str]:
    """Some values that match a pattern, drawn the same each time."""
    ascii_only = st.characters(min_codepoint=33, max_codepoint=126)
    values = st.from_regex(re.compile(pattern, re.ASCII), fullmatch=True, alphabet=ascii_only)
    short = values.filter(lambda value: len(value) <= (max_length or 200))
    drawn: list[str] = []

    @settings(max_examples=60, derandomize=True, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(short)
    def draw(value: str) -> None:
        drawn.append(value)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        draw()
    return list(dict.fromkeys(drawn))
