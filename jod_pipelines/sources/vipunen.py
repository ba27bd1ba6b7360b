"""Vipunen: the statistics service of the education administration. Every resource describes its own columns."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import orjson
import polars as pl

from jod_pipelines.errors import SourceError
from jod_pipelines.landing.archive import Document, Unchanged
from jod_pipelines.settings import Settings
from jod_pipelines.sources.http import NotFound
from jod_pipelines.sources.resource import FetchContext, Landing, Parsed, Resource, expect, fetched

PAGE_ROWS = 50_000
LOAD_DATE = "tietojoukkoPaivitettyPvm"


def fetch(resource: str) -> Any:
    """A fetch of one resource: its columns, then its rows page by page in the server's own order.

    The whole table is replaced at each load, so the count and load date are read before and after; pages of two
    loads never end up in one snapshot.
    """

    def pages(context: FetchContext) -> Landing:
        path = f"/api/resources/{resource}"
        try:
            columns = context.client.get_json(path)
        except NotFound:
            raise SourceError(f"vipunen has no resource {resource}; /api/resources lists what there is") from None
        mark = _load_mark(context, path)
        before = context.previous
        if before and all(entry.change_key == mark for entry in before.entries.values()):
            yield from (Unchanged(key) for key in before.entries)
            return
        yield fetched("columns", columns, change_key=mark)
        count, rows = int(mark.split()[0]), 0
        for offset in range(0, max(count, 1), PAGE_ROWS):
            answer = context.client.get_json(f"{path}/data", {"offset": offset, "limit": PAGE_ROWS})
            rows += len(answer.json())
            yield fetched(f"rows-{offset:09d}", answer, change_key=mark)
        after = _load_mark(context, path)
        expect(
            rows == count and after == mark,
            f"vipunen/{resource}: the table was reloaded while it was read ({rows} rows read, {count} announced); run again",
            detail=f"before: {mark}; after: {after}",
        )

    return pages


def parse(documents: Iterable[Document]) -> Parsed:
    """Rows under snake_case names, numbers as sent, dates with or without time as dates.

    Placeholder texts stay as they are: staging decides what 'Tieto puuttuu' means.
    """
    frames, unreadable = [], {}
    for document in documents:
        if document.key == "columns":
            continue
        try:
            rows = orjson.loads(document.body)
            frames.append(_frame(rows).with_columns(pl.lit(document.key).alias("source_document")))
        except (orjson.JSONDecodeError, TypeError, ValueError, pl.exceptions.PolarsError) as error:
            unreadable[document.key] = f"{type(error).__name__}: {error}"
    table = pl.concat(frames, how="diagonal_relaxed") if frames else pl.DataFrame()
    return Parsed({"row": table}, unreadable)


def snake_case(name: str) -> str:
    """`koulutusalaTaso1` -> `koulutusala_taso1`; other characters than letters and digits become underscores."""
    parted = re.sub(r"(?<=[a-zåäö0-9])(?=[A-ZÅÄÖ])", "_", name)
    return re.sub(r"[^0-9a-zåäö]+", "_", parted.lower()).strip("_")


def _frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    frame = pl.DataFrame(rows, infer_schema_length=None)
    frame = frame.rename({name: snake_case(name) for name in frame.columns})
    load_date = snake_case(LOAD_DATE)
    if load_date in frame.columns:
        days = frame[load_date].cast(pl.String).str.slice(0, 10)
        dates = days.str.to_date("%Y-%m-%d", strict=False)
        broken = dates.null_count() > days.null_count()  # the contract then refuses those rows alone
        frame = frame.with_columns((days if broken else dates).alias(load_date))
    return frame


def _load_mark(context: FetchContext, path: str) -> str:
    """Row count and load date: moves whenever the table is loaded again."""
    count = context.client.get_json(f"{path}/data/count").json()
    expect(isinstance(count, int), f"vipunen: {path}/data/count is not a bare number", str(count)[:200])
    first = context.client.get_json(f"{path}/data", {"offset": 0, "limit": 1}).json()
    day = str(first[0].get(LOAD_DATE, ""))[:10] if first else ""
    if day:
        datetime.fromisoformat(day)
    return f"{count} rows of {day}"


def resources(settings: Settings) -> list[Resource]:
    """One resource per configured name."""
    return [
        Resource(
            source="vipunen",
            name=name,
            system="vipunen",
            tables=("row",),
            fetch=fetch(name),
            parse=parse,
            title=f"Vipunen: {name.replace('_', ' ')}",
            attribution=f"Vipunen – opetushallinnon tilastopalvelu: {name}, CC BY 4.0",
        )
        for name in settings.vipunen_resources
    ]
