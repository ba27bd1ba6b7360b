"""Vipunen: the statistics service of the education administration. Every resource describes its own columns.

Rows are read in pages, so that memory does not grow with the table (the largest has 41 million rows) and a page that
broke is asked for again alone.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable
from datetime import date
from functools import partial
from typing import Any

import orjson
import polars as pl

from jod_pipelines.contracts.described import described_table
from jod_pipelines.contracts.enforcement import QUARANTINE_SCHEMA
from jod_pipelines.contracts.model import POLARS_TYPES, Column, Table
from jod_pipelines.errors import SourceError, SourceSkipped
from jod_pipelines.landing.archive import Archive, Document, Fetched, Restarted, Unchanged
from jod_pipelines.settings import Settings
from jod_pipelines.sources.http import Answer, NotFound
from jod_pipelines.sources.resource import FetchContext, Landing, Parsed, Resource, expect, fetched

ROOT = "/api/resources"
PAGE_ROWS = 25_000
READINGS = 3
"""How often a table is read from the start when it is loaded anew while it is read."""
NAMES = "resources"
LOAD_DATE = "tietojoukkoPaivitettyPvm"
KNOWN = (
    "alayksikkokoodisto",
    "amk_opintopisteet",
    "amk_opintopisteet_kuukausi",
    "amk_talous",
    "amk_talous2",
    "amm_harkinnanvarainen_rahoitus",
    "amm_myonnetty_rahoitus",
    "amm_opiskelijat_ja_tutkinnot_kuukausi_maakunta",
    "amm_opiskelijat_ja_tutkinnot_vuosi_tutkinto",
    "amm_perusrahoituksen_kohdennukset",
    "amm_rahoitus_koonti",
    "amm_rahoitus_opiskelijavuodet",
    "amm_rahoitus_opiskelijavuodet_lahtotaso_ja_kr",
    "amm_rahoitus_palautteet",
    "amm_rahoitus_tutkinnot_ja_osaamispisteet",
    "amm_rahoitus_yhteenvetotaulukko",
    "amm_rahoitusperusteet_ja_myonnetty_rahoitus",
    "avoin_amk",
    "avoin_yliopisto",
    "erilliset_opinto_oikeudet",
    "esi_ja_perusopetus_oppilaat_lukuvuosi_koulutusmuoto",
    "harjoittelukoulut",
    "henkilosto",
    "julkaisut",
    "korkeakoulutus_hakeneet_ja_paikan_vastaanottaneet",
    "korkeakoulutus_kv_liikkuvuus",
    "koulutuksenkustannukset",
    "koulutusluokitus",
    "lukio_opiskelijat_kuukausi_maakunta",
    "lukio_opiskelijat_vuosi_tutkinto",
    "muu_henkilosto_amk",
    "opinnaytetyot",
    "opiskelijat_ja_tutkinnot",
    "perusopetuksen_jalkeinen_koulutus_hakeneet_ja_paikan_vastaanottaneet",
    "perusopetus_oppilaat_lukuvuosi_oppilaitos",
    "suorittanut55",
    "suoritteet",
    "tavoiteajassa_tutkinnon_suorittaneet",
    "taydennyskoulutukset",
    "toimipisteet",
    "toimitilat",
    "yamk_tutkinnot",
    "yo_opintopisteet",
    "yo_opintopisteet_kuukausi",
    "yo_talous",
    "yo_talous2",
    "ytl_arvosanat",
)
"""The service's resources of August 2026."""
TYPES = {"number": "DOUBLE", "string": "VARCHAR", "boolean": "BOOLEAN", "date": "DATE", "datetime": "DATE", "time": "VARCHAR"}
"""Our type of each type the service knows. Counts come as numbers with up to 29 decimals, days with and without a clock."""
NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?")
KINDS: dict[str, set[type]] = {
    "DOUBLE": {int, float, type(None)},
    "VARCHAR": {str, type(None)},
    "BOOLEAN": {bool, type(None)},
    "DATE": {str, type(None)},
}


def fetch_names(context: FetchContext) -> Landing:
    """The list of resources, as the service gives it: unordered."""
    yield fetched("names", context.client.get_json(ROOT))


def parse_names(documents: Iterable[Document]) -> Parsed:
    """Table `resource`: one row per name, in name order."""
    rows: list[dict[str, Any]] = []
    unreadable = {}
    for document in documents:
        try:
            rows += [{"name": str(name), "source_document": document.key} for name in sorted(document.json())]
        except (TypeError, ValueError) as error:
            unreadable[document.key] = f"{type(error).__name__}: {error}"
    return Parsed({"resource": rows}, unreadable)


def fetch(resource: str, *, optional: bool = False) -> Any:
    """A fetch of one resource: its columns, then its rows page by page in the server's own order.

    The whole table is replaced at each load, so the count and load date are read before and after. When they moved, what
    was read is forgotten and read again, a few times at most: pages of two loads never end up in one snapshot.

    Args:
        optional: a resource that the service does not have is skipped, as only its list named it.
    """

    def read(context: FetchContext) -> Landing:
        path = f"{ROOT}/{resource}"
        for _ in range(READINGS):
            columns = _columns(context, resource, optional=optional)
            mark = _load_mark(context, path)
            before = context.previous
            if before and before.entries and all(entry.change_key == mark for entry in before.entries.values()):
                yield from (Unchanged(key) for key in before.entries)
                return
            yield fetched("columns", columns, change_key=mark)
            rows = yield from _pages(context, path, mark, {column["name"] for column in columns.json()})
            after = _load_mark(context, path)
            if after == mark and rows == _count_of(mark):
                return
            yield Restarted(f"{rows} rows read of {mark}, then {after}")
        raise SourceError(
            f"vipunen/{resource}: the table was reloaded during each of {READINGS} readings, or its count lags: the last time "
            f"{mark} were announced, {rows} rows read, then {after}; nothing of it is kept, run again later"
        )

    return read


def _pages(context: FetchContext, path: str, mark: str, described: set[str]) -> Generator[Fetched, None, int]:
    """Pages until one is not full, whatever the count says: it is cached for half an hour. Returns the number of rows.

    Raises:
        SourceError: the rows do not have the described columns.
    """
    rows = 0
    while True:
        answer = context.client.get_json(f"{path}/data", {"offset": rows, "limit": PAGE_ROWS})
        page = answer.json()
        expect(isinstance(page, list), f"vipunen: {answer.request} is not a list of rows", str(page)[:300])
        named = set(page[0]) if page else described
        expect(
            named == described,
            f"vipunen: {path} has other columns than it describes ({', '.join(sorted(named ^ described))}); its description is "
            "cached for half an hour, run again later",
        )
        if page or rows == 0:
            yield fetched(f"rows-{rows:09d}", answer, change_key=mark)
        rows += len(page)
        if len(page) < PAGE_ROWS:
            return rows


def parse(documents: Iterable[Document]) -> Parsed:
    """Rows under snake_case names, typed as the service describes its columns.

    A row with a value of another kind than its column's goes to quarantine by column and value: the service maps values to
    columns by position, so that just after a change of a table they can stand under the wrong names. Placeholder texts
    stay as they are and apart from null: staging decides what 'Tieto puuttuu' means.
    """
    frames, refused, unreadable = [], [], {}
    for document in documents:
        if document.key == "columns":
            continue
        try:
            columns = column_types(document.described_by[0].json())
            frame, broken = typed_rows(document.json(), columns, document.key)
            frames.append(frame)
            refused.append(broken)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, SourceError) as error:
            unreadable[document.key] = f"{type(error).__name__}: {error}".split("\n")[0]
    table = pl.concat(frames) if frames else pl.DataFrame()
    return Parsed({"row": table}, unreadable, refused={"row": pl.concat(refused)} if refused else {})


def column_types(columns: list[dict[str, Any]]) -> dict[str, str]:
    """Our type by the service's column name.

    Raises:
        SourceError: a type nobody has seen, or two columns whose names become one.
    """
    types = {}
    for column in columns:
        name, kind = column["name"], column["type"]
        if kind not in TYPES:
            raise SourceError(f"vipunen: column {name} has type {kind!r}, known are {', '.join(TYPES)}")
        types[name] = TYPES[kind]
    ours = [snake_case(name) for name in types]
    expect(len(set(ours)) == len(columns), f"vipunen: columns whose names become one: {sorted(ours)}")
    return types


def typed_rows(rows: list[dict[str, Any]], columns: dict[str, str], key: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows of one page and the rows whose values do not fit their columns.

    Args:
        columns: our type by the service's column name.

    Returns:
        (frame of snake_case columns, `source_document` added; quarantine with `QUARANTINE_SCHEMA`).

    Raises:
        ValueError, TypeError, AttributeError: the page is not a list of objects.
    """
    values = {name: [row.get(name) for row in rows] for name in columns}
    wrong: dict[int, str] = {}
    for name, kind in columns.items():
        if kind == "DOUBLE" and str in set(map(type, values[name])):
            values[name] = [_number_in(value) for value in values[name]]
        if not set(map(type, values[name])) <= KINDS[kind]:
            wrong = {place: name for place, value in enumerate(values[name]) if type(value) not in KINDS[kind]} | wrong
        if kind == "DATE":
            days = [value[:10] if isinstance(value, str) else None for value in values[name]]
            dates = pl.Series(days, dtype=pl.String).str.to_date("%Y-%m-%d", strict=False)
            unread = pl.Series(days, dtype=pl.String).is_not_null() & dates.is_null()
            wrong = dict.fromkeys(unread.arg_true().to_list(), name) | wrong
            values[name] = dates.to_list()
    kept = [place for place in range(len(rows)) if place not in wrong] if wrong else None
    series = [
        pl.Series(snake_case(name), values[name] if kept is None else [values[name][place] for place in kept], POLARS_TYPES[kind])
        for name, kind in columns.items()
    ]
    refused = [
        {
            "source_document": key,
            "column": snake_case(name),
            "rule": f"type {columns[name]}",
            "value": orjson.dumps(rows[place].get(name)).decode(),
            "row": orjson.dumps(rows[place]).decode(),
        }
        for place, name in sorted(wrong.items())
    ]
    frame = pl.DataFrame(series).with_columns(source_document=pl.lit(key))
    return frame, pl.DataFrame(refused, schema=QUARANTINE_SCHEMA, orient="row")


def _number_in(value: Any) -> Any:
    """A number that came as text, as years do in some resources; a code with leading zeros is not one."""
    return float(value) if isinstance(value, str) and NUMBER.fullmatch(value) else value


def describe(resource: str, documents: list[Document]) -> dict[str, Table]:
    """The contract of a resource's rows as its own columns describe them."""
    types = column_types(documents[0].json())
    described = [Column(snake_case(name), kind, dict.fromkeys(("fi", "sv", "en"), f"{name}")) for name, kind in types.items()]
    text = {
        "fi": f"Vipusen resurssi {resource}, sarakkeet sen oman kuvauksen mukaan.",
        "sv": f"Resursen {resource} i Vipunen, kolumner enligt dess egen beskrivning.",
        "en": f"Vipunen's resource {resource}, columns as it describes them itself.",
    }
    return {"row": described_table("vipunen", resource, "row", described, text)}


def snake_case(name: str) -> str:
    """`koulutusalaTaso1` -> `koulutusala_taso1`; other characters than letters and digits become underscores."""
    parted = re.sub(r"(?<=[a-zåäö0-9])(?=[A-ZÅÄÖ])", "_", name)
    return re.sub(r"[^0-9a-zåäö]+", "_", parted.lower()).strip("_")


def _columns(context: FetchContext, resource: str, *, optional: bool) -> Answer:
    try:
        answer = context.client.get_json(f"{ROOT}/{resource}")
    except NotFound:
        kind = SourceSkipped if optional else SourceError
        raise kind(f"vipunen has no resource {resource}; {ROOT} lists what there is") from None
    column_types(answer.json())
    return answer


def _load_mark(context: FetchContext, path: str) -> str:
    """Row count and load date: moves whenever the table is loaded again."""
    count = context.client.get_json(f"{path}/data/count").json()
    expect(type(count) is int, f"vipunen: {path}/data/count is not a bare number", str(count)[:200])
    first = context.client.get_json(f"{path}/data", {"offset": 0, "limit": 1}).json()
    expect(isinstance(first, list), f"vipunen: {path}/data is not a list of rows", str(first)[:200])
    day = str(first[0].get(LOAD_DATE) or "")[:10] if first else ""
    if day:
        try:
            date.fromisoformat(day)
        except ValueError:
            raise SourceError(f"vipunen: {path} says it was loaded on {day!r}, which is no date") from None
    return f"{count} rows of {day}"


def _count_of(mark: str) -> int:
    return int(mark.split()[0])


def resources(settings: Settings) -> list[Resource]:
    """The list of names, and one resource per configured name."""
    names = Resource(
        source="vipunen",
        name=NAMES,
        system="vipunen",
        tables=("resource",),
        fetch=fetch_names,
        parse=parse_names,
        title="Vipunen: names of its resources",
        attribution="Vipunen – opetushallinnon tilastopalvelu, CC BY 4.0",
    )
    return [names, *(_resource(name, optional=optional) for name, optional in chosen(settings).items())]


def chosen(settings: Settings) -> dict[str, bool]:
    """The names to land, and whether one may be missing at the source.

    `*` stands for every resource the service had when its list last landed (before that, for those known when this was
    written), `-name` leaves one out.
    """
    named = dict.fromkeys((name for name in settings.vipunen_resources if name != "*" and not name.startswith("-")), False)
    if "*" not in settings.vipunen_resources:
        return named
    files = Archive(settings.home / "landing").resource("vipunen", NAMES).typed_files("resource")
    known = pl.read_parquet(files)["name"].to_list() if files else KNOWN
    return {name: True for name in known if f"-{name}" not in settings.vipunen_resources} | named


def _resource(name: str, *, optional: bool) -> Resource:
    return Resource(
        source="vipunen",
        name=name,
        system="vipunen",
        tables=("row",),
        fetch=fetch(name, optional=optional),
        parse=parse,
        title=f"Vipunen: {name.replace('_', ' ')}",
        attribution=f"Vipunen – opetushallinnon tilastopalvelu: {name}, CC BY 4.0",
        per_document=True,
        described_by=("columns",),
        describe=partial(describe, name),
    )
