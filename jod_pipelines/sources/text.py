"""Cleans what people typed into the source systems: HTML, entities, language maps, code URIs, dates."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from selectolax.lexbor import LexborHTMLParser

HELSINKI = ZoneInfo("Europe/Helsinki")
LANGUAGES = ("fi", "sv", "en")
_BLOCK_END = re.compile(r"<(?:br\s*/?|/(?:p|li|h[1-6]|dt|dd|tr|div|ul|ol|table))\s*>", re.IGNORECASE)
_INVISIBLE = "\u00ad\u200b\u200c\u200d\ufeff"
_PLACEHOLDERS = {"", "-", "--", "------"}


def plain_text(value: str | None) -> str | None:
    """HTML or plain text as clean lines; None when nothing is left.

    Block ends become newlines, tags and invisible characters go, entities and whitespace are normalised, NFC.
    """
    if value is None:
        return None
    text = value
    if "<" in text or "&" in text:
        body = LexborHTMLParser(_BLOCK_END.sub("\n", text)).body
        text = body.text() if body else ""
    for mark in _INVISIBLE:
        text = text.replace(mark, "")
    text = unicodedata.normalize("NFC", text.replace("\u00a0", " "))
    lines = (" ".join(line.split()) for line in text.splitlines())
    text = "\n".join(line for line in lines if line)
    return None if text in _PLACEHOLDERS else text


def languages_of(value: Any, prefix: str) -> dict[str, str | None]:
    """A language map `{"fi": ..., "sv": ..., "en": ...}` as columns `<prefix>_fi`, `<prefix>_sv`, `<prefix>_en`.

    None, `{}` and maps with technical or foreign keys are fine; any other shape raises TypeError.
    """
    if value is not None and not isinstance(value, Mapping):
        raise TypeError(f"{prefix}: expected a language map, got {type(value).__name__}")
    texts = value or {}
    return {f"{prefix}_{language}": plain_text(texts.get(language)) for language in LANGUAGES}


def metadata_languages(metadata: Iterable[Mapping[str, Any]] | None, prefix: str, field: str = "nimi") -> dict[str, str | None]:
    """The koodisto's `[{"kieli": "FI", "nimi": ...}]` as columns per language."""
    texts = {str(item.get("kieli", "")).lower(): item.get(field) for item in metadata or []}
    return {f"{prefix}_{language}": plain_text(texts.get(language)) for language in LANGUAGES}


def code_uri(value: Any) -> str | None:
    """The URI of a koodi object (or a bare URI) without its version suffix; None when there is none."""
    uri = value.get("koodiUri") if isinstance(value, Mapping) else value
    return uri.split("#")[0] if isinstance(uri, str) and uri else None


def code_uris(values: Any) -> list[str]:
    """Version-less URIs of a list of koodi objects, sorted and unique; a single object counts as a list of one."""
    items = [values] if isinstance(values, Mapping) else values or []
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
