"""Statistics Finland's classifications: items in Finnish, Swedish and English, and how codes of one map to another's.

Editions are part of the ids (`kunta_1_20260101`), so the settings name patterns, and the newest edition in force is taken.
Without `content=data` the service answers 200 with addresses only, which is refused here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import quote, unquote

from jod_pipelines.landing.archive import Document, Failed, Unchanged
from jod_pipelines.settings import Settings
from jod_pipelines.sources.http import Answer, NotFound
from jod_pipelines.sources.resource import (
    WRONG_SHAPE,
    FetchContext,
    Landing,
    Parsed,
    Resource,
    Rows,
    expect,
    fetched,
)

ROOT = "/api/classifications/v2"
LANGUAGES = ("fi", "sv", "en")
EDITION = re.compile(r"_(\d{8})$")
ATTRIBUTION = "Tilastokeskus, luokitukset, CC BY 4.0"


def fetch_items(context: FetchContext) -> Landing:
    """For each configured classification its head and, when its `modifiedDate` moved, its items in three languages."""
    known = _ids(context, "classifications")
    for pattern in context.settings.classifications:
        name = newest(pattern, known)
        if name is None:
            yield Failed(pattern, f"no classification in force matches {pattern}; the service lists {len(known)}")
            continue
        head = _data(context, f"classifications/{name}", "fi", "max")
        mark = str(head.json()[0].get("modifiedDate") or "") or None
        yield fetched(f"{name}/head", head, change_key=mark)
        for language in LANGUAGES:
            key = f"{name}/items-{language}"
            if context.unchanged(key, mark):
                yield Unchanged(key)
            else:
                items = _data(context, f"classifications/{name}/classificationItems", language, "max")
                yield fetched(key, items, change_key=mark)


def fetch_maps(context: FetchContext) -> Landing:
    """The newest correspondence table of each configured pattern; the service has no change mark for them."""
    known = _ids(context, "correspondenceTables")
    for pattern in context.settings.correspondences:
        name = newest(pattern, known)
        if name is None:
            yield Failed(pattern, f"no correspondence table matches {pattern}; the service lists {len(known)}")
            continue
        yield fetched(name, _data(context, f"correspondenceTables/{quote(name, safe='')}/maps", "fi", "min"))


def newest(pattern: str, known: Iterable[str], today: str | None = None) -> str | None:
    """The newest id of a pattern whose edition (the target's, in a correspondence) is in force today (`YYYYMMDD`)."""
    limit = today or datetime.now(UTC).strftime("%Y%m%d")
    found = [name for name in known if fnmatchcase(name, pattern)]
    in_force = [name for name in found if _edition(name) <= limit]
    return max(in_force, key=lambda name: (_edition(name), name), default=None)


def parse_items(documents: Iterable[Document]) -> Parsed:
    """Tables `classification` (one row per edition) and `item` (one row per code, names in three languages).

    A code that cannot be read in one of the languages that were sent is set aside whole: half of it would be wrong.
    """
    heads: Rows = []
    items: dict[tuple[str, str], dict[str, Any]] = {}
    read: dict[str, dict[str, set[str]]] = {}
    unreadable = {}
    for document in documents:
        name, _, part = document.key.rpartition("/")
        try:
            if part == "head":
                heads.append(_head(name, document))
                continue
            listed = list(document.json())
        except WRONG_SHAPE as error:
            unreadable[document.key] = f"{type(error).__name__}: {error}"
            continue
        language = part.removeprefix("items-")
        codes = read.setdefault(name, {}).setdefault(document.key, set())
        for number, item in enumerate(listed, start=1):
            try:
                row = items.setdefault((name, item["code"]), _item(name, item, document.key))
                row[f"name_{language}"] = _name(item["classificationItemNames"], language)
                codes.add(item["code"])
            except WRONG_SHAPE as error:
                unreadable[f"{document.key} item {number}"] = f"{type(error).__name__}: {error}"
    for name, code in list(items):
        lacking = [key for key, codes in read[name].items() if code not in codes]
        if lacking:
            del items[name, code]
            unreadable[f"{lacking[0]} item {code}"] = f"code {code} is in another language and cannot be read here"
    return Parsed({"classification": heads, "item": list(items.values())}, unreadable)


def parse_maps(documents: Iterable[Document]) -> Parsed:
    """Table `map`: which code of one classification is which of another; a code may split or join."""
    rows: Rows = []
    unreadable = {}
    for document in documents:
        source, _, target = document.key.partition("#")
        try:
            rows += [
                {
                    "source_id": source,
                    "target_id": target,
                    "source_code": item["sourceItem"]["code"],
                    "target_code": item["targetItem"]["code"],
                    "source_name_fi": _name(item["sourceItem"].get("classificationItemNames"), "fi"),
                    "target_name_fi": _name(item["targetItem"].get("classificationItemNames"), "fi"),
                    "source_document": document.key,
                }
                for item in document.json()
            ]
        except WRONG_SHAPE as error:
            unreadable[document.key] = f"{type(error).__name__}: {error}"
    return Parsed({"map": rows}, unreadable)


def _head(name: str, document: Document) -> dict[str, Any]:
    head = document.json()[0]
    names = {f"name_{language}": _name(head.get("classificationName"), language) for language in LANGUAGES}
    edition = _edition(name)
    return {
        "classification_id": name,
        "series_id": EDITION.sub("", name),
        "edition": f"{edition[:4]}-{edition[4:6]}-{edition[6:]}" if edition else None,
        **names,
        "source_document": document.key,
    }


def _item(name: str, item: dict[str, Any], key: str) -> dict[str, Any]:
    return {
        "classification_id": name,
        "code": item["code"],
        "level": int(float(item["level"])),
        "parent_code": item.get("parentCode"),
        "position": item.get("order"),
        **{f"name_{language}": None for language in LANGUAGES},
        "source_document": key,
    }


def _name(names: list[dict[str, Any]] | None, language: str) -> str | None:
    """The name in a language; the service falls back to others on its own, which is not taken for a translation."""
    found = next((name["name"] for name in names or [] if name.get("lang") == language), None)
    return str(found).strip() or None if found is not None else None


def _ids(context: FetchContext, kind: str) -> list[str]:
    answer = context.client.get_json(f"{ROOT}/{kind}")
    listed = answer.json()
    expect(
        isinstance(listed, list) and all(isinstance(uri, str) for uri in listed),
        f"classifications: {answer.request} is not a list of addresses",
        str(listed)[:300],
    )
    return [unquote(uri.rsplit(f"/{kind}/", 1)[-1]) for uri in listed]


def _data(context: FetchContext, path: str, language: str, meta: str) -> Answer:
    try:
        answer = context.client.get_json(f"{ROOT}/{path}", {"content": "data", "meta": meta, "lang": language})
    except NotFound as error:
        raise NotFound(f"classifications: {path} is listed but not there", error.detail) from None
    content = answer.json()
    expect(
        isinstance(content, list) and bool(content) and all(isinstance(item, dict) for item in content),
        f"classifications: {answer.request} holds no data; without content=data only addresses come",
        str(content)[:300],
    )
    return answer


def _edition(name: str) -> str:
    found = EDITION.search(name)
    return found.group(1) if found else ""


def resources(settings: Settings) -> list[Resource]:
    """Items and correspondences."""
    return [
        Resource(
            source="classifications",
            name="items",
            system="classifications",
            tables=("classification", "item"),
            fetch=fetch_items,
            parse=parse_items,
            title="Statistics Finland: classifications",
            attribution=ATTRIBUTION,
        ),
        Resource(
            source="classifications",
            name="correspondences",
            system="classifications",
            tables=("map",),
            fetch=fetch_maps,
            parse=parse_maps,
            title="Statistics Finland: correspondences of classifications",
            attribution=ATTRIBUTION,
        ),
    ]
