"""Koodisto: the code lists that the education systems share, with their names in three languages and relations."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from jod_pipelines.errors import SourceSkipped
from jod_pipelines.landing.archive import Failed, Unchanged
from jod_pipelines.sources.crawl import is_due
from jod_pipelines.sources.http import NotFound
from jod_pipelines.sources.resource import FetchContext, Landing, Resource, expect, fetched, parse_json
from jod_pipelines.sources.text import metadata_languages

SERVICE = "/koodisto-service/rest"
PERSONAL = frozenset({"paivittajaOid"})
BIG_LISTS = frozenset({"tutkinnonosat", "ammattitaitovaatimukset"})
"""Lists of thousands and tens of thousands of codes, whole in one answer: asked once in a cycle of the re-check.

Their codes come with the requirements that use them, so that a new one is known before the list is read again."""
RELATED_LISTS = ("kunta", "koulutus", "koulutustyyppi")
"""Lists whose relations to other lists are used; with relations a list can be very large."""
ATTRIBUTION = "Opetushallitus, Koodisto"


def fetch_codes(context: FetchContext) -> Landing:
    """Every configured list whole, expired codes included; the big ones once in a cycle.

    A configured list that the source does not know is named as failed; what landed of it before stays.
    """
    found = 0
    landed = context.previous.entries if context.previous else {}
    for code_list in context.settings.koodisto_lists:
        if code_list in BIG_LISTS & landed.keys() and not is_due(code_list, context.today, context.settings.recheck.nights):
            found += 1
            yield Unchanged(code_list)
            continue
        try:
            answer = context.client.get_json(f"{SERVICE}/json/{code_list}/koodi", {"onlyValidKoodis": "false"})
        except SourceSkipped:
            continue
        except NotFound as error:
            yield Failed(code_list, str(error))
            continue
        codes = answer.json()
        expect(
            isinstance(codes, list) and bool(codes),
            f"koodisto: list {code_list} is empty or no list; run again",
            str(codes)[:300],
        )
        found += 1
        yield fetched(code_list, answer, personal=PERSONAL)
    if not found:
        raise SourceSkipped("no code list is recorded")


def fetch_relations(context: FetchContext) -> Landing:
    """The lists in `RELATED_LISTS` with their relations, at their newest version."""
    versions = dict(
        context.table("koodisto/codes", "code").select("code_list", "list_version").drop_nulls().collect().iter_rows()
    )
    found = 0
    for code_list in RELATED_LISTS:
        path = f"{SERVICE}/codeelement/codes/withrelations/{code_list}/{versions.get(code_list, 1)}"
        try:
            answer = context.client.get_json(path)
        except (SourceSkipped, NotFound):
            continue
        codes = answer.json()
        expect(
            isinstance(codes, list) and bool(codes),
            f"koodisto: the relations of list {code_list} are empty or no list; run again",
            str(codes)[:300],
        )
        found += 1
        yield fetched(code_list, answer, personal=PERSONAL)
    if not found:
        raise SourceSkipped("no relations between code lists are recorded")


def newest(codes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The codes of a list, of several versions of one code the newest."""
    by_uri = {code["koodiUri"]: code for code in sorted(codes, key=lambda code: code["versio"])}
    return [by_uri[uri] for uri in sorted(by_uri)]


def read_code(code: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The row of table `code`. Live codes are normally drafts (LUONNOS): only an end date means that a code ended."""
    versions = (code.get("koodisto") or {}).get("koodistoVersios") or []
    yield (
        "code",
        {
            "code_list": code["koodiUri"].split("_", 1)[0],
            "code_uri": code["koodiUri"],
            "code": code["koodiArvo"],
            "version": code["versio"],
            "list_version": max(versions, default=None),
            "valid_from": _day(code.get("voimassaAlkuPvm")),
            "valid_to": _day(code.get("voimassaLoppuPvm")),
            **metadata_languages(code.get("metadata"), "name"),
        },
    )


def read_relations(code: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Rows of table `relation`, `code_uri` includes or is within `related_uri`; passive and doubled ones left out."""
    for relation, key in (("includes", "includesCodeElements"), ("within", "withinCodeElements")):
        related = {item["codeElementUri"] for item in code.get(key) or [] if not item.get("passive")}
        for uri in sorted(related):
            yield "relation", {"code_uri": code["koodiUri"], "relation": relation, "related_uri": uri}


def _day(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None


def resources(_settings: object) -> list[Resource]:
    """The codes and their relations."""
    return [
        Resource(
            source="koodisto",
            name="codes",
            system="virkailija",
            tables=("code",),
            fetch=fetch_codes,
            parse=lambda documents: parse_json(documents, ("code",), read_code, items=newest),
            title="Code lists",
            attribution=ATTRIBUTION,
            named_documents=True,
        ),
        Resource(
            source="koodisto",
            name="relations",
            system="virkailija",
            tables=("relation",),
            fetch=fetch_relations,
            parse=lambda documents: parse_json(documents, ("relation",), read_relations, items=list),
            title="Relations between code lists",
            attribution=ATTRIBUTION,
            after=("koodisto/codes",),
            named_documents=True,
        ),
    ]
