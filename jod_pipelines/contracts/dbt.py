"""dbt's YAML, generated from the contracts: sources for landing, snapshots, enforced models with tests for the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from jod_pipelines.contracts.model import Column, Table, glossary_term, load_contracts, vocabulary
from jod_pipelines.contracts.rules import OF_ONE_ROW, rules_of
from jod_pipelines.contracts.table_checks import broken_rows
from jod_pipelines.reference import reference_columns

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
MODELS = PROJECT / "models"
HEADER = "# Generated from data_contracts/ by `jod contracts generate`. Change the contract, not this file.\n"
DERIVED = ("opportunities", "forecasts")
"""Subjects whose tables are made by Python rooms and read by dbt as sources."""


def generated_files() -> dict[Path, str]:
    """Every generated dbt file and its text."""
    contracts = load_contracts()
    marts = [*contracts["marts"].values(), *contracts["published"].values()]
    known = [contracts["marts"]["dictionary"], contracts["platform"]["landed"]]
    files = {MODELS / "staging" / "_landing.yml": _dump(_landing(contracts["landing"], *known))}
    snapshots = [_table(table) for table in contracts["platform"].values() if _subject(table) == "history"]
    files[PROJECT / "snapshots" / "_snapshots.yml"] = _dump({"version": 2, "snapshots": snapshots})
    derived = derived_tables()
    files[MODELS / "marts" / "_derived.yml"] = _dump(_derived(derived))
    for subject in sorted({_subject(table) for table in marts}):
        models = [_model(table) for table in marts if _subject(table) == subject]
        files[MODELS / "marts" / subject / f"_{subject}.yml"] = _dump({"version": 2, "models": models})
    return files


def derived_tables() -> list[Table]:
    """Contracts of the tables that Python rooms make and dbt takes over."""
    contracts = load_contracts()
    return [table for layer in ("marts", "published") for table in contracts[layer].values() if _subject(table) in DERIVED]


def _landing(tables: dict[str, Table], dictionary: Table, landed: Table) -> dict[str, Any]:
    listed = [_table(table, ["landing", *table.contract.split("/")]) | {"name": table.physical_name} for table in tables.values()]
    reference = [_table(dictionary), *(_reference(*each) for each in reference_columns().items())]
    return {
        "version": 2,
        "sources": [
            {"name": "landing", "schema": "landing", "description": "Typed tables of the landing", "tables": listed},
            {"name": "reference", "schema": "reference", "description": "Official code lists in the code", "tables": reference},
            {
                "name": "platform",
                "schema": "platform",
                "description": "What the warehouse is built from",
                "tables": [_table(landed)],
            },
        ],
    }


def _reference(name: str, columns: list[str]) -> dict[str, Any]:
    """A list that comes with the code: its columns mean what the glossary says."""
    described = []
    for column in columns:
        term = glossary_term(column)
        texts = {f"description_{language}": term.get(language, "") for language in ("fi", "sv")}
        described.append({"name": column, "description": term.get("en", ""), "config": {"meta": texts}})
    about = vocabulary()["referenceLists"].get(name, {})
    texts = {f"description_{language}": about.get(language, "") for language in ("fi", "sv")}
    return {"name": name, "description": about.get("en", ""), "config": {"meta": texts}, "columns": described}


def _derived(tables: list[Table]) -> dict[str, Any]:
    listed = [_table(table, ["derived", table.name]) for table in tables]
    return {"version": 2, "sources": [{"name": "derived", "schema": "derived", "tables": listed}]}


def _table(table: Table, asset_key: list[str] | None = None) -> dict[str, Any]:
    """A source or snapshot: what dbt reads or keeps, with the asset of Dagster that makes it where it has another name."""
    dagster = {"dagster": {"asset_key": asset_key}} if asset_key else {}
    return {
        "name": table.name,
        "description": table.description.get("en", ""),
        "config": {"meta": dagster | _in_finnish_and_swedish(table)},
        "columns": [_described(column) for column in table.columns],
    }


def _model(table: Table) -> dict[str, Any]:
    model: dict[str, Any] = {
        "name": table.name,
        "description": table.description.get("en", ""),
        "config": {"contract": {"enforced": True}, "meta": _in_finnish_and_swedish(table)},
        "columns": [_described(column) for column in table.columns],
    }
    aside = [
        {"rule": rule.name, "column": rule.column, "broken": broken_rows(rule)}
        for rule in rules_of(table)
        if rule.severity == "quarantine" and rule.kind in OF_ONE_ROW
    ]
    if aside:
        model["config"]["meta"] |= {"quarantine": aside}
    return model


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
