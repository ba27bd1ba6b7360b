"""The dictionary: a page per dataset in three languages, and an index one can search.

The pages need nothing from the network; without scripts only the search field is missing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from jod_pipelines.contracts.model import LANGUAGES, Column, Table, vocabulary
from jod_pipelines.contracts.wording import (
    LAYERS,
    SENSITIVITY,
    SEVERITY,
    TYPES,
    column_rules,
    freshness_of,
    table_rules,
    unit_of,
)

TEMPLATES = Path(__file__).parent / "templates"
LANGUAGE_NAMES = {"fi": "Suomeksi", "sv": "På svenska", "en": "In English"}
TEXTS = {
    "fi": {
        "title": "Aineistojen sanasto",
        "lead": "Mitä kukin aineisto ja sarake tarkoittaa, missä yksikössä luvut ovat ja mitä aineisto lupaa.",
        "skip": "Siirry sisältöön",
        "languages": "Kielet",
        "up": "Julkaisun sivulle",
        "index": "Kaikki aineistot",
        "search": "Etsi saraketta, aineistoa tai sanaa",
        "found": "Sarakkeita näkyvissä: {0} / {1}",
        "datasets": "Aineistot",
        "columns": "Sarakkeet",
        "column": "Sarake",
        "dataset": "Aineisto",
        "meaning": "Merkitys",
        "kind": "Tyyppi ja yksikkö",
        "rules": "Säännöt",
        "codes": "Koodisto",
        "place": "Taulu tietovarastossa",
        "freshness": "Tuoreus",
        "breach": "Jos sääntö rikkoutuu",
        "promises": "Koko aineistoa koskevat säännöt",
        "key": "avain",
        "empty": "Voi olla tyhjä",
    },
    "sv": {
        "title": "Dataordbok",
        "lead": "Vad varje dataset och kolumn betyder, i vilken enhet talen är och vad datasetet lovar.",
        "skip": "Gå till innehållet",
        "languages": "Språk",
        "up": "Till utgåvans sida",
        "index": "Alla dataset",
        "search": "Sök en kolumn, ett dataset eller ett ord",
        "found": "Kolumner som visas: {0} / {1}",
        "datasets": "Dataset",
        "columns": "Kolumner",
        "column": "Kolumn",
        "dataset": "Dataset",
        "meaning": "Betydelse",
        "kind": "Typ och enhet",
        "rules": "Regler",
        "codes": "Kodverk",
        "place": "Tabell i datalagret",
        "freshness": "Färskhet",
        "breach": "Om en regel bryts",
        "promises": "Regler för hela datasetet",
        "key": "nyckel",
        "empty": "Kan vara tom",
    },
    "en": {
        "title": "Data dictionary",
        "lead": "What each dataset and column means, which unit its numbers are in, and what the dataset promises.",
        "skip": "Skip to content",
        "languages": "Languages",
        "up": "To the page of the release",
        "index": "All datasets",
        "search": "Search for a column, a dataset or a word",
        "found": "Columns shown: {0} / {1}",
        "datasets": "Datasets",
        "columns": "Columns",
        "column": "Column",
        "dataset": "Dataset",
        "meaning": "Meaning",
        "kind": "Type and unit",
        "rules": "Rules",
        "codes": "Code list",
        "place": "Table in the warehouse",
        "freshness": "Freshness",
        "breach": "When a rule is broken",
        "promises": "Rules for the whole dataset",
        "key": "key",
        "empty": "May be empty",
    },
}


@dataclass(frozen=True)
class Around:
    """What the pages stand in: the release's data origin, a sentence about it and its own page, by language."""

    origin: str
    notice: dict[str, str]
    page: dict[str, str]


def write_dictionary(folder: Path, tables: Iterable[Table], around: Around | None = None) -> int:
    """Write the pages of some contracts; how many there are.

    Args:
        around: the release the pages are part of; its addresses are relative to the folder.
    """
    files = dictionary_pages(list(tables), around)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    return len(files)


def dictionary_pages(tables: list[Table], around: Around | None = None) -> dict[str, str]:
    """The pages: file name -> HTML."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    index, dataset = environment.get_template("dictionary.html.j2"), environment.get_template("dataset.html.j2")
    known = {table.name: table for table in tables if table.layer != "landing"}
    pages = {}
    for language in LANGUAGES:
        common: dict[str, Any] = {
            "language": language,
            "language_names": LANGUAGE_NAMES,
            "t": TEXTS[language],
            "around": around,
            "page_name": page_name,
        }
        layers = [
            (LAYERS[layer][language], [table for table in tables if table.layer == layer])
            for layer in ("published", "marts", "landing", "platform")
        ]
        pages[page_name("index", language)] = index.render(key="index", layers=[layer for layer in layers if layer[1]], **common)
        for table in tables:
            pages[page_name(table.key, language)] = dataset.render(
                key=table.key,
                table=table,
                columns=[_column(column, table, known, language) for column in table.columns],
                rules=table_rules(table, language),
                freshness=freshness_of(table, language),
                breach=SEVERITY[table.severity][language],
                **common,
            )
    return pages


def page_name(key: str, language: str) -> str:
    """File name of a dataset's page; Finnish is the plain one."""
    return key.replace("/", ".") + (".html" if language == "fi" else f".{language}.html")


def _column(column: Column, table: Table, known: dict[str, Table], language: str) -> dict[str, Any]:
    usual = SEVERITY[table.severity][language]
    rules = [
        {"text": rule.text, "reason": rule.reason, "consequence": "" if rule.consequence == usual else rule.consequence}
        for rule in column_rules(column, table, language)
    ]
    return {
        "name": column.name,
        "meaning": column.description.get(language, ""),
        "key": column.primary_key,
        "may_be_empty": not column.required,
        "type": TYPES[column.type][language],
        "unit": unit_of(column, language),
        "sensitivity": SENSITIVITY[column.sensitivity][language],
        "rules": rules,
        "codes": _code_list(column, known, language),
    }


def _code_list(column: Column, known: dict[str, Table], language: str) -> dict[str, str] | None:
    """Name and address of the list that explains a column's codes: a page here, or the list's own page."""
    if not column.code_list:
        return None
    if outside := vocabulary()["codeLists"].get(column.code_list):
        return {"name": outside[language], "address": outside["url"]}
    table, _, name = column.code_list.partition(".")
    return {"name": column.code_list, "address": f"{page_name(table, language)}#{name}" if table in known else ""}
