"""Documents asked one by one under their id: only the new, the changed, and those it is time to look at again.

A document's change key is `<mark>.<row mark>`. The mark is what an enumeration says of it for nothing (the hash of its
search hit, a publication time); as long as it stands still the document is not asked. The row mark is the hash of the
rows we read from it, which a bulk answer can be compared with.

What a document could not give is landed beside it, as a note of our own:
`withdrawn/<id>` when the source answers 404, a tombstone; `failed/<id>` when it answers 500, which puts the id in
quarantine while its last good copy serves on. Neither is asked again every night.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import orjson

from jod_pipelines.errors import SourceError, SourceSkipped
from jod_pipelines.landing.archive import Document, Entry, Failed, Fetched, Unchanged
from jod_pipelines.sources.http import NotFound
from jod_pipelines.sources.resource import WRONG_SHAPE, FetchContext, Landing, Parsed, Rows, fetched, parse_json

_CONTAINERS = frozenset({dict, list})
WITHDRAWN, FAILED = "withdrawn/", "failed/"
UNLISTED = "unlisted"
"""Mark of a document that no enumeration names any more, although the source still answers it."""
NOTE_STAMP = "seen_at"
"""Key of a note that tells when; it does not make the note another one."""
FAILURES_IN_A_ROW = 20
"""So many documents failing one after another are not bad documents but a source that is down."""

Read = Callable[[Any], Iterable[tuple[str, dict[str, Any]]]]


def mark_of(value: Any, ignored: Collection[str] = ()) -> str:
    """A short hash of a JSON-like value; the order of keys and of list items, and keys in `ignored`, do not matter.

    The sources' search index keeps no order within lists from one indexing to the next.
    """
    return hashlib.sha256(_bytes(_canonical(value, ignored))).hexdigest()[:16]


def row_mark(read: Read, document: Any) -> str:
    """A hash of the rows a document gives; of the document itself when it cannot be read."""
    try:
        return mark_of(list(read(document)))
    except WRONG_SHAPE:
        return mark_of(document)


def is_due(key: str, today: date, nights: int) -> bool:
    """Whether tonight is this key's night, of a cycle of `nights`; every key has one night in it, always the same."""
    return nights > 0 and zlib.crc32(key.encode()) % nights == today.toordinal() % nights


def landed_row_mark(entry: Entry) -> str | None:
    """The row mark a document was landed with."""
    return (entry.change_key or "").partition(".")[2] or None


def fails_for_good(error: SourceError) -> bool:
    """Whether the source fails on this very document: it answered 500 to every attempt."""
    return "answers 500" in str(error)


def fetch_documents(
    context: FetchContext,
    wanted: Mapping[str, str],
    path: Callable[[str], str],
    read: Read,
    *,
    what: str,
    again: Collection[str] = (),
    personal: frozenset[str] = frozenset(),
    scrubbed: bool = False,
) -> Landing:
    """Every wanted document, of which only those are asked that are new, have another mark, or are in `again`.

    A document that landed before and is wanted no more is asked once: 404 makes it a tombstone. What stands under a note
    or unlisted is asked again once in a cycle.

    Args:
        wanted: mark by id, from the enumerations.
        path: the address of an id.
        what: what the ids are, for messages.
        personal, scrubbed: what is not stored, as in `fetched`.

    Raises:
        SourceSkipped: none is wanted, or the stand-in has recorded none of them. SourceError: the source is down.
    """
    landed = context.previous.entries if context.previous else {}
    marks = {**{key: UNLISTED for key in landed if "/" not in key}, **wanted}
    if not marks:
        raise SourceSkipped(f"no {what} is listed anywhere")
    failures = unrecorded = 0
    for key in sorted(marks):
        states = [state for state in (key, FAILED + key, WITHDRAWN + key) if state in landed]
        if states and not _is_asked(context, key, marks[key], states[-1], landed, again):
            if FAILED + key in states:
                yield Failed(key, "in quarantine since the source answered 500; asked again when it changes")
            yield from map(Unchanged, states)
            continue
        mark = marks[key]
        try:
            answer = context.client.get_json(path(key))
        except SourceSkipped:
            unrecorded += 1
        except NotFound as error:
            yield _note(WITHDRAWN + key, 404, str(error), mark)
        except SourceError as error:
            failures += 1
            if not fails_for_good(error) or failures >= FAILURES_IN_A_ROW:
                raise
            yield Failed(key, str(error))
            yield _note(FAILED + key, 500, str(error), mark)
            continue
        else:
            document = fetched(key, answer, personal=personal, scrubbed=scrubbed)
            yield replace(document, change_key=f"{mark}.{row_mark(read, orjson.loads(document.body))}")
        failures = 0
    yield from (Unchanged(key) for key in landed if key.startswith(WITHDRAWN) and key.removeprefix(WITHDRAWN) not in marks)
    if unrecorded and unrecorded == len(marks):
        raise SourceSkipped(f"no {what} details are recorded for the {unrecorded} found by the search")


def parse_documents(documents: Iterable[Document], tables: tuple[str, ...], read: Read, **options: Any) -> Parsed:
    """As `parse_json`, with notes apart: tombstones are rows of table `withdrawn`, failed ids are unreadable documents."""
    withdrawn: Rows = []
    failed: dict[str, str] = {}

    def without_notes() -> Iterator[Document]:
        for document in documents:
            kind, _, key = document.key.rpartition("/")
            if f"{kind}/" == FAILED:
                failed[key] = document.json()["answer"]
            elif f"{kind}/" == WITHDRAWN:
                seen_at = datetime.fromisoformat(document.json()[NOTE_STAMP])
                withdrawn.append({"id": key, "withdrawn_at": seen_at, "source_document": document.key})
            else:
                yield document

    parsed = parse_json(without_notes(), tables, read, **options)
    return Parsed({**parsed.tables, "withdrawn": withdrawn}, {**parsed.unreadable, **failed})


def _is_asked(
    context: FetchContext, key: str, mark: str, state: str, landed: Mapping[str, Entry], again: Collection[str]
) -> bool:
    if key in again or (landed[state].change_key or "").partition(".")[0] != mark:
        return True
    return (state != key or mark == UNLISTED) and is_due(key, context.today, context.settings.recheck.nights)


def _note(key: str, status: int, answer: str, mark: str) -> Fetched:
    now = datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
    body = orjson.dumps({"status": status, "answer": answer, NOTE_STAMP: now})
    return Fetched(key, body, answer.partition(": ")[0], status, f"{now}+00:00", mark)


def _canonical(value: Any, ignored: Collection[str]) -> Any:
    kind = type(value)
    if kind is dict:
        return {
            key: _canonical(item, ignored) if type(item) in _CONTAINERS else item
            for key, item in value.items()
            if key not in ignored
        }
    if kind is list:
        items = [_canonical(item, ignored) for item in value]
        return sorted(items, key=_bytes) if len(items) > 1 else items
    return value


def _bytes(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
