"""What one column is: its contract in words, and where else its name is used."""

from __future__ import annotations

import difflib

from jod_pipelines.contracts.model import LANGUAGES, Column, Table, load_contracts
from jod_pipelines.contracts.wording import (
    SENSITIVITY,
    TYPES,
    Rule,
    code_list_of,
    column_rules,
    freshness_of,
    table_rules,
    unit_of,
)
from jod_pipelines.errors import ContractError

LABELS = {
    "fi": {
        "table": "Taulu",
        "type": "Tyyppi",
        "unit": "Yksikkö",
        "codes": "Koodisto",
        "rules": "Säännöt",
        "sensitivity": "Luottamuksellisuus",
        "published": "julkaistaan",
        "unpublished": "ei julkaista",
        "freshness": "Tuoreus",
        "file": "Sopimus",
        "also": "Sama nimi",
        "columns": "Sarakkeet",
    },
    "sv": {
        "table": "Tabell",
        "type": "Typ",
        "unit": "Enhet",
        "codes": "Kodverk",
        "rules": "Regler",
        "sensitivity": "Sekretess",
        "published": "publiceras",
        "unpublished": "publiceras inte",
        "freshness": "Färskhet",
        "file": "Kontrakt",
        "also": "Samma namn",
        "columns": "Kolumner",
    },
    "en": {
        "table": "Table",
        "type": "Type",
        "unit": "Unit",
        "codes": "Codes",
        "rules": "Rules",
        "sensitivity": "Sensitivity",
        "published": "published",
        "unpublished": "not published",
        "freshness": "Freshness",
        "file": "Contract",
        "also": "Same name",
        "columns": "Columns",
    },
}


def find(name: str) -> tuple[Table, Column | None]:
    """The table and column of `DATASET.COLUMN`, or the table of `DATASET`.

    A dataset is called by its own name (`fct_job_posting`), by its place in the warehouse
    (`labour_market.fct_job_posting`, `landing.mylly__job_postings__job_posting`) or, in the landing, by
    `source/resource/table`.

    Raises:
        ContractError: there is no such dataset or column; the nearest names are given.
    """
    tables = _by_name()
    if name in tables:
        return tables[name], None
    dataset, _, column_name = name.rpartition(".")
    if dataset not in tables:
        wanted = dataset or column_name
        raise ContractError(f"no dataset {wanted!r} has a contract{_nearest(wanted, list(tables))}")
    table = tables[dataset]
    column = next((item for item in table.columns if item.name == column_name), None)
    if column is None:
        raise ContractError(f"{dataset} has no column {column_name!r}{_nearest(column_name, [c.name for c in table.columns])}")
    return table, column


def explain_column(table: Table, column: Column, language: str) -> list[str]:
    """A column in words, one fact per line."""
    label = LABELS[check_language(language)]
    published = label["published"] if column.publish else label["unpublished"]
    facts = [
        ("type", f"{column.type}, {TYPES[column.type][language]}"),
        ("unit", unit_of(column, language)),
        ("codes", code_list_of(column, language)),
        ("sensitivity", f"{SENSITIVITY[column.sensitivity][language]}, {published}"),
        ("table", f"{table.physical_name}: {table.description.get(language, '')}"),
        ("freshness", freshness_of(table, language)),
        ("file", f"data_contracts/{table.file}"),
        ("also", ", ".join(other.key for other in _tables_with(column.name) if other.key != table.key)),
    ]
    lines = [f"{table.key}.{column.name}", column.description.get(language, "")]
    lines += [f"{label[kind]}: {fact}" for kind, fact in facts if fact]
    return lines + _ruled(label["rules"], column_rules(column, table, language))


def explain_table(table: Table, language: str) -> list[str]:
    """A table in words: what it promises as a whole, and its columns."""
    label = LABELS[check_language(language)]
    lines = [table.key, table.description.get(language, "")]
    lines += [f"{label['freshness']}: {freshness_of(table, language)}", f"{label['file']}: data_contracts/{table.file}"]
    lines += _ruled(label["rules"], table_rules(table, language))
    columns = [f"  {column.name}: {column.description.get(language, '')}" for column in table.columns]
    return [*lines, f"{label['columns']}:", *columns]


def check_language(language: str) -> str:
    """The language itself.

    Raises:
        ContractError: contracts are not written in it.
    """
    if language not in LANGUAGES:
        raise ContractError(f"contracts are not described in {language!r}; use {', '.join(LANGUAGES)}")
    return language


def _ruled(title: str, rules: list[Rule]) -> list[str]:
    lines = [f"  {rule.text} ({rule.consequence})" + (f": {rule.reason}" if rule.reason else "") for rule in rules]
    return [f"{title}:", *lines] if lines else []


def _by_name() -> dict[str, Table]:
    names: dict[str, Table] = {}
    for layer, tables in load_contracts().items():
        for table in tables.values():
            place = f"landing.{table.physical_name}" if layer == "landing" else table.physical_name
            names |= {table.key: table, place: table, table.physical_name: table}
    return names


def _tables_with(column: str) -> list[Table]:
    tables = [table for layer in load_contracts().values() for table in layer.values()]
    return [table for table in tables if any(item.name == column for item in table.columns)]


def _nearest(name: str, names: list[str]) -> str:
    """The names a person may have meant: alike in spelling, or holding what was written."""
    holding = [known for known in names if name and name in known]
    close = list(dict.fromkeys([*difflib.get_close_matches(name, names, n=3, cutoff=0.5), *holding]))[:5]
    return f"; did you mean {', '.join(close)}?" if close else f"; there are {', '.join(sorted(names)[:40])}"
