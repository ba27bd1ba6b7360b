"""The import documents of the JOD service (Osaamispolku): NDJSON of opportunities, CSV of occupation groups.

The service loads these files with plain bulk copy, which mangles every backslash; so the documents hold none, and no
control characters. Keys are the consumer's Finnish; empty things are left out, never null.
"""

from __future__ import annotations

import csv
import io
import re
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
import polars as pl

LANGUAGES = ("fi", "sv", "en")
JOB_FILE = "full_json_lines_tyomahdollisuus.json"
EDUCATION_FILE = "full_json_lines_koulutusmahdollisuus.json"
GROUP_FILE = "ammattiryhma.csv"
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
VALUE_PATTERNS = {
    "OSAAMINEN": r"https?://\S+/skill/\S+",
    "AMMATTI": r"https?://\S+/occupation/\S+",
    "MAAKUNTA": r"\d{2}",
    "KUNTA": r"\d{3}",
    "TOIMIALA": r"\d{2}.*",
    "KOULUTUSALA": r"kansallinenkoulutusluokitus2016koulutusalataso[12]_\d{2,3}#1",
    "OPETUSTAPA": r"opetuspaikkakk_\d+#1",
    "AIKA": r"opetusaikakk_\d+#1",
    "MAKSULLISUUS": r"maksuton|maksullinen|lukuvuosimaksu",
    "TYOAIKA": r"FULLTIME|PARTTIME",
    "MAA": r"[A-Z]{2}",
}


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
    writer.writerow(["esco_uri", "data"])
    writer.writerows((uri, orjson.dumps(data).decode()) for uri, data in rows)
    return text.getvalue().encode()


def problems_of(jobs: bytes, education: bytes, groups: bytes) -> list[str]:
    """Every way in which the files break the consumer's rules, in words; none means they load whole.

    The rules are those of the consumer's import: a single bad document there blocks the whole delivery.
    """
    known_groups = {row[0] for row in csv.reader(io.StringIO(groups.decode()))}
    problems = [f"{GROUP_FILE}: {problem}" for problem in _group_problems(groups)]
    for name, body, paths, check in (
        (JOB_FILE, jobs, JOB_PATHS, _job_problems),
        (EDUCATION_FILE, education, EDUCATION_PATHS, _education_problems),
    ):
        seen: set[str] = set()
        for number, line in enumerate(body.split(b"\n")[:-1], start=1):
            where = f"{name} line {number}"
            if b"\\" in line or re.search(rb"[\x00-\x1f]", line):
                problems.append(f"{where}: holds a backslash or control character, which the bulk load mangles")
            try:
                document = orjson.loads(line)
            except orjson.JSONDecodeError:
                problems.append(f"{where}: is not JSON")
                continue
            found = [*_common_problems(document, paths), *check(document, known_groups)]
            if document.get("id") in seen:
                found.append("the id is repeated")
            seen.add(document.get("id"))
            problems += [f"{where} ({document.get('id')}): {problem}" for problem in found]
        if not body.endswith(b"\n") and body:
            problems.append(f"{name}: the last line is not terminated")
    return problems


def _common_problems(document: dict[str, Any], paths: dict[str, tuple[str, ...]]) -> list[str]:
    problems = []
    try:
        uuid.UUID(document.get("id", ""))
    except (ValueError, AttributeError, TypeError):
        problems.append("id is not a UUID")
    if _holds_null(document):
        problems.append("holds a null")
    for kind, path in paths.items():
        problems += [f"{'.'.join(path)}: {problem}" for problem in _distribution_problems(kind, _at(document, path))]
    return problems


def _job_problems(document: dict[str, Any], known_groups: set[str]) -> list[str]:
    basic = document.get("perustiedot") or {}
    problems = _text_problems(
        {name: basic.get(f"tyomahdollisuuden{name}") for name in ("Otsikko", "Tiivistelma", "Kuvaus")}, title="Otsikko"
    )
    if document.get("aineisto") not in ("TMT", "AMMATTITIETO"):
        problems.append("aineisto must be TMT or AMMATTITIETO")
    tasks = basic.get("tyomahdollisuudenTehtavat", {})
    if not all(
        isinstance(items, list) and all(isinstance(item, str) and "\n" not in item for item in items) for items in tasks.values()
    ):
        problems.append("tehtavat must be lists of one-line strings")
    group = document.get("ammattiryhma")
    if group is not None and group not in known_groups:
        problems.append(f"ammattiryhma {group} is not in {GROUP_FILE}")
    return problems


def _education_problems(document: dict[str, Any], _known_groups: set[str]) -> list[str]:
    problems = _text_problems({name: document.get(name) for name in ("otsikko", "tiivistelma", "kuvaus")}, title="otsikko")
    if document.get("tyyppi") not in ("TUTKINTO", "EI_TUTKINTO"):
        problems.append("tyyppi must be TUTKINTO or EI_TUTKINTO")
    durations = [document.get(name) for name in ("kestoMinimi", "kestoMediaani", "kestoMaksimi")]
    if any(value is not None for value in durations) and not all(isinstance(value, int) for value in durations):
        problems.append("kesto must be three whole numbers of months or none")
    programmes = document.get("koulutukset", [])
    oids = [item.get("oid") for item in programmes]
    if len(oids) != len(set(oids)):
        problems.append("koulutukset repeats an oid")
    if not all(isinstance(oid, str) and re.fullmatch(r"1\.2\.246\.562\.13\.\d+", oid) for oid in oids):
        problems.append("koulutukset holds something that is not a koulutus OID")
    if any(set(item.get("nimi", {})) - set(LANGUAGES) for item in programmes):
        problems.append("koulutukset has a name in another language than fi, sv, en")
    return problems


def _text_problems(texts: dict[str, Any], title: str) -> list[str]:
    problems = []
    for name, value in texts.items():
        if not isinstance(value, dict) or set(value) != set(LANGUAGES):
            problems.append(f"{name} must exist in fi, sv and en and nothing else")
        elif not all(isinstance(text, str) and text.strip() for text in value.values()):
            problems.append(f"{name} is empty in some language")
        elif name == title and any(len(text) > 255 for text in value.values()):
            problems.append(f"{name} is longer than 255 characters")
    return problems


def _distribution_problems(kind: str, value: Any) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, dict) or not all(isinstance(value.get(name), int) for name in ("kokonaismaara", "tyhjienMaara")):
        return ["needs whole numbers kokonaismaara and tyhjienMaara"]
    items = value.get("arvot")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        return ["arvot must be a list of objects"]
    problems = []
    codes = [item.get("arvo") for item in items]
    if not all(isinstance(code, str) and 0 < len(code) <= 255 for code in codes) or len(codes) != len(set(codes)):
        problems.append("every arvo must be a unique string of at most 255 characters")
    shares = [item.get("prosenttiosuus") for item in items]
    if not all(isinstance(share, int | float) and not isinstance(share, bool) and 0 < share <= 100 for share in shares):
        problems.append("every prosenttiosuus must be a number over 0 and at most 100")
    pattern = VALUE_PATTERNS.get(kind)
    wrong = [code for code in codes if pattern and not re.fullmatch(pattern, str(code))]
    if wrong:
        problems.append(f"{wrong[0]} is not a code of {kind}")
    if value["tyhjienMaara"] > value["kokonaismaara"]:
        problems.append("more empty members than members")
    return problems


def _group_problems(body: bytes) -> list[str]:
    rows = list(csv.reader(io.StringIO(body.decode())))
    if not rows or rows[0] != ["esco_uri", "data"]:
        return ["the header must be esco_uri,data"]
    problems = []
    if len({row[0] for row in rows[1:]}) != len(rows) - 1:
        problems.append("an esco_uri is repeated")
    for uri, data in rows[1:]:
        document = orjson.loads(data)
        if document.get("uri") != uri or not re.fullmatch(r"http://data\.europa\.eu/esco/isco/C\d{4}", uri):
            problems.append(f"{uri}: uri and data disagree")
        if _holds_null(document):
            problems.append(f"{uri}: holds a null")
        if document.get("kohtaanto", {}).get("tyyppi", "Tasapaino") not in MATCH_STATES.values():
            problems.append(f"{uri}: unknown kohtaanto")
    return problems


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


def _at(document: dict[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = document
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _holds_null(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_holds_null(item) for item in value.values())
    if isinstance(value, list):
        return any(_holds_null(item) for item in value)
    return value is None
