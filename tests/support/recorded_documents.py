"""What becomes of each recorded file: which resource its documents land in, or why it holds no document of ours."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from jod_pipelines.errors import HeldError
from jod_pipelines.ingest import ingest
from jod_pipelines.landing.archive import Fetched
from jod_pipelines.platform import Platform
from jod_pipelines.settings import StatfinTable, load_settings
from jod_pipelines.sources import all_resources, eperusteet, koodisto, opintopolku, organisaatio
from jod_pipelines.sources.resource import Resource, without_keys

PERSONAL = {module.__name__.rpartition(".")[2]: module.PERSONAL for module in (opintopolku, eperusteet, koodisto, organisaatio)}
MORE_TABLES = ("tjt/14ww", "vaerak/121w")
"""Tables of which answers are recorded and that the settings do not ask for."""

Split = Callable[[bytes], dict[str, bytes]]


def each_line(body: bytes) -> dict[str, bytes]:
    """Every line is a document."""
    return {f"line {number:04d}": line for number, line in enumerate(body.splitlines(), start=1) if line.strip()}


def one(body: bytes) -> dict[str, bytes]:
    """The file is a document."""
    return {"document": body}


def as_list(body: bytes) -> dict[str, bytes]:
    """The lines are the items of one answer."""
    return {"list": b"[" + b",".join(body.splitlines()) + b"]"}


def as_page(body: bytes) -> dict[str, bytes]:
    """The lines are the hits of one page of the search."""
    hits = body.splitlines()
    return {"page": b'{"total":%d,"hits":[%b]}' % (len(hits), b",".join(hits))}


def with_metadata(body: bytes) -> dict[str, bytes]:
    """PxWeb's json, and the metadata that goes with it, made of its own columns and keys: it was not recorded."""
    answer = orjson.loads(body)
    keys = [column for column in answer["columns"] if column["type"] != "c"]
    contents = [column["code"] for column in answer["columns"] if column["type"] == "c"]
    variables = [
        {"code": column["code"], "text": column["text"], "time": column["type"] == "t", **_values(answer, position)}
        for position, column in enumerate(keys)
    ]
    variables.append({"code": "contentscode", "text": "Tiedot", "values": contents, "valueTexts": contents})
    metadata = orjson.dumps({"title": answer["metadata"][0]["label"], "variables": variables})
    return {"metadata": metadata, "metadata-sv": metadata, "metadata-en": metadata, "cells-0000": body}


def _values(answer: dict[str, Any], position: int) -> dict[str, list[str]]:
    values = list(dict.fromkeys(row["key"][position] for row in answer["data"]))
    return {"values": values, "valueTexts": values}


LANDS: tuple[tuple[str, str, Split], ...] = (
    (r"opintopolku/search/external_search_hits_amk\.ndjson", "opintopolku/search", as_page),
    (r"opintopolku/captures/search_koulutukset_hits\.ndjson", "opintopolku/search", as_page),
    (
        r"opintopolku/(external_shape/external_|captures/|index_structure/)koulutus(-kouta)?\.ndjson",
        "opintopolku/koulutus",
        each_line,
    ),
    (
        r"opintopolku/(external_shape/external_|captures/|index_structure/)toteutus(-kouta)?\.ndjson",
        "opintopolku/toteutus",
        each_line,
    ),
    (r"opintopolku/(captures|index_structure)/hakukohde(-kouta)?\.ndjson", "opintopolku/hakukohde", each_line),
    (r"opintopolku/index_structure/haku-kouta\.ndjson", "opintopolku/haku", each_line),
    (r"opintopolku/eperusteet/perusteet_list_response_2015\.json", "eperusteet/perusteet", one),
    (r"opintopolku/eperusteet/peruste_\d+_.*\.json", "eperusteet/peruste", one),
    (r"opintopolku/index_structure/eperuste\.ndjson", "eperusteet/peruste", each_line),
    (r"opintopolku/eperusteet/osaamismerkit_external\.json", "eperusteet/osaamismerkit", one),
    (r"opintopolku/koodisto/rest_json_.*\.ndjson", "koodisto/codes", as_list),
    (r"opintopolku/koodisto/codeelement_.*\.ndjson", "koodisto/codes", as_list),
    (r"opintopolku/koodisto/codeelement_withrelations_.*\.ndjson", "koodisto/relations", as_list),
    (r"opintopolku/organisaatio/hierarkia_koski_mock\.json", "organisaatio/organisations", one),
    (r"statfin/software_occupations_register_kunnat_12ti\.json", "statfin/tyonv_12ti", with_metadata),
    (r"statfin/unemployment_register_kunnat_12r5\.json", "statfin/tyonv_12r5", with_metadata),
    (r"statfin/unemployment_survey_national_135z\.json", "statfin/tyti_135z", with_metadata),
    (r"statfin/education_register_kunnat_12bs\.json", "statfin/vkour_12bs", with_metadata),
    (r"statfin/age_register_kunnat_11ra\.json", "statfin/vaerak_11ra", with_metadata),
    (r"statfin/sex_register_kunnat_11re\.json", "statfin/vaerak_11re", with_metadata),
    (r"statfin/income_register_kunnat_14ww\.json", "statfin/tjt_14ww", with_metadata),
    (r"statfin/population_register_kunnat_121w\.json", "statfin/vaerak_121w", with_metadata),
    (r"statfin/.*\.px", "statfin/px_files", one),
    (r"statfin/tyonv_data_(ammatit|maakunta)_.*\.csv", "statfin/tyonv_history", one),
    (r"vipunen/resources_2019\.json", "vipunen/resources", one),
    (r"esco/(?!conceptSchemes|skillsHierarchy).*", "esco/classification", one),
)
"""Which resource the documents of a file are of."""
EXPLAINED: tuple[tuple[str, str], ...] = (
    (r"README\.md", "says what the recordings are"),
    (r"opintopolku/volumes/.*", "counts of the offering on one day, made by a query of the index: no answer of an interface"),
    (r"opintopolku/organisaatio/hierarkia_koski_mock_flat\.ndjson", "derived: the tree of hierarkia_koski_mock.json, flattened"),
    (
        r"opintopolku/organisaatio/(muutetut_response|organisaatio_v4_docs)\.ndjson",
        "single organisations in full: of the change list only its being empty is read, and the tree is asked instead",
    ),
    (r"opintopolku/eperusteet/derived_.*", "derived: the requirements of peruste 6942140, which lands itself"),
    (r"opintopolku/eperusteet/tutkinnonosa_single_internal\.json", "internal interface: units come inside their qualification"),
    (
        r"opintopolku/(captures|index_structure)/(oppilaitos|oppilaitoksen-osa|valintaperuste|osaamisalakuvaukset|eperuste_kuvaukset"
        r"|search_oppilaitokset_hits|search_jarjestajat_hits)(-kouta)?(-search)?\.ndjson",
        "documents of schools, selection criteria and descriptions inside the study search: no resource asks for them",
    ),
    (r"opintopolku/captures/search_filters\.json", "numbers of hits by filter of the web page: no resource asks for them"),
    (
        r"opintopolku/index_structure/koulutus-kouta-search\.ndjson",
        "documents of the search index before the interface makes hits of them; hits land from search/ and captures/",
    ),
    (
        r"statfin/tyonv_data_kokomaa_2310\.csv",
        "flows of vacancies of the whole country; the history continues the stock at the end of the month, which it has not",
    ),
    (r"vipunen/count_avoin_yliopisto_2019\.json", "a bare number: compared with the rows that were read, never landed"),
    (r"vipunen/vipunen_resource_columns\.derived\.json", "derived: the columns of 47 resources, gathered from load scripts"),
    (
        r"vipunen/resources_julkaisut_2019\.json",
        "describes the columns of rows that are not recorded; tests/unit/test_statistics.py types all 71 of them",
    ),
    (
        r"esco/(conceptSchemes|skillsHierarchy).*",
        "says again, or of other schemes, what the concept and relation files say",
    ),
)
"""Why no document lands from a file."""


@dataclass
class Told:
    """What became of a file's documents: how many there are and landed, rows by table, refused rows with the first reason."""

    file: str
    resource: str
    documents: int
    landed: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    reason: str = ""

    @property
    def counts(self) -> str:
        """Rows by table, and how many were refused; `held` when nothing serves."""
        rows = ", ".join(f"{count} {table}" for table, count in sorted(self.rows.items()))
        refused = f"{self.refused} refused" if self.refused else "held" if self.reason else ""
        return ", ".join(filter(None, (rows, refused))) or "no rows"

    def __str__(self) -> str:
        why = f" ({self.reason})" if self.reason else ""
        return f"{self.file}: {self.documents} documents, {self.landed} landed in {self.resource}: {self.counts}{why}"


def sorted_out(folder: Path) -> tuple[list[tuple[str, str, Split]], dict[str, str], list[str]]:
    """Files of the recordings: those with documents of a resource, those explained, and those that are neither or both."""
    lands: list[tuple[str, str, Split]] = []
    explained: dict[str, str] = {}
    unexplained = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        resources = [(name, label, split) for pattern, label, split in LANDS if re.fullmatch(pattern, name)]
        reasons = [reason for pattern, reason in EXPLAINED if re.fullmatch(pattern, name)]
        if bool(resources) == bool(reasons) or len(reasons) > 1:
            unexplained.append(name)
        elif resources:
            lands += resources
        else:
            explained[name] = reasons[0]
    return lands, explained, unexplained


def grouped(lands: Iterable[tuple[str, str, Split]]) -> dict[tuple[str, str, Split], list[str]]:
    """Files that are one download together: those of ESCO; every other one by itself."""
    groups: dict[tuple[str, str, Split], list[str]] = {}
    for file, label, split in lands:
        groups.setdefault(("esco" if label.startswith("esco") else file, label, split), []).append(file)
    return groups


def land(folder: Path, files: list[str], label: str, split: Split, home: Path) -> list[Told]:
    """Ingest the documents of files as if the resource's source had sent them tonight, and count what became of each file."""
    tables = tuple(StatfinTable(path=path) for path in MORE_TABLES)
    settings = load_settings(home=home, sources="recorded", recorded=folder)
    settings = settings.model_copy(update={"statfin_tables": (*settings.statfin_tables, *tables)})
    platform = Platform(settings)
    bodies = {_key(file, part, split): body for file in files for part, body in split((folder / file).read_bytes()).items()}
    resource = next(resource for resource in all_resources(settings) if resource.label == label)
    told = [Told(file, label, sum(_file_of(key, files) == file for key in bodies)) for file in files]
    try:
        outcome = ingest(
            replace(resource, fetch=lambda _context: _sent(bodies, PERSONAL.get(resource.source, frozenset())), after=()),
            platform,
        )
    except HeldError as error:
        snapshot_entries: Iterable[str] = bodies if platform.archive.resource(*label.split("/")).held() else ()
        for item in told:
            item.reason = str(error)
            item.landed = sum(_file_of(key, files) == item.file for key in snapshot_entries)
        return told
    assert outcome.snapshot is not None
    landed = platform.archive.resource(*label.split("/"))
    for item in told:
        item.landed = sum(_file_of(key, files) == item.file for key in landed.snapshot(outcome.snapshot).entries)
    _count_rows(resource, home / "landing" / label, told, files)
    return told


def _sent(bodies: dict[str, bytes], personal: frozenset[str]) -> Iterable[Fetched]:
    for key, body in bodies.items():
        kept, dropped = without_keys(body, personal) if personal else (body, ())
        yield Fetched(key, kept, f"recorded {key}", 200, "2026-11-22T00:00:00+00:00", dropped=dropped)


def _key(file: str, part: str, split: Split) -> str:
    """Names that a parser goes by stay: of files it knows, and of the parts of a table."""
    return Path(file).name if split is one else part


def _file_of(key: str, files: list[str]) -> str:
    return files[0] if len(files) == 1 else next(file for file in files if Path(file).name == key)


def _count_rows(resource: Resource, folder: Path, told: list[Told], files: list[str]) -> None:
    for kind in ("typed", "quarantine"):
        for table in resource.tables:
            paths = sorted((folder / kind / table).glob("*.parquet"))
            frame = pl.concat([pl.read_parquet(path) for path in paths], how="diagonal_relaxed") if paths else pl.DataFrame()
            for item in told:
                mine = frame
                if len(files) > 1 and not frame.is_empty():
                    mine = frame.filter(pl.col("source_document").str.starts_with(Path(item.file).name))
                if kind == "typed" and mine.height:
                    item.rows[table] += mine.height
                elif kind == "quarantine" and mine.height:
                    first = mine.row(0, named=True)
                    item.refused += mine.height
                    value = " ".join(str(first["value"]).split())[:80]
                    item.reason = item.reason or f"{first['rule']} of {first['column'] or 'document'} ({value})"
