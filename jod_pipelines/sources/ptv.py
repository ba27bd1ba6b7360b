"""Palvelutietovaranto (PTV) v11: public services of education and guidance, and the channels through which they are reached.

The register has no dates in its lists, so ids are listed every night, and details are read for new ids, for ids the register
says changed, and for a night's share of the rest, which finds changes that hide.

Contact details: e-mail addresses and telephone numbers are dropped before landing, because nothing says which of them belong
to a person and nobody downstream needs them: the channel's page and address lead there. A telephone channel keeps its number,
since there the number is the service.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from jod_pipelines.errors import SourceSkipped
from jod_pipelines.landing.archive import Fetched, Unchanged
from jod_pipelines.settings import Settings
from jod_pipelines.sources.crawl import is_due
from jod_pipelines.sources.http import Answer, NotFound, Refused
from jod_pipelines.sources.resource import FetchContext, Landing, Resource, expect, parse_json, without_keys
from jod_pipelines.sources.text import LANGUAGES, plain_text

ROOT = "/api/v11"
GUIDS_AT_ONCE = 100
OVERLAP = timedelta(days=1)
"""The register's clock is not ours, and an item may be published while the lists are read."""
PERSONAL = frozenset({"emails", "supportEmails", "supportPhones", "contactDetails"})
NUMBERS = "phoneNumbers"
ATTRIBUTION = "Suomi.fi-palvelutietovaranto, CC BY 4.0"
Item = dict[str, Any]


def fetch_services(context: FetchContext) -> Landing:
    """Services of the configured classes. One that is no longer listed, or is archived (404), leaves the snapshot.

    Raises:
        SourceSkipped: no class is configured.
    """
    classes = context.settings.service_classes
    if not classes:
        raise SourceSkipped(
            "no service classes are chosen; look their URIs up in the register and set JOD_PTV_SERVICE_CLASSES "
            "to ingest public services"
        )
    since = _watermark(context)
    listed: set[str] = set()
    changed: set[str] = set()
    for uri in classes:
        listed |= set(_listed(context, {"uri": uri}))
        if since:
            changed |= set(_listed(context, {"uri": uri, "date": since}))
    yield from _details(context, "Service", listed, changed)


def fetch_channels(context: FetchContext) -> Landing:
    """The channels of the landed services."""
    services = context.table("ptv/services", "service").select("channel_ids").collect()
    if services.is_empty():
        raise SourceSkipped("no services have landed, so there are no channels to ask for")
    wanted = set(services["channel_ids"].explode().drop_nulls())
    yield from _details(context, "ServiceChannel", wanted, set())


def _listed(context: FetchContext, params: dict[str, str]) -> Iterator[str]:
    page, pages = 1, 1
    while page <= pages:
        answer = context.client.get_json(f"{ROOT}/Service/serviceClass", {**params, "page": page}).json()
        expect(
            isinstance(answer.get("pageCount"), int), "ptv: a list page does not say how many pages there are", str(answer)[:300]
        )
        pages = answer["pageCount"]
        yield from (item["id"] for item in answer.get("itemList") or [])
        page += 1


def _details(context: FetchContext, kind: str, wanted: set[str], changed: set[str]) -> Landing:
    """Documents of the wanted ids: fetched when new, changed or due for a check, else as landed."""
    known = context.previous.entries if context.previous else {}
    nights = context.settings.recheck.nights
    asked = sorted(i for i in wanted if i not in known or i in changed or is_due(i, context.today, nights))
    yield from (Unchanged(i) for i in sorted(wanted - set(asked)))
    for start in range(0, len(asked), GUIDS_AT_ONCE):
        for item, answer in _read(context, kind, asked[start : start + GUIDS_AT_ONCE]):
            body, dropped = _storable(item)
            mark = _digest(orjson.dumps(in_order(orjson.loads(body)), option=orjson.OPT_SORT_KEYS)).hex()[:16]
            if context.unchanged(item["id"], mark):
                yield Unchanged(item["id"])
            else:
                yield Fetched(item["id"], body, answer.request, answer.status, answer.fetched_at, mark, dropped)


def _read(context: FetchContext, kind: str, guids: list[str]) -> Iterator[tuple[Item, Answer]]:
    """Details by many ids; one by one where the register does not answer for the many together."""
    try:
        answer = context.client.get_json(f"{ROOT}/{kind}/list", {"guids": ",".join(guids)})
        yield from ((item, answer) for item in answer.json())
        return
    except (NotFound, Refused):
        pass
    for guid in guids:
        try:
            answer = context.client.get_json(f"{ROOT}/{kind}/{guid}")
        except NotFound:
            continue
        yield answer.json(), answer


def _storable(item: Item) -> tuple[bytes, tuple[str, ...]]:
    """An item without contact details that may be a person's, and which of its fields were dropped.

    Of a telephone channel's numbers the digits stay and the free text beside them goes.
    """
    body, dropped = without_keys(orjson.dumps(item), PERSONAL)
    if NUMBERS not in item:
        return body, dropped
    kept = orjson.loads(body)
    if item.get("serviceChannelType") == "Phone":
        plain = ("type", "prefixNumber", "number", "language", "isFinnishServiceNumber")
        kept[NUMBERS] = [{key: number.get(key) for key in plain} for number in item[NUMBERS] or []]
        return orjson.dumps(kept), (*dropped, f"{NUMBERS}.additionalInformation")
    del kept[NUMBERS]
    return orjson.dumps(kept), (*dropped, NUMBERS)


def in_order(value: Any) -> Any:
    """A value with every list in one order: the register returns opening hours and others in any order."""
    if isinstance(value, dict):
        return {key: in_order(item) for key, item in value.items()}
    if isinstance(value, list):
        return sorted((in_order(item) for item in value), key=lambda item: orjson.dumps(item, option=orjson.OPT_SORT_KEYS))
    return value


def _watermark(context: FetchContext) -> str | None:
    before = context.previous.fetched_at if context.previous else ""
    return (datetime.fromisoformat(before) - OVERLAP).strftime("%Y-%m-%dT%H:%M:%S") if before else None


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()


def read_service(item: Item) -> Iterator[tuple[str, dict[str, Any]]]:
    """Rows of tables `service` and `service_area`."""
    texts = item.get("serviceDescriptions")
    yield (
        "service",
        {
            "service_id": item["id"],
            **_languages(item["serviceNames"], "name", "Name"),
            **_languages(texts, "summary", "Summary"),
            **_languages(texts, "description", "Description"),
            "service_type": item.get("type"),
            "charge_type": item.get("serviceChargeType"),
            "languages": sorted(item.get("languages") or []),
            "service_class_uris": _uris(item.get("serviceClasses")),
            "target_group_uris": _uris(item.get("targetGroups")),
            "ontology_uris": _uris(item.get("ontologyTerms")),
            "organisation_ids": _ids(item.get("organizations"), "organization"),
            "channel_ids": _ids(item.get("serviceChannels"), "serviceChannel"),
            "area_type": item.get("areaType"),
            "modified_at": _time(item.get("modified")),
        },
    )
    areas = {
        (area["type"], area.get("code") or place["code"], place["code"])
        for area in item.get("areas") or []
        for place in area.get("municipalities") or []
    }
    for kind, code, place in sorted(areas):
        yield "service_area", {"service_id": item["id"], "area_type": kind, "area_code": code, "municipality_code": place}


def read_channel(item: Item) -> Iterator[tuple[str, dict[str, Any]]]:
    """The row of table `service_channel`; its five kinds have different fields."""
    texts = item.get("serviceChannelDescriptions")
    streets = [a.get("streetAddress") or {} for a in item.get("addresses") or [] if a.get("type") == "Location"]
    yield (
        "service_channel",
        {
            "channel_id": item["id"],
            "channel_type": item["serviceChannelType"],
            "organisation_id": item.get("organizationId"),
            **_languages(item["serviceChannelNames"], "name", "Name"),
            **_languages(texts, "summary", "Summary"),
            **_languages(texts, "description", "Description"),
            **_languages(item.get("webPages"), "url", None, value="url"),
            "languages": sorted(item.get("languages") or []),
            "phone_numbers": _numbers(item.get(NUMBERS)),
            "municipality_codes": sorted({s["municipality"]["code"] for s in streets if s.get("municipality")}),
            "postal_codes": sorted({s["postalCode"] for s in streets if s.get("postalCode")}),
            "opening_hours": sorted(_hours(item.get("serviceHours"))),
            "area_type": item.get("areaType"),
            "modified_at": _time(item.get("modified")),
        },
    )


def _languages(texts: Iterable[Item] | None, prefix: str, kind: str | None, value: str = "value") -> dict[str, str | None]:
    """`[{language, value, type}]` as a column per language; the first text of a kind counts."""
    found: dict[str, str | None] = {}
    for text in texts or []:
        if kind in (None, text.get("type")):
            found.setdefault(str(text.get("language")), text.get(value))
    return {f"{prefix}_{language}": plain_text(found.get(language)) for language in LANGUAGES}


def _uris(items: Iterable[Item] | None) -> list[str]:
    return sorted({item["uri"] for item in items or [] if item.get("uri")})


def _ids(items: Iterable[Item] | None, name: str) -> list[str]:
    return sorted({item[name]["id"] for item in items or [] if item.get(name)})


def _numbers(numbers: Iterable[Item] | None) -> list[str]:
    found = (n for n in numbers or [] if n.get("type") != "Fax" and n.get("number"))
    return sorted({f"{n.get('prefixNumber') or ''}{n['number']}" for n in found})


def _hours(hours: Iterable[Item] | None) -> Iterator[str]:
    for span in hours or []:
        for day in span.get("openingHour") or [] if span.get("serviceHourType") == "DaysOfTheWeek" else []:
            days = f"{day['dayFrom']}-{day['dayTo']}" if day.get("dayTo") else day["dayFrom"]
            yield f"{days} {day['from'][:5]}-{day['to'][:5]}"


def _time(value: str | None) -> datetime | None:
    if not value:
        return None
    time = datetime.fromisoformat(value)
    return time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time


def _resource(
    name: str,
    tables: tuple[str, ...],
    fetch: Callable[[FetchContext], Landing],
    read: Callable[[Item], Iterator[tuple[str, dict[str, Any]]]],
    title: str,
    after: tuple[str, ...] = (),
) -> Resource:
    return Resource(
        source="ptv",
        name=name,
        system="ptv",
        tables=tables,
        fetch=fetch,
        parse=lambda documents: parse_json(documents, tables, read),
        title=title,
        attribution=ATTRIBUTION,
        after=after,
    )


def resources(_settings: Settings) -> list[Resource]:
    """Services, and the channels they are reached through."""
    return [
        _resource("services", ("service", "service_area"), fetch_services, read_service, "Services of education and guidance"),
        _resource("channels", ("service_channel",), fetch_channels, read_channel, "Channels of the services", ("ptv/services",)),
    ]
