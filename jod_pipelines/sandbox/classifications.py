"""Statistics Finland's classifications about the synthetic world: areas, occupations, industries, and their maps."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from jod_pipelines.reference import reference_table
from jod_pipelines.sandbox.world import World

LANGUAGES = {"fi": "Suomi", "sv": "Ruotsi", "en": "Englanti"}
MODIFIED = "2026-01-02T08:00:00.000Z"
ABOLISHED = {"588": ("Pertunmaa", "507"), "911": ("Valtimo", "541")}
"""Municipalities that have joined others: name, and the code they are in now."""
NATIONAL_OCCUPATIONS = {
    "11121": ("1112", "Valtion keskushallinnon johtajat", "Chefer inom statens centralförvaltning", None),
    "11122": ("1112", "Alue- ja paikallishallinnon johtajat ja ylimmät virkamiehet", None, None),
    "11141": ("1114", "Työmarkkina- ja elinkeinoelämän järjestöjen johtajat", None, None),
    "11142": ("1114", "Muiden järjestöjen johtajat", None, None),
    "X": (None, "Tuntematon", "Okänd", "Unknown"),
    "XX": ("X", "Tuntematon", "Okänd", "Unknown"),
}
"""Some of the national classification's fifth level, and of its unknown class, which ISCO-08 has not."""
INDUSTRIES_2008 = {
    "J": (None, "Informaatio ja viestintä", "Informations- och kommunikationsverksamhet", "Information and communication"),
    "62": ("J", "Ohjelmistot ja konsultointi", "Dataprogrammering och konsultverksamhet", "Computer programming"),
    "6201": ("62", "Ohjelmistojen suunnittelu ja valmistus", "Dataprogrammering", "Computer programming activities"),
}
INDUSTRIES_2025 = {
    "K": (None, "Televiestintä ja tietojenkäsittely", "Telekommunikation och dataprogrammering", "Telecommunication, computing"),
    "62": ("K", "Ohjelmistot ja konsultointi", "Dataprogrammering och konsultverksamhet", "Computer programming"),
    "6210": ("62", "Ohjelmointi", "Dataprogrammering", "Computer programming activities"),
}
Texts = tuple[str | None, str | None, str | None, str | None]
"""Parent code and the names in Finnish, Swedish and English."""


def codes_of(world: World) -> dict[str, dict[str, Texts]]:
    """Items by classification id."""
    regions: dict[str, Texts] = {c: (None, fi, sv, en) for c, fi, sv, en in reference_table("regions").iter_rows()}
    towns: dict[str, Texts] = {
        code: (None, fi, sv, None)
        for code, fi, sv in reference_table("municipalities").select("municipality_code", "name_fi", "name_sv").iter_rows()
    }
    groups: dict[str, Texts] = {c: (c[:-1] or None, fi, sv, en) for c, fi, sv, en in reference_table("isco_groups").iter_rows()}
    return {
        "kunta_1_20250101": towns,
        "kunta_1_20260101": towns,
        "kunta_1_20990101": towns,
        "kunta_2_20250101": {**towns, **{code: (None, name, name, None) for code, (name, _) in ABOLISHED.items()}},
        "maakunta_1_20260101": regions,
        "ammatti_1_20100101": {"SSSSS": (None, "Yhteensä", "Totalt", "Total"), **groups, **NATIONAL_OCCUPATIONS},
        "toimiala_1_20080101": _industries_of(world) | INDUSTRIES_2008,
        "toimiala_1_20250101": dict(INDUSTRIES_2025),
    }


def _industries_of(world: World) -> dict[str, Texts]:
    """The industries of the world's employers on all five levels, each below its section."""
    sections = reference_table("industry_sections").rows()
    codes = {code[:length] for kind in world.vocabulary.work for code in kind.industries for length in range(2, len(code) + 1)}
    found: dict[str, Texts] = {section: (None, fi, sv, en) for section, _, _, fi, sv, en in sections}
    for code in sorted(codes):
        section = next(letter for letter, first, last, *_ in sections if first <= code[:2] <= last)
        found[code] = (code[:-1] if len(code) > 2 else section, f"Toimiala {code}", f"Näringsgren {code}", f"Industry {code}")
    return found


def head(name: str, language: str) -> dict[str, Any]:
    """A classification's own description."""
    return {
        "localId": name,
        "classificationName": [_name(name.split("_")[0].capitalize(), language)],
        "classificationSerie": {"localId": name.rpartition("_")[0]},
        "releaseDate": MODIFIED,
        "modifiedDate": MODIFIED,
        "terminationDate": None,
    }


def items(name: str, codes: dict[str, Texts], language: str) -> list[dict[str, Any]]:
    """A classification's items in one language; a name that was not translated comes in Finnish, and says so."""
    place = 1 + list(LANGUAGES).index(language)
    found = []
    for order, (code, texts) in enumerate(codes.items(), start=1):
        own = texts[place]
        found.append(
            {
                "classification": {"localId": name},
                "localId": f"{name}/{code}",
                "level": float(max(1, len(code))) if order % 5 else str(float(max(1, len(code)))),
                "code": code,
                "order": order,
                "parentCode": texts[0],
                "parentItemLocalId": f"{name}/{texts[0]}" if texts[0] else None,
                "classificationItemNames": [_name(own, language) if own else _name(texts[1], "fi")],
                "explanatoryNotes": [],
            }
        )
    return found


def maps_of(world: World) -> dict[str, list[tuple[str, str]]]:
    """Pairs of codes by correspondence table id."""
    towns = reference_table("municipalities").select("municipality_code", "region_code").iter_rows()
    regions = dict(towns)
    return {
        "kunta_2_20250101#kunta_1_20260101": [*((code, now) for code, (_, now) in ABOLISHED.items()), *((c, c) for c in regions)],
        "kunta_1_20260101#maakunta_1_20260101": list(regions.items()),
        "toimiala_1_20080101#toimiala_1_20250101": [("J", "K"), ("62", "62"), ("6201", "6210")],
    }


def maps(pairs: Iterable[tuple[str, str]], source: dict[str, Texts], target: dict[str, Texts], language: str) -> list[Any]:
    """A correspondence table's pairs."""
    place = 1 + list(LANGUAGES).index(language)

    def side(code: str, texts: dict[str, Texts]) -> dict[str, Any]:
        return {"code": code, "level": 1.0, "classificationItemNames": [_name(texts.get(code, (None,) * 4)[place], language)]}

    return [{"sourceItem": side(a, source), "targetItem": side(b, target)} for a, b in pairs]


def _name(text: str | None, language: str) -> dict[str, Any]:
    return {"langName": LANGUAGES[language], "lang": language, "name": text or ""}
