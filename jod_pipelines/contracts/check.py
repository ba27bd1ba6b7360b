"""What is wrong with the contracts: every defect with its file, table and column, and what to do about it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jod_pipelines.contracts.model import (
    CONTRACTS,
    GLOSSARY,
    IN_LANGUAGE,
    LANGUAGES,
    Column,
    Table,
    contract_files,
    glossary,
    glossary_term,
    read_contract,
    value_texts,
    vocabulary,
)
from jod_pipelines.errors import ContractError
from jod_pipelines.reference import reference_columns

NUMBERS = ("DOUBLE", "BIGINT", "INTEGER")
WHOLE = {"INTEGER", "BIGINT"}
"""Types an analyst cannot mistake for each other: one name may have either."""
DIFFERS_REMEDY = f"use one of them, or say why with differs: in {GLOSSARY}"
GLOSSARY_FACTS = ("unit", "codeList", "rangeReason", "sensitivity", "differs")


@dataclass(frozen=True)
class Defect:
    """One thing to mend. `place` is a table or `table.column`, empty for a whole file."""

    file: str
    place: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        """One line: where, what, what to do."""
        return ": ".join(part for part in (self.file, self.place, self.problem) if part) + f"; {self.remedy}"


def defects(root: Path = CONTRACTS) -> list[Defect]:
    """Every defect of the contracts, the glossary and the vocabulary in a folder, in the order of the files."""
    tables: list[Table] = []
    found: list[Defect] = []
    for path in contract_files(root):
        try:
            tables += read_contract(path)
        except ContractError as error:
            problem = str(error).removeprefix(f"{path.name}: ")
            place = f"{path.parent.name}/{path.name}"
            found.append(Defect(place, "", problem, error.detail or "mend the file as ODCS v3.1 has it"))
    for table in tables:
        found += [Defect(table.file, table.name, *rest) for rest in _of_table(table)]
        for rule in table.rules:
            remedy = "give the rule description, descriptionFi and descriptionSv"
            found += [Defect(table.file, f"{table.name} rule {rule.name}", *rest) for rest in _of_texts(rule.texts, remedy)]
        for column in table.columns:
            place = f"{table.name}.{column.name}"
            found += [Defect(table.file, place, *rest) for rest in _of_column(column, table, tables, root)]
    found += _of_names(tables, root)
    return found + list(_of_glossary(tables, root))


def _of_table(table: Table) -> Iterator[tuple[str, str]]:
    yield from _of_texts(table.description, "give the table description, descriptionFi and descriptionSv")
    if table.freshness_hours is None and not table.delivered:
        yield "no promise of freshness", "add slaProperties with freshness in hours, or delivered: true when nobody can promise"
    if not table.primary_key and table.layer != "landing":
        yield "no key", "mark the columns that identify a row with primaryKey: true"
    names = [column.name for column in table.columns]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"column {name} stands twice", "keep one"


def _of_column(column: Column, table: Table, tables: list[Table], root: Path) -> Iterator[tuple[str, str]]:
    words = vocabulary(root)
    yield from _of_texts(
        column.description, f"add {column.name} to {GLOSSARY}, or description, descriptionFi and descriptionSv to the column"
    )
    ranged = column.minimum is not None or column.maximum is not None
    if column.unit is None and (column.type == "DOUBLE" or (ranged and column.type in NUMBERS)):
        yield "a number without a unit", f"add unit: to the name in {GLOSSARY}, one of {', '.join(words['units'])}"
    if column.unit is not None and column.unit not in words["units"]:
        yield f"unit {column.unit!r} is not in the vocabulary", "add it to vocabulary.yaml in three languages or use one of those"
    if ranged and column.range_reason not in words["rangeReasons"]:
        said = f"reason {column.range_reason!r}" if column.range_reason else "no reason"
        yield (
            f"a range with {said}",
            f"add rangeReason: one of {', '.join(words['rangeReasons'])}",
        )
    if column.minimum is not None and column.maximum is not None and column.minimum > column.maximum:
        yield f"minimum {column.minimum} is over maximum {column.maximum}", "no value can keep both: change one"
    if column.references and (problem := _broken_link(column, column.references, tables)):
        yield f"references {column.references}, {problem}", "name table.column of a mart or published dataset"
    if (
        column.code_list
        and column.code_list not in words["codeLists"]
        and (problem := _broken_link(column, column.code_list, tables))
    ):
        yield f"codeList {column.code_list}, {problem}", "name table.column of a mart, or a code list of vocabulary.yaml"
    if column.pattern and not _compiles(column.pattern):
        yield f"pattern {column.pattern!r} is not a regular expression", "mend it"
    if column.type in ("INTEGER", "BIGINT") and any(not re.fullmatch(r"-?\d+", value) for value in column.allowed):
        yield f"allowed values that are no {column.type}", "list whole numbers"
    if table.layer == "published" and (unknown := [v for v in column.allowed if v not in value_texts(column.name, root)]):
        yield f"values nobody explains: {', '.join(unknown)}", f"add them to values.{column.name} of vocabulary.yaml"
    if column.sensitivity == "personal" and table.layer != "landing":
        yield "personal data outside the landing", "leave the column out; personal data never reaches marts or releases"


def _of_texts(texts: dict[str, str], remedy: str) -> Iterator[tuple[str, str]]:
    """Every language says something, and no two the same: a copied text is a forgotten translation."""
    missing = [language for language in LANGUAGES if not texts.get(language, "").strip()]
    if missing:
        yield f"no description in {', '.join(missing)}", remedy
    elif len(set(texts.values())) < len(LANGUAGES):
        yield "the same description in two languages", remedy


def _of_names(tables: list[Table], root: Path) -> Iterator[Defect]:
    """One name, one type and one unit, wherever it is used; a name of the glossary may say why not."""
    keys = defaultdict(list)
    uses = defaultdict(list)
    for table in tables:
        keys[table.key].append(table)
        for column in table.columns:
            uses[column.name].append((table, column))
    for key, same in keys.items():
        if len(same) > 1:
            yield Defect(same[1].file, key, f"already promised in {same[0].file}", "give one of them another name")
    for name, columns in sorted(uses.items()):
        first_table, first = columns[0]
        different = [
            Defect(table.file, f"{table.name}.{name}", f"{what} {other}, but {one} in {first_table.key}", DIFFERS_REMEDY)
            for table, column in columns[1:]
            for what, one, other in (("type", first.type, column.type), ("unit", first.unit, column.unit))
            if one != other and not {one, other} <= WHOLE
        ]
        reason = glossary_term(name, root).get("differs")
        if not reason:
            yield from different
        elif not different and name in glossary(root):
            yield Defect(GLOSSARY, name, "differs: says why types differ, but they do not", "remove it")


def _of_glossary(tables: list[Table], root: Path) -> Iterator[Defect]:
    terms, words = glossary(root), vocabulary(root)
    used = {column.name for table in tables for column in table.columns}
    used |= {name for columns in reference_columns().values() for name in columns}
    used |= {name[:-3] for name in used if name[-3:] in IN_LANGUAGE}
    for name, term in terms.items():
        for problem, remedy in _of_texts({key: term.get(key, "") for key in LANGUAGES}, "give fi, sv and en"):
            yield Defect(GLOSSARY, name, problem, remedy)
        for key in sorted(set(term) - {*LANGUAGES, *GLOSSARY_FACTS}):
            yield Defect(GLOSSARY, name, f"unknown fact {key}", f"use {', '.join((*LANGUAGES, *GLOSSARY_FACTS))}")
        if name not in used:
            yield Defect(GLOSSARY, name, "no contract has such a column, and no reference list", "remove the term")
    if list(terms) != sorted(terms):
        first = next(name for name, right in zip(terms, sorted(terms), strict=True) if name != right)
        yield Defect(GLOSSARY, first, "out of order", "keep the terms sorted by name")
    values = {f"{column}.{value}": texts for column, entries in words["values"].items() for value, texts in entries.items()}
    for section, entries in (words | {"values": values}).items():
        for name, texts in entries.items():
            for problem, remedy in _of_texts({key: texts.get(key, "") for key in LANGUAGES}, "give fi, sv and en"):
                yield Defect("vocabulary.yaml", f"{section}.{name}", problem, remedy)


def _broken_link(column: Column, target: str, tables: list[Table]) -> str | None:
    """Why `table.column` is no target for the column's values; None when it is one."""
    table_name, _, name = target.partition(".")
    targets = [table for table in tables if table.layer != "landing" and table.name == table_name]
    if not targets:
        return f"but there is no dataset {table_name}"
    found = next((item for item in targets[0].columns if item.name == name), None)
    if found is None:
        return f"but {table_name} has no column {name!r}"
    return None if found.type == column.type.removesuffix("[]") else f"which is {found.type}, not {column.type}"


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True
