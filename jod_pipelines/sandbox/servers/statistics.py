"""Vipunen and Statistics Finland's PxWeb."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from typing import Any
from urllib.parse import quote

import numpy as np
from werkzeug.wrappers import Request, Response

from jod_pipelines.sandbox.catalogue import Catalogue, PxTable, PxVariable
from jod_pipelines.sandbox.servers.wire import Route, integer, json_answer, text_answer

MAX_CELLS, MAX_CALLS, WINDOW_S = 120_000, 40, 2
"""The real limits, but for a window of 60 seconds: waiting it out in every run of the sandbox would teach nothing."""


def vipunen(catalogue: Catalogue) -> list[Route]:
    """Resource names, columns, a bare count, rows in load order; errors are plain text labelled JSON."""
    root = "/api/resources"

    def columns(_request: Request, resource: str) -> Response:
        found = catalogue.vipunen_columns(resource.lower())
        return json_answer(found) if found is not None else text_answer(f"Resource '{resource}' not found", 404)

    def count(_request: Request, resource: str) -> Response:
        if catalogue.vipunen_columns(resource.lower()) is None:
            return json_answer({"status": 500, "error": "Internal Server Error"}, 500)
        return json_answer(len(catalogue.vipunen_rows(resource.lower())))

    def rows(request: Request, resource: str) -> Response:
        offset, limit = integer(request, "offset", 0), integer(request, "limit", -1)
        if limit < 0 and "limit" in request.args and "offset" not in request.args:
            return text_answer("Bad limit parameter! Cause: negative", 400)
        if catalogue.vipunen_columns(resource.lower()) is None:
            return text_answer(f"Resource '{resource}' not found", 404)
        found = catalogue.vipunen_rows(resource.lower())[max(0, offset) :]
        return json_answer(found[:limit] if limit >= 0 else found)

    return [
        ("GET", root, lambda _request: json_answer(catalogue.vipunen_names())),
        ("GET", f"{root}/<resource>", columns),
        ("GET", f"{root}/<resource>/data", rows),
        ("GET", f"{root}/<resource>/data/count", count),
    ]


def classifications(catalogue: Catalogue) -> list[Route]:
    """Lists of addresses, heads, items and correspondences; without `content=data` only addresses come, with 200."""
    root = "/api/classifications/v2"

    def answered(request: Request, path: str, content: list[Any] | None) -> Response:
        if content is None:
            return json_answer({"statusCode": 404, "message": "Resource not found"}, 404)
        if request.args.get("content") != "data":
            return json_answer([f"https://data.stat.fi{root}/{path}/{number}" for number, _ in enumerate(content)])
        return json_answer(content)

    def listed(_request: Request, kind: str) -> Response:
        return json_answer([f"https://data.stat.fi{root}/{kind}/{quote(name)}" for name in catalogue.classification_ids(kind)])

    def head(request: Request, name: str) -> Response:
        found = catalogue.classification(name, request.args.get("lang", "fi"))
        return answered(request, f"classifications/{name}", [found[0]] if found else None)

    def items(request: Request, name: str) -> Response:
        found = catalogue.classification(name, request.args.get("lang", "fi"))
        return answered(request, f"classifications/{name}/classificationItems", found[1] if found else None)

    def maps(request: Request, name: str) -> Response:
        return answered(
            request, f"correspondenceTables/{name}/maps", catalogue.correspondence(name, request.args.get("lang", "fi"))
        )

    return [
        ("GET", f"{root}/<any(classifications, correspondenceTables):kind>", listed),
        ("GET", f"{root}/classifications/<name>", head),
        ("GET", f"{root}/classifications/<name>/classificationItems", items),
        ("GET", f"{root}/correspondenceTables/<name>/maps", maps),
    ]


class CallLimit:
    """At most `MAX_CALLS` calls in `WINDOW_S` seconds."""

    def __init__(self) -> None:
        self._calls: deque[float] = deque()
        self._lock = threading.Lock()

    def exceeded(self) -> bool:
        """Count one call; whether it was one too many."""
        now = time.monotonic()
        with self._lock:
            while self._calls and self._calls[0] <= now - WINDOW_S:
                self._calls.popleft()
            self._calls.append(now)
            return len(self._calls) > MAX_CALLS


def pxweb(catalogue: Catalogue) -> list[Route]:
    """Configuration, folder listing, table metadata and queries answered in json-stat2."""
    server = _PxWeb(catalogue)
    base = "/PxWeb/api/v1/<any(fi, sv, en):language>"
    return [
        ("GET", f"{base}/", server.root),
        ("GET", f"{base}/<database>/<folder>", server.listing),
        ("GET", f"{base}/<database>/<folder>/<name>", server.metadata),
        ("POST", f"{base}/<database>/<folder>/<name>", server.data),
    ]


class _PxWeb:
    """One server: its call limit holds over all its tables."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._limit = CallLimit()

    def root(self, request: Request, language: str) -> Response:
        if (refusal := self._refusal()) is not None:
            return refusal
        if "config" in request.args:
            return json_answer(
                {"maxValues": MAX_CELLS, "maxCells": MAX_CELLS, "maxCalls": MAX_CALLS, "timeWindow": WINDOW_S, "CORS": True}
            )
        return json_answer([{"dbid": "StatFin", "text": "StatFin"}])

    def listing(self, _request: Request, language: str, database: str, folder: str) -> Response:
        if (refusal := self._refusal()) is not None:
            return refusal
        tables = self._catalogue.px_tables(folder) if database == "StatFin" else []
        if not tables:
            return json_answer({"error": "Parameter error"}, 400)
        return json_answer([{"id": f"{t.name}.px", "type": "t", "text": t.title, "updated": t.updated} for t in tables])

    def metadata(self, _request: Request, language: str, database: str, folder: str, name: str) -> Response:
        if (refusal := self._refusal()) is not None:
            return refusal
        table = self._table(database, folder, name)
        return json_answer(_metadata(table)) if table else json_answer({"error": "Parameter error"}, 400)

    def data(self, request: Request, language: str, database: str, folder: str, name: str) -> Response:
        if (refusal := self._refusal()) is not None:
            return refusal
        table = self._table(database, folder, name)
        try:
            positions = _select(table, request.get_json()) if table else []
        except (KeyError, ValueError, TypeError):
            return json_answer({"error": "Parameter error"}, 400)
        if table is None:
            return json_answer({"error": "Parameter error"}, 400)
        if math.prod(len(chosen) or 1 for chosen in positions) > MAX_CELLS:
            return json_answer({"error": "Too many values selected"}, 403)
        return json_answer(self._catalogue.px_answer(table) or _json_stat2(table, positions))

    def _table(self, database: str, folder: str, name: str) -> PxTable | None:
        tables = self._catalogue.px_tables(folder) if database == "StatFin" else []
        return next((table for table in tables if f"{table.name}.px" == name), None)

    def _refusal(self) -> Response | None:
        if not self._limit.exceeded():
            return None
        refusal = json_answer({"error": "429 - Too many requests in too short timeframe. Please try again later."}, 429)
        refusal.headers["Retry-After"] = str(WINDOW_S)
        return refusal


def _metadata(table: PxTable) -> dict[str, Any]:
    def describe(variable: PxVariable) -> dict[str, Any]:
        described: dict[str, Any] = {
            "code": variable.code,
            "text": variable.text,
            "values": variable.values,
            "valueTexts": variable.value_texts,
        }
        if variable.elimination:
            described["elimination"] = True
        if variable.time:
            described["time"] = True
        return described

    return {"title": table.title, "variables": [describe(variable) for variable in table.variables]}


def _select(table: PxTable, query: dict[str, Any]) -> list[list[int]]:
    """Positions along each variable; none for one left out, which is only allowed when it can be eliminated."""
    asked = {part["code"]: part["selection"] for part in query["query"]}
    if asked.keys() - {variable.code for variable in table.variables}:
        raise KeyError("unknown variable")
    positions: list[list[int]] = []
    for variable in table.variables:
        if variable.code not in asked:
            if not variable.elimination:
                raise KeyError(variable.code)
            positions.append([])
            continue
        selection = asked[variable.code]
        index = {value: position for position, value in enumerate(variable.values)}
        if selection["filter"] == "item":
            positions.append([index[value] for value in selection["values"]])
        elif selection["filter"] == "top":
            count = int(selection["values"][0])
            positions.append(list(range(max(0, len(index) - count), len(index))))
        elif selection["filter"] == "all":
            stem = selection["values"][0].removesuffix("*")
            positions.append([position for value, position in index.items() if value.startswith(stem)])
        else:
            raise ValueError(selection["filter"])
    return positions


def _json_stat2(table: PxTable, positions: list[list[int]]) -> dict[str, Any]:
    """The answer dense and in row-major order; what is not a number is null with its symbol under a string key.

    A variable left out is not in the answer, whose cells are of its total: its first value.
    """
    cells = np.ix_(*(chosen or [0] for chosen in positions))
    numbers, symbols = table.numbers[cells].ravel(), table.symbols[cells].ravel()
    hidden = np.flatnonzero(symbols)
    values: list[float | int | None] = [int(n) if n == int(n) else round(float(n), 2) for n in numbers.tolist()]
    status = {}
    for position in hidden.tolist():
        values[position] = None
        symbol = int(symbols[position])
        status[str(position)] = "-" if symbol == 9 else "." * symbol
    dimensions: dict[str, Any] = {}
    answered = [(variable, chosen) for variable, chosen in zip(table.variables, positions, strict=True) if chosen]
    for variable, chosen in answered:
        codes = [variable.values[position] for position in chosen]
        category: dict[str, Any] = {
            "index": {code: order for order, code in enumerate(codes)},
            "label": {code: variable.value_texts[position] for code, position in zip(codes, chosen, strict=True)},
        }
        if variable.is_contents:
            category["unit"] = {c: {"base": variable.units[p], "decimals": 0} for c, p in zip(codes, chosen, strict=True)}
        dimensions[variable.code] = {"label": variable.text, "category": category}
    answer = {
        "version": "2.0",
        "class": "dataset",
        "label": table.title,
        "source": table.source,
        "updated": table.updated + "Z" if not table.updated.endswith("Z") else table.updated,
        "id": [variable.code for variable, _ in answered],
        "size": [len(chosen) for _, chosen in answered],
        "role": {
            "time": [variable.code for variable, _ in answered if variable.time],
            "metric": [variable.code for variable, _ in answered if variable.is_contents],
        },
        "dimension": dimensions,
        "value": values,
        "extension": {"px": {"tableid": table.name}},
    }
    return {**answer, "status": status} if status else answer
