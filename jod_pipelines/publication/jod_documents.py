"""The import documents of the JOD service (Osaamispolku): NDJSON of opportunities, CSV of occupation groups.

The service loads these files with plain bulk copy, which mangles every backslash; so the documents hold none, and no
control characters. Keys are the consumer's Finnish; empty things are left out, never null.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
import polars as pl

LANGUAGES = ("fi", "sv", "en")
JOB_FILE = "full_json_lines_tyomahdollisuus.json"
EDUCATION_FILE = "full_json_lines_koulutusmahdollisuus.json"
GROUP_FILE = "ammattiryhma.csv"
GROUP_HEADER = ["esco_uri", "data"]
JOB_PATHS: dict[str, tuple[str, ...]] = {
    "OSAAMINEN": ("osaamisvaatimukset", "osaamiset"),
    "AMMATTI": ("osaamisvaatimukset", "ammatit"),
    "AJOKORTTI": ("osaamisvaatimukset", "ajokorttiJakauma"),
    "KIELITAITO": ("osaamisvaatimukset", "kielitaitoJakauma"),
    "KORTIT_JA_LUVAT": ("osaamisvaatimukset", "kortitJaLuvatJakauma"),
    "KOULUTUSASTE": ("osaamisvaatimukset", "koulutusasteJakauma"),
    "RIKOSREKISTERIOTE": ("osaamisvaatimukset", "rikosrekisterioteJakauma"),
    "MATKUSTUSVAATIMUS": ("perustiedot", "matkustamisvaatimusJakauma"),
    "PALKAN_PERUSTE": ("perustiedot", "palkanPerusteJakauma"),
    "PALVELUSSUHDE": ("perustiedot", "palvelussuhdeJakauma"),
    "TYOAIKA": ("perustiedot", "tyoaikaJakauma"),
    "TYON_JATKUVUUS": ("perustiedot", "tyonJatkuvuusJakauma"),
    "TOIMIALA": ("perustiedot", "toimialaJakauma"),
    "KUNTA": ("sijainti", "kuntaJakauma"),
    "MAAKUNTA": ("sijainti", "maakuntaJakauma"),
    "MAA": ("sijainti", "maaJakauma"),
    "SIJAINTI_JOUSTAVA": ("sijainti", "sijaintiJoustavaJakauma"),
    "TYOKIELI": ("tyokieletJakauma",),
}
EDUCATION_PATHS: dict[str, tuple[str, ...]] = {
    "OSAAMINEN": ("osaamiset",),
    "KOULUTUSALA": ("koulutusalaJakauma",),
    "MAKSULLISUUS": ("maksullisuusJakauma",),
    "OPETUSTAPA": ("opetustapaJakauma",),
    "AIKA": ("aikaJakauma",),
    "KUNTA": ("sijainti", "kuntaJakauma"),
    "MAAKUNTA": ("sijainti", "maakuntaJakauma"),
}
"""Where each distribution stands in its document."""
MATCH_STATES = {"shortage": "Alitarjonta", "balance": "Tasapaino", "oversupply": "Ylitarjonta"}


def job_documents(opportunities: pl.DataFrame, distribution: pl.DataFrame, data_origin: str) -> list[dict[str, Any]]:
    """One document per active job opportunity.

    Args:
        opportunities: rows of `job_opportunity`.
        distribution: rows of `job_opportunity_distribution`.
    """
    spread = _by_opportunity(distribution)
    documents = []
    for row in opportunities.filter("active").sort("opportunity_id").iter_rows(named=True):
        key = row["opportunity_id"]
        document: dict[str, Any] = {"id": key, "aineisto": "TMT", "data_origin": data_origin}
        if row["occupation_group_uri"]:
            document["ammattiryhma"] = row["occupation_group_uri"]
        document["perustiedot"] = {
            "tyomahdollisuudenOtsikko": _languages(row, "title"),
            "tyomahdollisuudenTiivistelma": _languages(row, "summary"),
            "tyomahdollisuudenKuvaus": _languages(row, "description"),
        }
        tasks = {language: row[f"tasks_{language}"] for language in LANGUAGES if row[f"tasks_{language}"]}
        if tasks:
            document["perustiedot"]["tyomahdollisuudenTehtavat"] = tasks
        _place(document, JOB_PATHS, spread.get(key, {}), row["members"])
        documents.append(document)
    return documents


def education_documents(
    opportunities: pl.DataFrame, programmes: pl.DataFrame, distribution: pl.DataFrame, data_origin: str
) -> list[dict[str, Any]]:
    """One document per active education opportunity.

    Args:
        opportunities: rows of `education_opportunity`.
        programmes: rows of `education_opportunity_programme`.
        distribution: rows of `education_opportunity_distribution`.
    """
    spread = _by_opportunity(distribution)
    listed: dict[str, list[dict[str, Any]]] = {}
    for row in programmes.sort("opportunity_id", "programme_oid").iter_rows(named=True):
        names = {lang: row[f"name_{lang}"] for lang in LANGUAGES if row[f"name_{lang}"]}
        listed.setdefault(row["opportunity_id"], []).append({"oid": row["programme_oid"]} | ({"nimi": names} if names else {}))
    documents = []
    for row in opportunities.filter("active").sort("opportunity_id").iter_rows(named=True):
        key = row["opportunity_id"]
        document: dict[str, Any] = {
            "id": key,
            "tyyppi": "TUTKINTO" if row["opportunity_type"] == "degree" else "EI_TUTKINTO",
            "data_origin": data_origin,
            "otsikko": _languages(row, "title"),
            "tiivistelma": _languages(row, "summary"),
            "kuvaus": _languages(row, "description"),
        }
        if row["duration_median_months"] is not None:
            document |= {
                "kestoMinimi": row["duration_min_months"],
                "kestoMediaani": row["duration_median_months"],
                "kestoMaksimi": row["duration_max_months"],
            }
        document["koulutukset"] = listed.get(key, [])
        _place(document, EDUCATION_PATHS, spread.get(key, {}), row["members"])
        documents.append(document)
    return documents


def group_rows(groups: pl.DataFrame, distribution: pl.DataFrame) -> list[tuple[str, dict[str, Any]]]:
    """(uri, data) of every occupation group; what is unknown is left out, since the service shows null as 0."""
    regions: dict[str, list[dict[str, Any]]] = {}
    for uri, code, share in (
        distribution.sort("occupation_uri", "value_code").select("occupation_uri", "value_code", "share_pct").iter_rows()
    ):
        regions.setdefault(uri, []).append({"maakunta": code, "osuus": round(share, 1)})
    rows = []
    for row in groups.sort("occupation_uri").iter_rows(named=True):
        data: dict[str, Any] = {"uri": row["occupation_uri"]}
        if row["wage_median_eur_month"] is not None:
            data["palkkaus"] = {"mediaani": row["wage_median_eur_month"]}
            data["palkkaus"] |= {"ylinDesiili": row["wage_p90_eur_month"]} if row["wage_p90_eur_month"] is not None else {}
            data["palkkaus"] |= {"alinDesiili": row["wage_p10_eur_month"]} if row["wage_p10_eur_month"] is not None else {}
        if row["employed_persons"] is not None:
            data["tyollisetKokoMaa"] = row["employed_persons"]
        if row["match_state"] is not None:
            data["kohtaanto"] = {"tyyppi": MATCH_STATES[row["match_state"]]}
        if row["occupation_uri"] in regions:
            data["tyollisetMaakunnittain"] = regions[row["occupation_uri"]]
        rows.append((row["occupation_uri"], data))
    return rows


def as_lines(documents: Iterable[Mapping[str, Any]]) -> bytes:
    """NDJSON, UTF-8, one document a line."""
    return b"".join(orjson.dumps(document) + b"\n" for document in documents)


def as_csv(rows: Iterable[tuple[str, Mapping[str, Any]]]) -> bytes:
    """The CSV of occupation groups, header `esco_uri,data`."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(GROUP_HEADER)
    writer.writerows((uri, orjson.dumps(data).decode()) for uri, data in rows)
    return text.getvalue().encode()


def _by_opportunity(distribution: pl.DataFrame) -> dict[str, dict[str, dict[str, Any]]]:
    found: dict[str, dict[str, dict[str, Any]]] = {}
    ordered = distribution.sort(
        "opportunity_id", "distribution_type", "count", "value_code", descending=[False, False, True, False]
    )
    for row in ordered.iter_rows(named=True):
        part = found.setdefault(row["opportunity_id"], {}).setdefault(
            row["distribution_type"], {"empty": row["empty_count"], "values": []}
        )
        part["values"].append({"arvo": row["value_code"], "prosenttiosuus": row["share_pct"]})
    return found


def _place(document: dict[str, Any], paths: dict[str, tuple[str, ...]], spread: dict[str, dict[str, Any]], members: int) -> None:
    """Put every distribution where the consumer reads it; one nobody says anything about is all empty."""
    for kind, path in paths.items():
        part = spread.get(kind, {"empty": members, "values": []})
        place = document
        for name in path[:-1]:
            place = place.setdefault(name, {})
        place[path[-1]] = {"kokonaismaara": members, "tyhjienMaara": part["empty"], "arvot": part["values"]}


def _languages(row: dict[str, Any], prefix: str) -> dict[str, str]:
    return {language: row[f"{prefix}_{language}"] for language in LANGUAGES}
