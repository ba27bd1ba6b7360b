"""Organisaatio: education providers, schools and their sites, as one tree."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from jod_pipelines.errors import SourceSkipped
from jod_pipelines.landing.archive import Unchanged
from jod_pipelines.sources.crawl import is_due
from jod_pipelines.sources.resource import FetchContext, Landing, Resource, fetched, parse_json
from jod_pipelines.sources.text import code_uri, code_uris, code_value, epoch_ms_date, languages_of

TREE = "/organisaatio-service/api/hierarkia/hae"
CHANGED = "/organisaatio-service/api/muutetut/oid"
KEY = "hierarkia"
PERSONAL = frozenset({"yhteystiedot", "yhteystietoArvos", "kayntiosoite", "postiosoite", "metadata"})


def fetch_tree(context: FetchContext) -> Landing:
    """The whole tree in one answer, closed organisations included: old programmes still name them.

    The answer is large, so it is asked again only when something changed since the day before it was last asked, or once
    in a cycle of the re-check. The day is its change key.
    """
    before = context.previous.entries.get(KEY) if context.previous else None
    asked_on = date.fromisoformat(before.change_key) if before and before.change_key else None
    if asked_on and not is_due(KEY, context.today, context.settings.recheck.nights) and not _changed_since(context, asked_on):
        yield Unchanged(KEY)
        return
    params = {"aktiiviset": "true", "suunnitellut": "false", "lakkautetut": "true"}
    yield fetched(KEY, context.client.get_json(TREE, params), personal=PERSONAL, change_key=context.today.isoformat())


def _changed_since(context: FetchContext, day: date) -> bool:
    """Whether the service names changed organisations; its clock is Helsinki's, so a day is taken to be on the safe side."""
    try:
        answer = context.client.get_json(CHANGED, {"lastModifiedSince": (day - timedelta(days=1)).isoformat()}).json()
    except SourceSkipped:
        return True
    return bool(answer.get("oids", True) if isinstance(answer, dict) else answer)


def nodes(answer: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every organisation of the tree, parents before children."""
    stack = list(reversed(answer["organisaatiot"]))
    while stack:
        node = stack.pop()
        stack.extend(reversed(node.get("children") or []))
        yield node


def read_organisation(node: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The row of table `organisation`. The hierarchy is in parentOid alone: paths differ between endpoints."""
    yield (
        "organisation",
        {
            "organisation_oid": node["oid"],
            "parent_oid": node.get("parentOid"),
            **languages_of(node.get("nimi"), "name"),
            "organisation_types": sorted(node.get("organisaatiotyypit") or node.get("tyypit") or []),
            "school_code": node.get("oppilaitosKoodi") or None,
            "school_type": code_value(code_uri(node.get("oppilaitostyyppi"))),
            "municipality_code": code_value(code_uri(node.get("kotipaikkaUri"))),
            "language_uris": code_uris(node.get("kieletUris")),
            "valid_from": epoch_ms_date(node.get("alkuPvm")),
            "valid_to": epoch_ms_date(node.get("lakkautusPvm")),
            "status": node.get("status"),
        },
    )


def resources(_settings: object) -> list[Resource]:
    """The organisation tree."""
    return [
        Resource(
            source="organisaatio",
            name="organisations",
            system="virkailija",
            tables=("organisation",),
            fetch=fetch_tree,
            parse=lambda documents: parse_json(documents, ("organisation",), read_organisation, items=nodes),
            title="Education organisations",
            attribution="Opetushallitus, Organisaatiopalvelu",
        )
    ]
