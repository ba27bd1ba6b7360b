"""dbt's YAML, generated from the contracts: sources for landing, enforced models with tests for the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from jod_pipelines.contracts.model import Column, Severity, Table, load_contracts
from jod_pipelines.contracts.rules import OF_ONE_ROW, rules_of
from jod_pipelines.contracts.table_checks import broken_rows

MODELS = Path(__file__).resolve().parents[2] / "dbt_project" / "models"
HEADER = "# Generated from data_contracts/ by `jod contracts generate`. Change the contract, not this file.\n"
DERIVED = ("opportunities", "forecasts")
"""Subjects whose tables are made by Python rooms and read by dbt as sources."""


def generated_files() -> dict[Path, str]:
    """Every generated dbt file and its text."""
    contracts = load_contracts()
    marts = [*contracts["marts"].values(), *contracts["published"].values()]
    files = {MODELS / "staging" / "_landing.yml": _dump(_landing(contracts["landing"]))}
    derived = derived_tables()
    files[MODELS / "marts" / "_derived.yml"] = _dump(_derived(derived))
    for subject in sorted({_subject(table) for table in marts}):
        models = [_model(table, marts) for table in marts if _subject(table) == subject]
        files[MODELS / "marts" / subject / f"_{subject}.yml"] = _dump({"version": 2, "models": models})
    return files


def derived_tables() -> list[Table]:
    """Contracts of the tables that Python rooms make and dbt takes over."""
    contracts = load_contracts()
    return [table for layer in ("marts", "published") for table in contracts[layer].values() if _subject(table) in DERIVED]


def _landing(tables: dict[str, Table]) -> dict[str, Any]:
    listed = []
    for table in tables.values():
        source, resource = table.contract.split("/")
        listed.append(
            {
                "name": table.physical_name,
                "description": table.description.get("en", ""),
                "config": {"meta": {"dagster": {"asset_key": ["landing", source, resource]}, **_in_finnish_and_swedish(table)}},
                "columns": [_described(column) for column in table.columns],
            }
        )
    lists = ("dictionary", "known_unmapped", "measures", "municipalities", "municipality_changes", "regions", "source_measures")
    reference = [{"name": name} for name in lists]
    platform = [{"name": "landed", "description": "The snapshot that serves, by source and resource"}]
    return {
        "version": 2,
        "sources": [
            {"name": "landing", "schema": "landing", "description": "Typed tables of the landing", "tables": listed},
            {"name": "reference", "schema": "reference", "description": "Official code lists in the code", "tables": reference},
            {"name": "platform", "schema": "platform", "description": "What the warehouse is built from", "tables": platform},
        ],
    }


def _derived(tables: list[Table]) -> dict[str, Any]:
    listed = [
        {
            "name": table.name,
            "description": table.description.get("en", ""),
            "config": {"meta": {"dagster": {"asset_key": ["derived", table.name]}, **_in_finnish_and_swedish(table)}},
            "columns": [_described(column) for column in table.columns],
        }
        for table in tables
    ]
    return {"version": 2, "sources": [{"name": "derived", "schema": "derived", "tables": listed}]}


def _model(table: Table, marts: list[Table]) -> dict[str, Any]:
    model: dict[str, Any] = {
        "name": table.name,
        "description": table.description.get("en", ""),
        "config": {"contract": {"enforced": True}, "meta": _in_finnish_and_swedish(table)},
        "columns": [_column(column, table, marts) for column in table.columns],
    }
    aside = [
        {"rule": rule.name, "column": rule.column, "broken": broken_rows(rule)}
        for rule in rules_of(table)
        if rule.severity == "quarantine" and rule.kind in OF_ONE_ROW
    ]
    if aside:
        model["config"]["meta"] |= {"quarantine": aside}
    tests: list[Any] = []
    if len(table.primary_key) > 1:
        tests.append(_test("unique_combination", table.severity, columns=list(table.primary_key)))
    if tests:
        model["data_tests"] = tests
    return model


def _column(column: Column, table: Table, marts: list[Table]) -> dict[str, Any]:
    described = _described(column)
    severity = table.severity_of(column)
    tests: list[Any] = []
    if column.required:
        tests.append(_test("not_null", severity))
    if column.unique or table.primary_key == (column.name,):
        tests.append(_test("unique", severity))
    if column.allowed:
        tests.append(_test("accepted_values", severity, values=list(column.allowed), quote=column.type == "VARCHAR"))
    if column.references:
        target, field = column.references.split(".")
        tests.append(_test("relationships", severity, to=f"ref('{target}')", field=field))
    if tests:
        described["data_tests"] = tests
    return described


def _test(name: str, severity: Severity, **arguments: Any) -> Any:
    """A test as dbt's YAML has it: its name alone when there is nothing more to say."""
    described: dict[str, Any] = {"arguments": arguments} if arguments else {}
    if severity == "warn":
        described["config"] = {"severity": "warn"}
    return {name: described} if described else name


def _described(column: Column) -> dict[str, Any]:
    meta = _in_finnish_and_swedish(column) | ({"unit": column.unit} if column.unit else {}) | {"sensitivity": column.sensitivity}
    return {
        "name": column.name,
        "data_type": column.type.lower(),
        "description": column.description.get("en", ""),
        "config": {"meta": meta},
    }


def _in_finnish_and_swedish(described: Table | Column) -> dict[str, str]:
    """The texts besides the English one: dbt knows one description, so they are metadata that dbt docs show beside it."""
    return {f"description_{language}": described.description.get(language, "") for language in ("fi", "sv")}


def _subject(table: Table) -> str:
    return table.physical_name.split(".")[0]


def _dump(content: dict[str, Any]) -> str:
    return HEADER + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)
