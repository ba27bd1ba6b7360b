"""Kela's open statistics on benefits: CSV files listed in the avoindata.suomi.fi catalogue, each data set with its own metadata.

A data set is several CSV files (often one per year) and one JSON that names delimiter, encoding, columns and their types. All
become one long table, so that another data set is another name in the settings.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
import polars as pl

from jod_pipelines.errors import SourceError
from jod_pipelines.landing.archive import Document, Unchanged
from jod_pipelines.settings import Settings
from jod_pipelines.sources.delimited import number_text, read_delimited
from jod_pipelines.sources.resource import FetchContext, Landing, Parsed, Resource, expect, fetched

CATALOGUE = "/data/fi/api/3/action/package_search"
OWNER = "6c2af1b3-2309-4fc6-9b47-59b14fe10a9c"
"""Kela's organisation in the catalogue; the search by name also finds other offices' data sets."""
METADATA = "metadata.json"
GRANULARITIES = {"Kuukausi": "month", "Vuosi": "year", "Lukuvuosi": "study_year"}
KEYS = ("aikatyyppi", "kuukausi_nro", "vuosikuukausi", "vuosi", "kunta_nro", "kunta_nimi")
"""Columns that say when and where; they never are dimensions or measures."""
TOTAL, UNKNOWN = ("Yhteensä",), ("Tieto puuttuu", "Tuntematon")
COUNTRY = "SSS"


def fetch(context: FetchContext) -> Landing:
    """The files of the configured data sets whose `last_modified` moved; one request when none did.

    Raises:
        SourceError: the catalogue refused the search, or has no data set of a configured name.
    """
    answer = context.client.get_json(CATALOGUE, {"q": "Kansaneläkelaitos", "rows": 100})
    found = answer.json()
    expect(bool(found.get("success")), f"kela: the catalogue refuses the search: {found.get('error')}")
    packages = {package["name"]: package for package in found["result"]["results"] if package.get("owner_org") == OWNER}
    for name in context.settings.kela_datasets:
        if name not in packages:
            raise SourceError(f"kela has no data set {name} in the catalogue; correct kela_datasets", ", ".join(sorted(packages)))
        for key, item in _files(name, packages[name]):
            mark = item.get("last_modified") or item.get("created")
            if context.unchanged(key, mark):
                yield Unchanged(key)
            else:
                yield fetched(key, context.client.get_bytes(item["url"]), change_key=mark)


def _files(name: str, package: dict[str, Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    for item in package["resources"]:
        kind = str(item.get("format", "")).upper()
        if kind == "JSON":
            yield f"{name}/{METADATA}", item
        elif kind == "CSV":
            yield f"{name}/{item['url'].rsplit('/', 1)[-1]}", item


def parse(documents: Iterable[Document]) -> Parsed:
    """Table `observation`, one row per cell of a measure. Files without metadata cannot be typed and are set aside."""
    metadata: dict[str, dict[str, Any]] = {}
    unreadable: dict[str, str] = {}
    frames = []
    for document in sorted(documents, key=lambda document: (not document.key.endswith(METADATA), document.key)):
        dataset = document.key.split("/")[0]
        try:
            if document.key.endswith(METADATA):
                metadata[dataset] = document.json()["resources"][0]
                continue
            if dataset not in metadata:
                raise ValueError("the data set has no readable JSON metadata, so its measures are not known")
            frame, strange = read_file(document, metadata[dataset])
        except (orjson.JSONDecodeError, KeyError, IndexError, TypeError, ValueError, pl.exceptions.PolarsError) as error:
            unreadable[document.key] = f"{type(error).__name__}: {error}"
            continue
        frames.append(frame.with_columns(dataset=pl.lit(dataset), source_document=pl.lit(document.key)))
        for column in strange:
            unreadable[f"{document.key} column {column}"] = "not in the metadata; read as a dimension"
    table = pl.concat(frames, how="diagonal_relaxed") if frames else pl.DataFrame()
    return Parsed({"observation": table}, unreadable)


def read_file(document: Document, metadata: dict[str, Any]) -> tuple[pl.DataFrame, list[str]]:
    """One CSV as long rows with values still as text, and the columns its metadata does not know.

    Raises:
        ValueError: no column is a measure, or columns that the metadata promises are missing.
    """
    dialect = metadata.get("dialect") or {}
    rows = read_delimited(document.body, encoding=metadata.get("encoding"), delimiter=dialect.get("delimiter"))
    types = {field["name"]: field.get("type", "string") for field in metadata["schema"]["fields"]}
    missing = sorted(types.keys() - set(rows.columns))
    if missing:
        raise ValueError(f"columns {', '.join(missing)} of the metadata are not in the file")
    measures = [name for name in rows.columns if is_measure(name, types.get(name))]
    if not measures:
        raise ValueError("the metadata names no measure")
    dimensions = sorted(set(rows.columns) - {*measures, *KEYS})
    texts = pl.concat_list(dimensions) if dimensions else pl.lit([], dtype=pl.List(pl.String))
    keyed = rows.select(
        **_place_and_time(rows.columns),
        dimensions=pl.struct(dimensions).struct.json_encode() if dimensions else pl.lit("{}"),
        is_total=texts.list.set_intersection(list(TOTAL)).list.len() > 0,
        is_unknown=texts.list.set_intersection(list(UNKNOWN)).list.len() > 0,
        **{name: number_text(name) for name in measures},
    )
    index = [name for name in keyed.columns if name not in measures]
    long = keyed.unpivot(measures, index=index, variable_name="measure", value_name="value")
    return long, sorted(set(rows.columns) - types.keys())


def is_measure(name: str, kind: str | None) -> bool:
    """Whether a column counts something: a numeric type that is neither a time, a place nor a code."""
    return kind in ("number", "integer") and name not in KEYS and not name.endswith(("_nro", "_koodi"))


def _place_and_time(columns: list[str]) -> dict[str, pl.Expr]:
    def column(name: str) -> pl.Expr:
        return pl.col(name) if name in columns else pl.lit(None, dtype=pl.String)

    kind = column("aikatyyppi") if "aikatyyppi" in columns else pl.lit("Kuukausi" if "vuosikuukausi" in columns else "Vuosi")
    year_month = pl.coalesce(column("vuosikuukausi"), pl.concat_str(column("vuosi"), column("kuukausi_nro").str.zfill(2)))
    month = year_month.str.to_date("%Y%m", strict=False)
    year = column("vuosi").str.to_date("%Y", strict=False) if "vuosi" in columns else month.dt.truncate("1y")
    # a study year is dated by its last month, July
    period = pl.when(kind == "Kuukausi").then(month).when(kind == "Lukuvuosi").then(month.dt.offset_by("-11mo")).otherwise(year)
    place = column("kunta_nro")
    whole_country = place.is_null() | place.is_in(list(TOTAL))
    return {
        "granularity": kind.replace_strict(GRANULARITIES, default=kind),
        "period": period,
        "municipality_code": pl.when(whole_country).then(pl.lit(COUNTRY)).otherwise(place.str.zfill(3)),
    }


def resources(_settings: Settings) -> list[Resource]:
    """All configured data sets as one resource."""
    return [
        Resource(
            source="kela",
            name="benefits",
            system="avoindata",
            tables=("observation",),
            fetch=fetch,
            parse=parse,
            title="Recipients of Kela's benefits and benefits paid",
            attribution="Kela, avoindata.suomi.fi, CC BY 4.0",
        )
    ]
