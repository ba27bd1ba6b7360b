"""Takes personal data out of job postings and programme texts, before anything of them is stored.

Contacts and household names go with their fields. In free text the sentence that names a contact goes and the rest
stays: an e-mail address, a phone number, or the name of someone the posting itself lists as a contact or a household.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from jod_pipelines.contacts import EMAIL, find_contact

_ABBREVIATIONS = frozenset({"p", "puh", "tel", "tfn", "gsm", "mob", "email", "sposti", "s-posti"})
"""A full stop after one of these ends no sentence: the name before it belongs to the number after it."""
_CODE_KEYS = frozenset(
    "metadata languages occupations skills continuityOfWork countries regions municipalities "
    "ilmoituksenKielet ammatit osaamiset ajokortti kortitJaLuvat maa maakunta kunta".split()
)
_TEXT_KEYS = frozenset({"fi", "sv", "en", "arvo", "description", "url", "hakemuksenUrl"})
_NOT_NAMES = frozenset({"email", "telephone", "kieliKoodi"})
HOUSEHOLD = frozenset({"HOUSEHOLD", "02"})


def scrub_text(text: str, names: Collection[str] = ()) -> str:
    """A text without the sentences that hold an e-mail address, a phone number or one of `names`, also inflected."""
    left = text
    while span := _personal_span(left, names):
        start, end = _sentence_around(left, *span)
        left = left[:start] + left[end:]
    return text if left is text else left.strip()


def _personal_span(text: str, names: Collection[str]) -> tuple[int, int] | None:
    contact = find_contact(text)
    if contact:
        return contact.span()
    for name in names:
        # No expression: each posting has names of its own, and compiling costs more than all the rest.
        start = text.find(name)
        while start >= 0:
            end = start + len(name)
            # Longer names may have a Finnish ending (`Mallilta`).
            if not _goes_on(text, start - 1) and (len(name) > 3 or not _goes_on(text, end)):
                return start, end
            start = text.find(name, end)
    return None


def _goes_on(text: str, place: int) -> bool:
    return 0 <= place < len(text) and (text[place].isalnum() or text[place] == "_")


def _sentence_around(text: str, start: int, end: int) -> tuple[int, int]:
    """Where the sentence (or the sentences) that holds a span begins and ends; a line break or a tag ends one and stays."""
    stop = text.rfind(". ", 0, start)
    while stop >= 0 and text[text.rfind(" ", 0, stop) + 1 : stop].lower() in _ABBREVIATIONS:
        stop = text.rfind(". ", 0, stop)
    begins = [place + 2 for place in (stop, text.rfind("! ", 0, start), text.rfind("? ", 0, start)) if place >= 0]
    begins += [text.rfind(edge, 0, start) + 1 for edge in ("\n", ">")]
    ends = [place + 2 for mark in (". ", "! ", "? ") if (place := text.find(mark, end)) >= 0]
    ends += [place for edge in ("\n", "<") if (place := text.find(edge, end)) >= 0]
    return max(begins), min(*ends, len(text), len(text))


def without_personal_v2(posting: dict[str, Any]) -> bool:
    """Drop contacts, household names and addresses and contact sentences from a V2 posting, in place.

    Returns:
        Whether anything changed.
    """
    owner, location = _part(posting, "owner"), _part(posting, "location")
    personal = [posting.pop("contacts", None), owner.pop("householdEmployer", None)]
    if owner.get("employerType") in HOUSEHOLD or personal[1]:
        personal += [owner.pop(name, None) for name in ("company", "officeName", "reference")]
        personal += [location.pop(name, None) for name in ("workplaceAddress", "workplaceName")]
    names = _names(personal[0]) | _names(personal[1:3])
    return scrub(posting, names, _CODE_KEYS) or any(value is not None for value in personal)


def without_personal_v1(posting: dict[str, Any]) -> bool:
    """Drop contact details, household names and addresses and contact sentences from a V1 posting, in place.

    Returns:
        Whether anything changed.
    """
    personal = [_part(posting, "hakeminen").pop("ilmoittajanYhteystiedot", None), posting.pop("kotitaloudenNimi", None)]
    if posting.get("tyollistaja") in HOUSEHOLD or personal[1]:
        personal.append(posting.pop("ilmoittajanNimi", None))
        place = _part(_part(posting, "sijainti"), "toimipaikka")
        personal += [place.pop(name, None) for name in ("postiosoite", "toimipaikanNimi")]
    return scrub(posting, _names(personal[1:3]), _CODE_KEYS) or any(value is not None for value in personal)


def scrub(value: Any, names: Collection[str] = (), codes: Collection[str] = frozenset()) -> bool:
    """Scrub every text inside a JSON value, in place; dates, URIs and what stands under a key of `codes` are left alone.

    Returns:
        Whether anything changed.
    """
    changed = False
    for key, item in value.items() if type(value) is dict else enumerate(value):
        kind = type(item)  # JSON knows no subclasses, and every posting comes through here
        if kind is str:
            # A code or a timestamp can look like a phone number, but has no space and no language.
            if (" " in item or "@" in item or key in _TEXT_KEYS) and (clean := _clean(item, names)) != item:
                value[key] = clean
                changed = True
        elif (kind is dict or kind is list) and key not in codes:
            changed |= scrub(item, names, codes)
    return changed


def _clean(text: str, names: Collection[str]) -> str:
    if text.startswith(("http://", "https://")) and " " not in text:
        return "" if "@" in text and EMAIL.search(text) else text
    return scrub_text(text, names)


def _names(value: Any) -> set[str]:
    """Names of people in a contact or a household's name; initials name nobody."""
    return {word for text in _strings(value) for word in text.split() if len(word) > 1 and not find_contact(word)}


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        value = [item for key, item in value.items() if key not in _NOT_NAMES]
    return [text for item in value for text in _strings(item)] if isinstance(value, list) else []


def _part(value: dict[str, Any], key: str) -> dict[str, Any]:
    part = value.get(key)
    return part if isinstance(part, dict) else {}
