"""Cleans what people typed into the source systems: HTML, entities, language maps, code URIs, dates."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

from selectolax.lexbor import LexborHTMLParser

HELSINKI = ZoneInfo("Europe/Helsinki")
LANGUAGES = ("fi", "sv", "en")
_BLOCK_END = re.compile(r"<(?:br\s*/?|/(?:p|li|h[1-6]|dt|dd|tr|div|ul|ol|table))\s*>", re.IGNORECASE)
_USUAL_TAGS = tuple(
    (tag, "\n" if tag in ("</p>", "</li>", "</ul>", "</ol>", "<br>", "<br/>", "<br />") else "")
    for tag in "<p>|</p>|<li>|</li>|<ul>|</ul>|<br />|<br>|<br/>|<strong>|</strong>|<em>|</em>|<b>|</b>|<ol>|</ol>".split("|")
)
_USUAL_ENTITY = re.compile(r"&(?:nbsp|amp|lt|gt|quot|auml|ouml|aring|Auml|Ouml|Aring|ndash|rsquo);")
_INVISIBLE = re.compile("[\u00ad\u200b\u200c\u200d\ufeff]")
_NOT_CLEAN = re.compile(r"[^ !-%'-;=-~åäöÅÄÖ–’”•é§]|^ | $|  ")
"""Anything that `plain_text` may have to change; most names and many texts have none of it."""
_PLACEHOLDERS = {"", "-", "--", "------"}


@lru_cache(maxsize=16_384)
def plain_text(value: str | None) -> str | None:
    """HTML or plain text as clean lines; None when nothing is left.

    Block ends become newlines, tags and invisible characters go, entities and whitespace are normalised, NFC. Sources
    repeat texts (a qualification's in each of its programmes), so what was cleaned is remembered.
    """
    if value is None:
        return None
    text = value if _NOT_CLEAN.search(value) is None else _cleaned(value)
    return None if text in _PLACEHOLDERS else text


def _cleaned(value: str) -> str:
    text = _text_of_html(value) if "<" in value or "&" in value else value
    plain = unicodedata.normalize("NFC", text.replace("\xa0", " "))
    lines = plain.split("\n")
    if "  " in plain or not "".join(lines).isprintable():  # invisible characters are not, nor is any other space
        text = unicodedata.normalize("NFC", _INVISIBLE.sub("", text))
        lines = [" ".join(line.split()) for line in text.splitlines()]
    return "\n".join(filter(None, map(str.strip, lines)))


def _text_of_html(html: str) -> str:
    """The text of HTML. What has only the usual tags and entities is read without a parser, in a fraction of its time."""
    text, unread = html, html.count("<")
    for tag, instead in _USUAL_TAGS:
        if unread == 0:
            break
        unread -= html.count(tag)
        text = text.replace(tag, instead)
    if unread == 0 and "\0" not in html and len(_USUAL_ENTITY.findall(html)) == html.count("&"):
        return unescape(text)
    body = LexborHTMLParser(_BLOCK_END.sub("\n", html)).body
    return body.text() if body else ""


def languages_of(value: Any, prefix: str) -> dict[str, str | None]:
    """A language map `{"fi": ..., "sv": ..., "en": ...}` as columns `<prefix>_fi`, `<prefix>_sv`, `<prefix>_en`.

    None, `{}` and maps with technical or foreign keys are fine; any other shape raises TypeError.
    """
    if value is not None and not isinstance(value, dict):
        raise TypeError(f"{prefix}: expected a language map, got {type(value).__name__}")
    texts = value or {}
    return {column: plain_text(texts.get(language)) for language, column in _columns(prefix)}


@cache
def _columns(prefix: str) -> tuple[tuple[str, str], ...]:
    return tuple((language, f"{prefix}_{language}") for language in LANGUAGES)


def metadata_languages(metadata: Iterable[Mapping[str, Any]] | None, prefix: str, field: str = "nimi") -> dict[str, str | None]:
    """The koodisto's `[{"kieli": "FI", "nimi": ...}]` as columns per language."""
    texts = {str(item.get("kieli", "")).lower(): item.get(field) for item in metadata or []}
    return {f"{prefix}_{language}": plain_text(texts.get(language)) for language in LANGUAGES}


def code_uri(value: Any) -> str | None:
    """The URI of a koodi object (or a bare URI) without its version suffix; None when there is none."""
    uri = value.get("koodiUri") if isinstance(value, dict) else value
    return uri.split("#")[0] if isinstance(uri, str) and uri else None


def code_uris(values: Any) -> list[str]:
    """Version-less URIs of a list of koodi objects, sorted and unique; a single object counts as a list of one."""
    items = [values] if isinstance(values, dict) else values or []
    return sorted({uri for uri in map(code_uri, items) if uri})


def code_value(uri: str | None) -> str | None:
    """The code in a URI, `091` of `kunta_091`; code list names hold no underscore."""
    return uri.split("_", 1)[1] if uri and "_" in uri else None


def code_values(values: Any) -> list[str]:
    """Codes of a list of koodi objects, sorted and unique."""
    return sorted({code for code in map(code_value, code_uris(values)) if code})


def helsinki_time(value: str | None) -> datetime | None:
    """A naive Helsinki timestamp (with or without seconds) as naive UTC."""
    return datetime.fromisoformat(value).replace(tzinfo=HELSINKI).astimezone(UTC).replace(tzinfo=None) if value else None


def epoch_ms(value: int | None) -> datetime | None:
    """Epoch milliseconds as naive UTC."""
    return None if value is None else datetime.fromtimestamp(value / 1000, tz=UTC).replace(tzinfo=None)


def epoch_ms_date(value: int | None) -> Any:
    """Epoch milliseconds at Helsinki midnight as that calendar day; negative values are years before 1970."""
    return None if value is None else datetime.fromtimestamp(value / 1000, tz=HELSINKI).date()
