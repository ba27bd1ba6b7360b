"""Public services of guidance and education in the synthetic world, in the shapes of the service register PTV v11."""

from __future__ import annotations

import uuid
from typing import Any

from jod_pipelines.reference import reference_table
from jod_pipelines.sandbox.world import World

CLASSES = {
    "http://urn.fi/URN:NBN:fi:au:ptvl:P6": ("P6", {"fi": "Koulutus", "sv": "Utbildning", "en": "Education"}),
    "http://urn.fi/URN:NBN:fi:au:ptvl:P10": ("P10", {"fi": "Työ ja työttömyys", "sv": "Arbete", "en": "Work"}),
    "http://urn.fi/URN:NBN:fi:au:ptvl:P27": ("P27", {"fi": "Liikunta", "sv": "Motion", "en": "Sports"}),
}
KINDS = (
    ("P6", {"fi": "Aikuisten perusopetus", "sv": "Grundläggande utbildning för vuxna", "en": "Basic education for adults"}),
    ("P6", {"fi": "Kansalaisopiston kurssit", "sv": "Medborgarinstitutets kurser"}),
    ("P10", {"fi": "Ohjaamo", "sv": "Navigatorn", "en": "Guidance centre for young people"}),
    ("P10", {"fi": "Uraohjaus", "sv": "Karriärvägledning", "en": "Career guidance"}),
    ("P27", {"fi": "Ohjattu liikunta", "sv": "Ledd motion"}),
)
CHANNELS = ("ServiceLocation", "Phone", "WebPage", "EChannel", "PrintableForm")
MODIFIED = "2026-11-01T08:00:00"


def register(world: World) -> dict[str, dict[str, dict[str, Any]]]:
    """Documents by kind (Service, ServiceChannel) and id."""
    found: dict[str, dict[str, dict[str, Any]]] = {"Service": {}, "ServiceChannel": {}}
    names = dict(reference_table("municipalities").select("municipality_code", "name_fi").iter_rows())
    places = [code for region in world.regions for code in world.municipalities[region][:2]]
    for number, place in enumerate(places):
        for position, (code, texts) in enumerate(KINDS):
            service = _service(world, f"{place}/{position}", code, texts, {place: names[place]}, nationwide=number == 0)
            if position == 1:
                service["serviceChannels"] = None
            else:
                for kind in CHANNELS[: 1 + position]:
                    channel = _channel(world, f"{place}/{position}/{kind}", kind, texts, place, names[place])
                    found["ServiceChannel"][channel["id"]] = channel
                    reference = {"serviceChannel": {"id": channel["id"], "name": texts["fi"]}, "contactDetails": {"emails": []}}
                    service["serviceChannels"].append(reference)
            if number == 1 and position == 0:
                service["publishingStatus"] = "Archived"
            found["Service"][service["id"]] = service
    return found


def _id(world: World, *key: object) -> str:
    return str(uuid.UUID(int=world.dice("ptv", *key).getrandbits(128), version=4))


def _texts(texts: dict[str, str], kind: str, wrap: str = "{}") -> list[dict[str, str]]:
    return [{"language": language, "value": wrap.format(text), "type": kind} for language, text in texts.items()]


def _service(
    world: World, key: str, code: str, texts: dict[str, str], places: dict[str, str], *, nationwide: bool
) -> dict[str, Any]:
    uri = next(uri for uri, (own, _) in CLASSES.items() if own == code)
    municipalities = [{"code": place, "name": _texts({"fi": name}, "Name")} for place, name in places.items()]
    return {
        "id": _id(world, "service", key),
        "type": "Service",
        "serviceNames": [*_texts(texts, "Name"), {"language": "fi", "value": "Toinen nimi", "type": "AlternativeName"}],
        "serviceDescriptions": [*_texts(texts, "Summary", "{}."), *_texts(texts, "Description", "<p>{}</p><p>1</p>")],
        "serviceChargeType": "FreeOfCharge",
        "languages": list(texts),
        "areaType": "Nationwide" if nationwide else "LimitedType",
        "areas": [] if nationwide else [{"type": "Municipality", "code": None, "municipalities": municipalities}],
        "serviceClasses": [{"code": code, "uri": uri, "name": _texts(CLASSES[uri][1], "Name")}],
        "targetGroups": [{"code": "KR1", "uri": "http://urn.fi/URN:NBN:fi:au:ptvl:v2001"}],
        "ontologyTerms": [],
        "organizations": [{"organization": {"id": _id(world, "organisation", *places)}, "roleType": "Responsible"}],
        "serviceChannels": [],
        "publishingStatus": "Published",
        "modified": MODIFIED,
    }


def _channel(world: World, key: str, kind: str, texts: dict[str, str], place: str, place_name: str) -> dict[str, Any]:
    own = world.dice("channel", key)
    phone = {"prefixNumber": "+358", "number": f"29{own.randrange(10**7):07d}", "language": "fi", "type": "Phone"}
    channel: dict[str, Any] = {
        "id": _id(world, "channel", key),
        "serviceChannelType": kind,
        "organizationId": _id(world, "organisation", place),
        "serviceChannelNames": _texts(texts, "Name", "{} – " + place_name),
        "serviceChannelDescriptions": _texts(texts, "Summary"),
        "languages": list(texts),
        "areaType": "LimitedType",
        "emails": [{"language": "fi", "value": "etunimi.sukunimi@example.fi"}],
        "publishingStatus": "Published",
        "modified": MODIFIED,
    }
    if kind == "ServiceLocation":
        channel["phoneNumbers"] = [phone, {**phone, "type": "Fax"}]
        channel["addresses"] = [_address(place, place_name)]
        days = (("Monday", "08:00:00", "16:00:00"), ("Wednesday", "10:00:00", "18:00:00"), ("Friday", "08:00:00", "15:00:00"))
        channel["serviceHours"] = [
            {"serviceHourType": "DaysOfTheWeek", "openingHour": [{"dayFrom": day, "dayTo": None, "from": start, "to": end}]}
            for day, start, end in days
        ]
    elif kind == "Phone":
        channel["phoneNumbers"] = [{**phone, "additionalInformation": "Kysy Maija Meikäläistä"}]
    else:
        channel["supportPhones"] = [phone]
        channel["webPages"] = [{"language": "fi", "url": f"https://www.example.fi/{place}"}]
    return channel


def _address(place: str, place_name: str) -> dict[str, Any]:
    street = {"street": _texts({"fi": "Keskuskatu"}, "Name"), "streetNumber": "1", "postalCode": f"{place}00"}
    municipality = {"code": place, "name": _texts({"fi": place_name}, "Name")}
    return {"type": "Location", "subType": "Single", "streetAddress": {**street, "municipality": municipality}}
