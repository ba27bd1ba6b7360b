"""A contract in words: what a column is and promises, as people read it in Finnish, Swedish or English."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from jod_pipelines.contracts.model import Column, Severity, Table, value_texts, vocabulary

TYPES = {
    "VARCHAR": {"fi": "teksti", "sv": "text", "en": "text"},
    "VARCHAR[]": {"fi": "luettelo tekstejä", "sv": "lista av texter", "en": "list of texts"},
    "BIGINT": {"fi": "kokonaisluku", "sv": "heltal", "en": "whole number"},
    "INTEGER": {"fi": "kokonaisluku", "sv": "heltal", "en": "whole number"},
    "DOUBLE": {"fi": "luku", "sv": "tal", "en": "number"},
    "BOOLEAN": {"fi": "tosi tai epätosi", "sv": "sant eller falskt", "en": "true or false"},
    "DATE": {"fi": "päivä", "sv": "datum", "en": "date"},
    "TIMESTAMP": {"fi": "ajanhetki, UTC", "sv": "tidpunkt, UTC", "en": "point in time, UTC"},
}
SENSITIVITY = {
    "public": {"fi": "julkinen", "sv": "offentlig", "en": "public"},
    "internal": {"fi": "sisäinen", "sv": "intern", "en": "internal"},
    "confidential": {"fi": "luottamuksellinen", "sv": "konfidentiell", "en": "confidential"},
    "personal": {"fi": "henkilötieto", "sv": "personuppgift", "en": "personal data"},
}
SEVERITY = {
    "block": {
        "fi": "rikkomus pysäyttää julkaisemisen",
        "sv": "ett brott stoppar publiceringen",
        "en": "a breach stops publication",
    },
    "quarantine": {
        "fi": "rikkova rivi siirtyy karanteeniin",
        "sv": "en felaktig rad sätts i karantän",
        "en": "a bad row is set aside",
    },
    "warn": {"fi": "rikkomuksesta varoitetaan", "sv": "ett brott ger en varning", "en": "a breach gives a warning"},
}
HELD = {
    "fi": "uusi aineisto pidätetään ihmisen katsottavaksi, ja edellinen palvelee",
    "sv": "det nya materialet hålls kvar för granskning, och det förra tjänar",
    "en": "the new data is held for a person to look at, and the last good data serves",
}
LAYERS = {
    "landing": {"fi": "Lähteiden taulut", "sv": "Källornas tabeller", "en": "Tables of the sources"},
    "marts": {"fi": "Tietovaraston taulut", "sv": "Datalagrets tabeller", "en": "Tables of the warehouse"},
    "published": {"fi": "Julkaistut aineistot", "sv": "Publicerade dataset", "en": "Published datasets"},
    "platform": {"fi": "Alustan omat taulut", "sv": "Plattformens egna tabeller", "en": "The platform's own tables"},
}
RULES = {
    "required": {"fi": "Ei saa puuttua", "sv": "Får inte saknas", "en": "Must not be missing"},
    "unique": {"fi": "Jokainen arvo on eri", "sv": "Varje värde är olika", "en": "Every value is different"},
    "key": {"fi": "Yksilöi rivin", "sv": "Identifierar raden", "en": "Identifies the row"},
    "key_with": {
        "fi": "Yksilöi rivin yhdessä näiden kanssa: {0}",
        "sv": "Identifierar raden tillsammans med {0}",
        "en": "Identifies the row together with {0}",
    },
    "pattern": {"fi": "Noudattaa muotoa {0}", "sv": "Följer formen {0}", "en": "Has the form {0}"},
    "allowed": {"fi": "On jokin näistä: {0}", "sv": "Är något av dessa: {0}", "en": "Is one of: {0}"},
    "between": {"fi": "Välillä {0}–{1}", "sv": "Mellan {0} och {1}", "en": "Between {0} and {1}"},
    "at_least": {"fi": "Vähintään {0}", "sv": "Minst {0}", "en": "At least {0}"},
    "at_most": {"fi": "Enintään {0}", "sv": "Högst {0}", "en": "At most {0}"},
    "length": {"fi": "Enintään {0} merkkiä", "sv": "Högst {0} tecken", "en": "At most {0} characters"},
    "references": {"fi": "Löytyy sarakkeesta {0}", "sv": "Finns i kolumnen {0}", "en": "Is found in the column {0}"},
    "rows": {"fi": "Rivejä vähintään {0}", "sv": "Rader: minst {0}", "en": "Rows: at least {0}"},
    "shrink": {
        "fi": "Rivit vähenevät edelliskerrasta enintään {0} %",
        "sv": "Raderna minskar högst {0} % från förra gången",
        "en": "Loses at most {0} % of its rows from one time to the next",
    },
    "growth": {
        "fi": "Rivit lisääntyvät edelliskerrasta enintään {0} %",
        "sv": "Raderna ökar högst {0} % från förra gången",
        "en": "Gains at most {0} % rows from one time to the next",
    },
}
FRESHNESS = {
    "hours": {"fi": "enintään {0} tuntia vanha", "sv": "högst {0} timmar gammal", "en": "at most {0} hours old"},
    "days": {"fi": "enintään {0} vuorokautta vanha", "sv": "högst {0} dygn gammal", "en": "at most {0} days old"},
    "delivered": {
        "fi": "tulee, kun joku lähettää sen",
        "sv": "kommer när någon skickar den",
        "en": "comes when somebody sends it",
    },
}


@dataclass(frozen=True)
class Rule:
    """One promise in words: what it is, why (empty when it needs no reason), and what a breach leads to."""

    text: str
    reason: str
    consequence: str


def column_rules(column: Column, table: Table, language: str) -> list[Rule]:
    """Every rule a column has, the key first."""
    new_code: dict[str, Severity] = {"accept": "warn", "quarantine": "quarantine", "hold": "block"}
    severity = table.severity_of(column)
    listed = new_code[table.drift.new_code] if table.layer == "landing" else severity
    return [
        Rule(
            RULES[kind][language].format(*values),
            reason_of(column, language) if kind in ("between", "at_least", "at_most") else "",
            SEVERITY[listed if kind == "allowed" else severity][language],
        )
        for kind, *values in _rules(column, table, language)
    ]


def table_rules(table: Table, language: str) -> list[Rule]:
    """The rules over the whole table: volume, then the queries."""
    limits: list[tuple[str, float]] = [("rows", table.min_rows)] if table.min_rows else []
    limits += [("shrink", table.max_shrink_pct)] if table.max_shrink_pct < 100 else []
    if table.layer == "landing":
        limits += [("growth", table.max_growth_pct)]
    held = HELD[language] if table.layer == "landing" else SEVERITY["block"][language]
    rules = [Rule(RULES[kind][language].format(_number(limit)), "", held) for kind, limit in limits]
    return rules + [
        Rule(rule.texts.get(language, rule.description), "", SEVERITY[rule.severity][language]) for rule in table.rules
    ]


def unit_of(column: Column, language: str) -> str:
    """The column's unit in words; empty when it has none."""
    return str(vocabulary()["units"].get(column.unit or "", {}).get(language, column.unit or ""))


def reason_of(column: Column, language: str) -> str:
    """Why the column's range is what it is; empty when it has none."""
    return str(vocabulary()["rangeReasons"].get(column.range_reason or "", {}).get(language, ""))


def code_list_of(column: Column, language: str) -> str:
    """Where the column's codes are explained; empty when they need no list."""
    known = vocabulary()["codeLists"].get(column.code_list or "")
    return f"{known[language]} ({column.code_list}, {known['url']})" if known else column.code_list or ""


def freshness_of(table: Table, language: str) -> str:
    """How old the table may be."""
    if table.freshness_hours is None:
        return FRESHNESS["delivered"][language]
    kind, age = ("hours", table.freshness_hours) if table.freshness_hours <= 72 else ("days", table.freshness_hours / 24)
    return FRESHNESS[kind][language].format(_number(round(age)))


def _rules(column: Column, table: Table, language: str) -> Iterator[tuple[str, ...]]:
    others = [name for name in table.primary_key if name != column.name]
    if column.primary_key:
        yield ("key_with", ", ".join(others)) if others else ("key",)
    if column.required and not column.primary_key:
        yield ("required",)
    if column.unique and not column.primary_key:
        yield ("unique",)
    if column.pattern:
        yield "pattern", column.pattern
    if column.allowed:
        known = value_texts(column.name)
        yield "allowed", ", ".join(f"{value} ({known[value][language]})" if value in known else value for value in column.allowed)
    if column.minimum is not None and column.maximum is not None:
        yield "between", _number(column.minimum), _number(column.maximum)
    elif column.minimum is not None:
        yield "at_least", _number(column.minimum)
    elif column.maximum is not None:
        yield "at_most", _number(column.maximum)
    if column.max_length is not None:
        yield "length", _number(column.max_length)
    if column.references:
        yield "references", column.references


def _number(value: float) -> str:
    return f"{value:g}" if abs(value) < 1e6 else f"{value:.0f}"
