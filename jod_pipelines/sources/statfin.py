"""Statistics Finland's PxWeb: any table by one settings entry, sliced under the cell limit, symbols kept.

Codes are resolved from the table's metadata at each run, because classification editions are part of variable codes
and change every January.
"""

from __future__ import annotations

import csv
import io
import math
import re
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import polars as pl

from jod_pipelines.contracts.described import described_table
from jod_pipelines.contracts.model import Column, Table
from jod_pipelines.errors import SourceError, SourceSkipped
from jod_pipelines.fingerprint import combined
from jod_pipelines.landing.archive import Document, Fetched, Unchanged
from jod_pipelines.reference import region_codes_by_name
from jod_pipelines.settings import Settings, StatfinTable
from jod_pipelines.sources.http import Answer, NotFound, PoliteClient, Refused
from jod_pipelines.sources.px import decode, px_cells
from jod_pipelines.sources.resource import FetchContext, Landing, Parsed, Resource, expect, fetched

ROOT = "/PxWeb/api/v1"
EDITION = r"(?:_\d{8})?"
_ANSWERS: WeakKeyDictionary[PoliteClient, dict[str, tuple[float, Any]]] = WeakKeyDictionary()
STATUS_OF_SYMBOL = {
    "-": "zero",
    ".": "impossible",
    "..": "missing",
    "...": "confidential",
    "....": "not_yet",
    ".....": "not_asked",
    "......": "other",
}
"""PxWeb's data symbols. A confidential value, a missing one and a true zero are three different things."""
LABEL_LANGUAGES = ("sv", "en")
"""Besides Finnish, in which codes are resolved."""
RECENT_S = 300.0
"""Limits and folder listings are asked for once by the tables of one run; a process may live for days."""
CELL_COLUMNS = (
    Column("value", "DOUBLE", {"fi": "Luku", "sv": "Tal", "en": "Number; empty unless status is value or zero"}),
    Column(
        "status",
        "VARCHAR",
        {
            "fi": "Mitä solu sanoo: salattu, puuttuva ja nolla ovat kolme eri asiaa",
            "sv": "Vad cellen säger: sekretessbelagd, saknad och noll är tre olika saker",
            "en": "What the cell says: a confidential, a missing and a zero value are three things",
        },
        required=True,
        allowed=("value", *STATUS_OF_SYMBOL.values()),
    ),
    Column("unit", "VARCHAR", {"fi": "Yksikkö", "sv": "Enhet", "en": "Unit as the source words it"}),
    Column(
        "updated_at", "TIMESTAMP", {"fi": "Lähteen päivitys, UTC", "sv": "Källans uppdatering, UTC", "en": "Source update, UTC"}
    ),
)
LABEL_COLUMNS = (
    Column("column_name", "VARCHAR", {"fi": "Sarake", "sv": "Kolumn", "en": "Column of table cell"}, True, True),
    Column("code", "VARCHAR", {"fi": "Koodi", "sv": "Kod", "en": "Code"}, True, True),
    Column("language", "VARCHAR", {"fi": "Kieli", "sv": "Språk", "en": "Language"}, True, True, allowed=("fi", "sv", "en")),
    Column("label", "VARCHAR", {"fi": "Selite", "sv": "Förklaring", "en": "What the code means"}),
    Column("position", "BIGINT", {"fi": "Järjestys", "sv": "Ordning", "en": "Order in the source, from 0"}),
)
LABEL_TEXT = {"fi": "Taulukon koodien selitteet.", "sv": "Förklaringar till tabellens koder.", "en": "What a table's codes mean."}
HISTORY_FILES = {
    "occupation": "tyonv_data_ammatit_1270_part.csv",
    "region": "tyonv_data_maakunta_1001.csv",
}


def fetch_table(table: StatfinTable) -> Any:
    """A fetch of one table: its metadata, then its cells in as many queries as the cell limit makes necessary."""

    def fetch(context: FetchContext) -> Landing:
        limits = _limits(context)
        mark = f"{_updated(context, table)} {combined([asked_for(table)])}"
        before = context.previous
        if before and before.entries and all(entry.change_key == mark for entry in before.entries.values()):
            yield from (Unchanged(key) for key in before.entries)
            return
        metadata = _metadata(context, table, "fi")
        yield fetched("metadata", metadata, change_key=mark)
        for language in LABEL_LANGUAGES:
            yield fetched(f"metadata-{language}", _metadata(context, table, language), change_key=mark)
        selection = resolve(table, metadata.json()["variables"])
        cells = math.prod(map(len, selection.values()))
        expect(
            cells <= table.max_cells,
            f"statfin/{table.resource}: its selection has {cells} cells, the settings entry allows {table.max_cells}; "
            "select fewer values or raise max_cells",
            ", ".join(f"{code}: {len(values)}" for code, values in selection.items()),
        )
        parts = slices(selection, limits["maxCells"])
        answers = (answer for part in parts for answer in _cells(context, table, part))
        for number, answer in enumerate(answers):
            yield fetched(f"cells-{number:04d}", answer, change_key=mark)

    return fetch


def asked_for(table: StatfinTable) -> dict[str, tuple[str, ...]]:
    """What an entry selects, by the source's names: a column of ours that gets another name asks for nothing else."""
    return {table.dimensions.get(column, column): patterns for column, patterns in sorted(table.select.items())}


def resolve(table: StatfinTable, variables: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Variable codes and the values to ask for, in the table's own order.

    Raises:
        SourceError: a configured variable is not there, or is there twice, or a selection matches nothing.
    """
    wanted: dict[str, list[str]] = {}
    variables = asked_variables(table, variables)
    columns = column_names(table, [(v["code"], bool(v.get("time"))) for v in variables])
    unknown = sorted(set(table.select) - set(columns.values()))
    expect(
        not unknown,
        f"statfin/{table.resource}: select names {', '.join(unknown)}, which the table does not have; mend the settings entry",
        f"its columns are {', '.join(columns.values())}",
    )
    for variable in variables:
        column = columns[variable["code"]]
        patterns = table.select.get(column, ("*",))
        values = [value for pattern in patterns for value in _matching(pattern, variable["values"])]
        expect(
            bool(values),
            f"statfin/{table.resource}: no value of {variable['code']} matches {', '.join(patterns)}",
            f"it has {', '.join(variable['values'][:20])} …",
        )
        wanted[variable["code"]] = list(dict.fromkeys(values))
    return wanted


def asked_variables(table: StatfinTable, variables: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The variables of a table's metadata that a query names: all, but for those that an entry with dimensions leaves out.

    Only a variable that the source can eliminate may be left out; the answer is then of its total.
    """
    stems = [stem + EDITION for stem in table.dimensions.values()]
    return [
        variable
        for variable in variables
        if not (stems and variable.get("elimination")) or any(re.fullmatch(stem, variable["code"]) for stem in stems)
    ]


def column_names(table: StatfinTable, variables: list[tuple[str, bool]], *, whole: bool = True) -> dict[str, str]:
    """Our column for each variable code: `period` for time, `measure` for contents, dimensions as the entry names them.

    An entry that names none gets each dimension under its own code without the edition date: `alue_23`.

    Args:
        variables: (code, is time) pairs.
        whole: whether they are all of the table's; an answer lacks those that were eliminated.

    Raises:
        SourceError: a configured dimension matches no variable or several, or a variable is not configured.
    """
    columns: dict[str, str] = {}
    for column, stem in table.dimensions.items():
        found = [code for code, _ in variables if re.fullmatch(stem + EDITION, code)]
        expect(
            len(found) == 1 or (not found and not whole),
            f"statfin/{table.resource}: {len(found)} variables match {stem!r} for column {column}; mend the settings entry",
            f"the table has {', '.join(code for code, _ in variables)}",
        )
        columns |= dict.fromkeys(found, column)
    for code, is_time in variables:
        if code in columns:
            continue
        if is_time or code.startswith("timeperiod_") or code in ("Vuosi", "Kuukausi", "Vuosineljännes"):
            columns[code] = "period"
        elif code in ("contentscode", "Tiedot"):
            columns[code] = "measure"
        elif not table.dimensions:
            columns[code] = own_name(code)
        else:
            raise SourceError(
                f"statfin/{table.resource}: variable {code} is not in the settings entry",
                f"add it to dimensions; configured: {table.dimensions}",
            )
    expect(
        len(set(columns.values())) == len(columns),
        f"statfin/{table.resource}: two variables become one column; name them in dimensions",
        f"{columns}",
    )
    return columns


def own_name(code: str) -> str:
    """A variable's code as a column name, without its edition date: `alue_23_20260101` -> `alue_23`."""
    return re.sub(r"[^0-9a-zåäö]+", "_", re.sub(EDITION + "$", "", code).lower()).strip("_")


def slices(selection: dict[str, list[str]], max_cells: int) -> Iterator[dict[str, list[str]]]:
    """Cut a selection into parts of at most `max_cells` cells, along the longest variable first."""
    cells = math.prod(map(len, selection.values()))
    if cells <= max_cells:
        yield selection
        return
    longest = max(selection, key=lambda code: len(selection[code]))
    values = selection[longest]
    expect(len(values) > 1, f"statfin: one cell row alone exceeds the limit of {max_cells} cells")
    step = max(1, len(values) * max_cells // cells)
    for start in range(0, len(values), step):
        yield from slices({**selection, longest: values[start : start + step]}, max_cells)


def parse_table(table: StatfinTable) -> Any:
    """A parser of one table's documents: table `cell` from json-stat2 or PxWeb's own json, table `label` from metadata."""

    def parse(documents: Iterable[Document]) -> Parsed:
        frames, labels, unreadable = [], [], {}
        for document in documents:
            try:
                answer = document.json()
                if document.key.startswith("metadata"):
                    # Languages that were not translated are one document to the landing, with one typed table for all of them.
                    alike = [other.key for other in document.described_by if other.body == document.body]
                    labels += [_labels(answer, table, key) for key in alike or [document.key]]
                    continue
                cells = _json_stat_cells(answer, table) if "class" in answer else _px_json_cells(answer, table)
                totals = _eliminated(table, document, cells.columns)
                frames.append(cells.with_columns(source_document=pl.lit(document.key), **totals))
            except (KeyError, TypeError, ValueError, IndexError, SourceError, pl.exceptions.PolarsError) as error:
                unreadable[document.key] = f"{type(error).__name__}: {error}"
        tables = {"cell": frames, "label": labels}
        return Parsed({name: pl.concat(parts) if parts else pl.DataFrame() for name, parts in tables.items()}, unreadable)

    return parse


def _eliminated(table: StatfinTable, document: Document, present: list[str]) -> dict[str, pl.Expr]:
    """Columns of variables that have one value and that the query left out: that value, which is their total."""
    metadata = next((other for other in document.described_by if other.key == "metadata"), None)
    variables = asked_variables(table, metadata.json()["variables"]) if metadata else []
    columns = column_names(table, [(v["code"], bool(v.get("time"))) for v in variables]) if variables else {}
    left_out = {_column(columns[v["code"]]): v["values"] for v in variables if v.get("elimination")}
    return {name: pl.lit(values[0]) for name, values in left_out.items() if name not in present and len(values) == 1}


def describe(table: StatfinTable, documents: list[Document]) -> dict[str, Table]:
    """Contracts of a table's cells and labels, made of its metadata: text dimensions, period and measure identify a cell."""
    variables = asked_variables(table, documents[0].json()["variables"])
    columns = column_names(table, [(v["code"], bool(v.get("time"))) for v in variables])
    dimensions = [
        Column(_column(columns[v["code"]]), "VARCHAR", {"fi": v["text"], "en": f"Variable {v['code']}"}, True, True)
        for v in variables
    ]
    if "measure" not in columns.values():  # PxWeb's own json names contents as columns, metadata always as a variable
        dimensions.append(Column("measure", "VARCHAR", {"fi": "Tieto", "sv": "Uppgift", "en": "Content code"}, True, True))
    what = {
        "fi": f"Tilastokeskuksen taulukko {table.path}: {documents[0].json().get('title', '')}",
        "en": f"Statistics Finland, table {table.path}, one row per cell",
    }
    return {
        "cell": described_table("statfin", table.resource, "cell", [*dimensions, *CELL_COLUMNS], what),
        "label": described_table("statfin", table.resource, "label", LABEL_COLUMNS, LABEL_TEXT),
    }


def _labels(answer: dict[str, Any], table: StatfinTable, key: str) -> pl.DataFrame:
    """What the codes of each column mean, in the language of the metadata."""
    variables = asked_variables(table, answer["variables"])
    columns = column_names(table, [(v["code"], bool(v.get("time"))) for v in variables])
    parts = [
        pl.DataFrame(
            {"code": v["values"], "label": v["valueTexts"], "position": range(len(v["values"]))},
            schema={"code": pl.String, "label": pl.String, "position": pl.Int64},
        ).with_columns(column_name=pl.lit(_column(columns[v["code"]])))
        for v in variables
    ]
    language = key.removeprefix("metadata").removeprefix("-") or "fi"
    return pl.concat(parts).with_columns(language=pl.lit(language), source_document=pl.lit(key))


def _json_stat_cells(answer: dict[str, Any], table: StatfinTable) -> pl.DataFrame:
    """Cells of a json-stat2 dataset: `value` is dense, the last dimension varies fastest, `status` has string keys."""
    times = set((answer.get("role") or {}).get("time") or [])
    columns = column_names(table, [(code, code in times) for code in answer["id"]], whole=False)
    size = answer["size"]
    cells = math.prod(size)
    values = np.array([np.nan if value is None else value for value in _dense(answer["value"], cells)], dtype=float)
    expect(len(values) == cells, f"statfin/{table.resource}: {len(values)} values for {cells} cells")
    frame: dict[str, Any] = {}
    units = pl.Series([None] * cells, dtype=pl.String)
    for axis, code in enumerate(answer["id"]):
        category = answer["dimension"][code]["category"]
        index = category["index"]
        codes = sorted(index, key=lambda code: index[code]) if isinstance(index, dict) else list(index)
        positions = np.tile(np.repeat(np.arange(size[axis]), math.prod(size[axis + 1 :])), math.prod(size[:axis]))
        frame[_column(columns[code])] = pl.Series(codes, dtype=pl.String).gather(positions)
        if columns[code] == "measure":
            unit = category.get("unit") or {}
            units = pl.Series([(unit.get(c) or {}).get("base") for c in codes], dtype=pl.String).gather(positions)
    symbols = np.array(_dense(answer.get("status") or {}, cells), dtype=object)
    return _finish(frame, values, symbols, units, _instant(answer["updated"]))


def _dense(cells: Any, count: int) -> list[Any]:
    """Values or symbols in cell order: the standard lets both be a list, or an object from position to what is there."""
    if not isinstance(cells, dict):
        return list(cells)
    dense = [None] * count
    for position, value in cells.items():
        dense[int(position)] = value
    return dense


def _px_json_cells(answer: dict[str, Any], table: StatfinTable) -> pl.DataFrame:
    """Cells of PxWeb's `json` format: one row per key, one value string per content."""
    kinds = {column["code"]: column["type"] for column in answer["columns"]}
    keys = [code for code, kind in kinds.items() if kind != "c"]
    measures = [code for code, kind in kinds.items() if kind == "c"]
    columns = column_names(table, [(code, kinds[code] == "t") for code in keys], whole=False)
    data = answer["data"]
    frame: dict[str, Any] = {
        _column(columns[code]): pl.Series([row["key"][position] for row in data for _ in measures], dtype=pl.String)
        for position, code in enumerate(keys)
    }
    frame["measure"] = pl.Series(measures * len(data), dtype=pl.String)
    texts = [value for row in data for value in row["values"]]
    symbols = np.array([text if text in STATUS_OF_SYMBOL else None for text in texts], dtype=object)
    values = np.array([np.nan if symbol else float(text) for text, symbol in zip(texts, symbols, strict=True)])
    units = pl.Series([None] * len(texts), dtype=pl.String)
    return _finish(frame, values, symbols, units, _instant(answer["metadata"][0]["updated"]))


def _finish(frame: dict[str, Any], values: np.ndarray, symbols: np.ndarray, units: pl.Series, updated: datetime) -> pl.DataFrame:
    statuses = pl.Series(symbols.tolist(), dtype=pl.String).replace_strict(STATUS_OF_SYMBOL, default="other")
    return (
        pl.DataFrame(frame)
        .with_columns(
            value=pl.Series(values).fill_nan(None),
            status=statuses.set(pl.Series(symbols.tolist(), dtype=pl.String).is_null(), "value"),
            unit=units,
            updated_at=pl.lit(updated),
        )
        .with_columns(
            value=pl.when(pl.col("status") == "zero").then(0.0).otherwise(pl.col("value")),
            status=pl.when((pl.col("status") == "value") & pl.col("value").is_null()).then(pl.lit("missing")).otherwise("status"),
        )
    )


def fetch_px_files(context: FetchContext) -> Landing:
    """Whole tables kept as PX files beside the recordings."""
    folder = context.settings.recorded
    present = sorted((folder / "statfin").glob("*.px")) if folder else []
    if not present:
        raise SourceSkipped("no PX files are recorded")
    yield from map(_file, present)


def parse_px_files(documents: Iterable[Document]) -> Parsed:
    """Table `cell`: the cells of all files, with their dimensions as JSON, since each file has its own."""
    frames, unreadable = [], {}
    for document in documents:
        try:
            frames.append(px_cells(document.body, STATUS_OF_SYMBOL).with_columns(source_document=pl.lit(document.key)))
        except (KeyError, ValueError, IndexError, pl.exceptions.PolarsError) as error:
            unreadable[document.key] = f"{type(error).__name__}: {error}".split("\n")[0]
    return Parsed({"cell": pl.concat(frames) if frames else pl.DataFrame()}, unreadable)


def _file(path: Path) -> Fetched:
    changed = datetime.fromtimestamp(path.stat().st_mtime, tz=UTC).isoformat(timespec="seconds")
    return Fetched(path.name, path.read_bytes(), f"file {path.name}", 200, changed)


def fetch_history(context: FetchContext) -> Landing:
    """Monthly jobseekers and vacancies published before the tables of today began: files beside the recordings."""
    folder = context.settings.recorded
    files = [folder / "statfin" / name for name in HISTORY_FILES.values()] if folder else []
    present = [path for path in files if path.exists()]
    if not present:
        raise SourceSkipped("no older vacancy series are recorded")
    yield from map(_file, present)


def parse_history(documents: Iterable[Document]) -> Parsed:
    """Rows of table `observation`: month, occupation and area codes (`SSS` = total), measure, value."""
    regions = region_codes_by_name("fi")
    kinds = {name: kind for kind, name in HISTORY_FILES.items()}
    rows, unreadable = [], {}
    for document in documents:
        try:
            for line in csv.DictReader(io.StringIO(decode(document.body))):
                occupation, area = "SSS", "SSS"
                if kinds[document.key] == "occupation":
                    occupation = line["Ammattiryhma"].split()[0]
                else:
                    area = f"MK{regions[line['maakunta']]}"
                for measure, column in (("TYOTTOMATLOPUSSA", "Tyottomat"), ("AVPAIKATLOPUSSA", "Avoimet_tyopaikat")):
                    value = float(line[column]) if line[column] else None
                    rows.append(
                        {
                            "area_code": area,
                            "occupation_code": occupation,
                            "month": date.fromisoformat(line["time"]),
                            "measure": measure,
                            "value": value,
                            "status": "missing" if value is None else "value",
                            "source_document": document.key,
                        }
                    )
        except (KeyError, ValueError, UnicodeDecodeError) as error:
            unreadable[document.key] = f"{type(error).__name__}: {error}"
    return Parsed({"observation": rows}, unreadable)


def _matching(pattern: str, values: list[str]) -> list[str]:
    if pattern.startswith("top:"):
        return values[-int(pattern[4:]) :]
    if pattern.endswith("*"):
        return [value for value in values if value.startswith(pattern[:-1])]
    return [pattern] if pattern in values else []


def _column(name: str) -> str:
    return name if name in ("period", "measure") else f"{name}_code"


def _limits(context: FetchContext) -> dict[str, int]:
    """The cell limit and the call limit the service announces; the client keeps to the latter from here on."""
    limits = _recent(context, f"{ROOT}/fi/", {"config": ""})
    try:
        found = {name: int(limits[name]) for name in ("maxCells", "maxCalls", "timeWindow")}
    except (KeyError, TypeError, ValueError):
        raise SourceError("statfin: ?config is not what was agreed: maxCells, maxCalls, timeWindow", str(limits)[:300]) from None
    expect(min(found.values()) > 0, f"statfin: ?config announces impossible limits {found}")
    context.client.limit_calls(found["maxCalls"], found["timeWindow"])
    return found


def _updated(context: FetchContext, table: StatfinTable) -> str:
    folder, name = table.path.split("/")
    try:
        listing = _recent(context, f"{ROOT}/fi/{table.database}/{folder}", None)
    except Refused as error:
        raise SourceError(f"statfin/{table.resource}: there is no folder {folder} in {table.database}", error.detail) from None
    found = next((item for item in listing if item["id"].removesuffix(".px") == name), None)
    if found is None:
        if context.settings.sources == "recorded":
            raise SourceSkipped(f"no recording of table {table.path}")
        raise SourceError(
            f"statfin/{table.resource}: folder {folder} has no table {name}{_hint(table)}",
            f"it has {[i['id'] for i in listing][:40]}",
        )
    return str(found["updated"])


def _metadata(context: FetchContext, table: StatfinTable, language: str) -> Answer:
    path = f"{ROOT}/{language}/{table.database}/{table.path}.px"
    try:
        return _once_more(lambda: context.client.get_json(path))
    except (Refused, NotFound) as error:
        raise SourceError(f"statfin/{table.resource}: table {table.path} is refused{_hint(table)}", str(error)) from None


def _cells(context: FetchContext, table: StatfinTable, part: dict[str, list[str]]) -> Iterator[Answer]:
    """The cells of a part; one that is refused as too large, whatever `?config` said, is halved."""
    query = [{"code": code, "selection": {"filter": "item", "values": values}} for code, values in part.items()]
    payload = {"query": query, "response": {"format": "json-stat2"}}
    path = f"{ROOT}/fi/{table.database}/{table.path}.px"
    cells = math.prod(map(len, part.values()))
    try:
        answer = _once_more(lambda: context.client.post_json(path, payload))
        shape = answer.json()
        expect(
            isinstance(shape, dict) and bool({"value", "data"} & shape.keys()),
            f"statfin/{table.resource}: the answer to a query of {cells} cells is not a dataset",
            answer.body[:300].decode("utf-8", "replace"),
        )
        yield answer
    except Refused as error:
        if error.status != 403 or cells == 1:
            raise SourceError(
                f"statfin/{table.resource}: a query of {cells} cells is refused with {error.status}, though its codes are the "
                "table's own; look at the table in the browser",
                error.detail,
            ) from None
        for smaller in slices(part, cells // 2):
            yield from _cells(context, table, smaller)


def _once_more(ask: Callable[[], Answer]) -> Answer:
    """Ask again once after a 400: the service calls its own failures bad requests too."""
    try:
        return ask()
    except Refused as error:
        if error.status != 400:
            raise
        return ask()


def _recent(context: FetchContext, path: str, params: dict[str, Any] | None) -> Any:
    """A JSON answer at most `RECENT_S` seconds old, shared by the tables that are fetched through one client."""
    known = _ANSWERS.setdefault(context.client, {})
    asked_at, answer = known.get(path, (float("-inf"), None))
    if time.monotonic() - asked_at > RECENT_S:
        answer = context.client.get_json(path, params).json()
        known[path] = (time.monotonic(), answer)
    return answer


def _hint(table: StatfinTable) -> str:
    if table.database == "StatFin" and "_pxt_" in table.path:
        return f"; ids are short since June 2026, try {table.path.split('/')[0]}/{table.path.rsplit('_pxt_', 1)[1]}"
    return "; it may have been renamed or moved to StatFin_Passiivi"


def _instant(value: str) -> datetime:
    """`2026-07-21T05:00:00Z`, or with dots for colons as the `json` format writes it, as naive UTC."""
    day, clock = value.rstrip("Z").split("T")
    return datetime.fromisoformat(f"{day}T{clock.replace('.', ':')}")


def resources(settings: Settings) -> list[Resource]:
    """One resource per configured table, and the older vacancy series."""
    tables = [
        Resource(
            source="statfin",
            name=table.resource,
            system="statfin",
            tables=("cell", "label"),
            fetch=fetch_table(table),
            parse=parse_table(table),
            described_by=("metadata", *(f"metadata-{language}" for language in LABEL_LANGUAGES)),
            describe=partial(describe, table),
            title=f"Statistics Finland, table {table.path}",
            attribution=f"Tilastokeskus, {table.path}, CC BY 4.0",
            per_document=True,
            typed_by=combined([table.dimensions]) if table.dimensions else "",
        )
        for table in settings.statfin_tables
    ]
    history = Resource(
        source="statfin",
        name="tyonv_history",
        system="statfin",
        tables=("observation",),
        fetch=fetch_history,
        parse=parse_history,
        title="Jobseekers and open vacancies by month, 2006-2020",
        attribution="KEHA-keskus, Työnvälitystilasto, CC BY 4.0",
    )
    px_files = Resource(
        source="statfin",
        name="px_files",
        system="statfin",
        tables=("cell",),
        fetch=fetch_px_files,
        parse=parse_px_files,
        title="Statistics Finland: tables kept as PX files",
        attribution="Tilastokeskus, CC BY 4.0",
        per_document=True,
    )
    return [*tables, history, px_files]
