"""Statistics Finland's PxWeb: any table by one settings entry, sliced under the cell limit, symbols kept.

Codes are resolved from the table's metadata at each run, because classification editions are part of variable codes
and change every January.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import polars as pl

from jod_pipelines.errors import SourceError, SourceSkipped
from jod_pipelines.landing.archive import Document, Fetched, Unchanged
from jod_pipelines.reference import region_codes_by_name
from jod_pipelines.settings import Settings, StatfinTable
from jod_pipelines.sources.http import Refused
from jod_pipelines.sources.resource import FetchContext, Landing, Parsed, Resource, expect, fetched

ROOT = "/PxWeb/api/v1/fi"
EDITION = r"(?:_\d{8})?"
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
HISTORY_FILES = {
    "occupation": "tyonv_data_ammatit_1270_part.csv",
    "region": "tyonv_data_maakunta_1001.csv",
}


def fetch_table(table: StatfinTable) -> Any:
    """A fetch of one table: its metadata, then its cells in as many queries as the cell limit makes necessary."""

    def fetch(context: FetchContext) -> Landing:
        limits = _limits(context)
        path = f"{ROOT}/{table.database}/{table.path}.px"
        updated = _updated(context, table)
        before = context.previous
        if before and all(entry.change_key == updated for entry in before.entries.values()):
            yield from (Unchanged(key) for key in before.entries)
            return
        try:
            metadata = context.client.get_json(path)
        except Refused as error:
            raise SourceError(
                f"statfin/{table.resource}: {table.path} is refused; the table may have been renamed ({error.status})",
                error.detail,
            ) from None
        yield fetched("metadata", metadata, change_key=updated)
        selection = resolve(table, metadata.json()["variables"])
        for number, part in enumerate(slices(selection, limits["maxCells"])):
            query = [{"code": code, "selection": {"filter": "item", "values": values}} for code, values in part.items()]
            answer = context.client.post_json(path, {"query": query, "response": {"format": "json-stat2"}})
            yield fetched(f"cells-{number:04d}", answer, change_key=updated)

    return fetch


def resolve(table: StatfinTable, variables: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Variable codes and the values to ask for, in the table's own order.

    Raises:
        SourceError: a configured variable is not there, or is there twice, or a selection matches nothing.
    """
    wanted: dict[str, list[str]] = {}
    columns = column_names(table, [(v["code"], bool(v.get("time"))) for v in variables])
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


def column_names(table: StatfinTable, variables: list[tuple[str, bool]]) -> dict[str, str]:
    """Our column for each variable code: configured dimensions, `period` for time, `measure` for contents.

    Args:
        variables: (code, is time) pairs.

    Raises:
        SourceError: a configured dimension matches no variable or several, or a variable is not configured.
    """
    columns: dict[str, str] = {}
    for column, stem in table.dimensions.items():
        found = [code for code, _ in variables if re.fullmatch(re.escape(stem) + EDITION, code)]
        expect(
            len(found) == 1,
            f"statfin/{table.resource}: {len(found)} variables match {stem!r} for column {column}; mend the settings entry",
            f"the table has {', '.join(code for code, _ in variables)}",
        )
        columns[found[0]] = column
    for code, is_time in variables:
        if code in columns:
            continue
        if is_time or code.startswith("timeperiod_") or code in ("Vuosi", "Kuukausi", "Vuosineljännes"):
            columns[code] = "period"
        elif code in ("contentscode", "Tiedot"):
            columns[code] = "measure"
        else:
            raise SourceError(
                f"statfin/{table.resource}: variable {code} is not in the settings entry",
                f"add it to dimensions; configured: {table.dimensions}",
            )
    return columns


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
    """A parser of one table's documents into table `cell`; reads json-stat2 and PxWeb's own json."""

    def parse(documents: Iterable[Document]) -> Parsed:
        frames, unreadable = [], {}
        for document in documents:
            if document.key == "metadata":
                continue
            try:
                answer = document.json()
                cells = _json_stat_cells(answer, table) if "class" in answer else _px_json_cells(answer, table)
                frames.append(cells.with_columns(pl.lit(document.key).alias("source_document")))
            except (KeyError, TypeError, ValueError, IndexError, SourceError, pl.exceptions.PolarsError) as error:
                unreadable[document.key] = f"{type(error).__name__}: {error}"
        return Parsed({"cell": pl.concat(frames) if frames else pl.DataFrame()}, unreadable)

    return parse


def _json_stat_cells(answer: dict[str, Any], table: StatfinTable) -> pl.DataFrame:
    """Cells of a json-stat2 dataset: `value` is dense, the last dimension varies fastest, `status` has string keys."""
    time = set((answer.get("role") or {}).get("time") or [])
    columns = column_names(table, [(code, code in time) for code in answer["id"]])
    size = answer["size"]
    cells = math.prod(size)
    values = np.array([np.nan if value is None else value for value in answer["value"]], dtype=float)
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
    symbols = np.full(cells, None, dtype=object)
    for position, symbol in (answer.get("status") or {}).items():
        symbols[int(position)] = symbol
    return _finish(frame, values, symbols, units, _instant(answer["updated"]))


def _px_json_cells(answer: dict[str, Any], table: StatfinTable) -> pl.DataFrame:
    """Cells of PxWeb's `json` format: one row per key, one value string per content."""
    kinds = {column["code"]: column["type"] for column in answer["columns"]}
    keys = [code for code, kind in kinds.items() if kind != "c"]
    measures = [code for code, kind in kinds.items() if kind == "c"]
    columns = column_names(table, [(code, kinds[code] == "t") for code in keys])
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


def fetch_history(context: FetchContext) -> Landing:
    """Monthly jobseekers and vacancies published before the tables of today began: files beside the recordings."""
    folder = context.settings.recorded
    files = [folder / "statfin" / name for name in HISTORY_FILES.values()] if folder else []
    present = [path for path in files if path.exists()]
    if not present:
        raise SourceSkipped("no older vacancy series are recorded")
    for path in present:
        changed = datetime.fromtimestamp(path.stat().st_mtime, tz=UTC).isoformat(timespec="seconds")
        yield Fetched(path.name, path.read_bytes(), f"file {path.name}", 200, changed)


def parse_history(documents: Iterable[Document]) -> Parsed:
    """Rows of table `observation`: month, occupation and area codes (`SSS` = total), measure, value."""
    regions = region_codes_by_name("fi")
    kinds = {name: kind for kind, name in HISTORY_FILES.items()}
    rows, unreadable = [], {}
    for document in documents:
        try:
            for line in csv.DictReader(io.StringIO(document.body.decode("utf-8"))):
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


def _limits(context: FetchContext) -> dict[str, Any]:
    limits = context.client.get_json(f"{ROOT}/", {"config": ""}).json()
    context.client.limit_calls(limits["maxCalls"], limits["timeWindow"])
    return dict(limits)


def _updated(context: FetchContext, table: StatfinTable) -> str:
    folder, name = table.path.split("/")
    listing = context.client.get_json(f"{ROOT}/{table.database}/{folder}").json()
    found = next((item for item in listing if item["id"].removesuffix(".px") == name), None)
    if found is None:
        raise SourceError(
            f"statfin/{table.resource}: folder {folder} has no table {name}", f"it has {[i['id'] for i in listing][:40]}"
        )
    return str(found["updated"])


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
            tables=("cell",),
            fetch=fetch_table(table),
            parse=parse_table(table),
            title=f"Statistics Finland, table {table.path}",
            attribution=f"Tilastokeskus, {table.path}, CC BY 4.0",
            per_document=True,
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
    return [*tables, history]
