"""ePerusteet: qualification requirements and competence badges."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jod_pipelines.errors import SourceSkipped
from jod_pipelines.landing.archive import Unchanged
from jod_pipelines.sources.http import NotFound
from jod_pipelines.sources.resource import FetchContext, Landing, Resource, fetched, parse_json
from jod_pipelines.sources.text import LANGUAGES, epoch_ms, epoch_ms_date, languages_of, plain_text

EXTERNAL = "/eperusteet-service/api/external"
PAGE_SIZE = 50
"""The list's maximum."""
PERSONAL = frozenset({"muokkaaja"})
ATTRIBUTION = "Opetushallitus, ePerusteet"

JsonRow = tuple[str, dict[str, Any]]


def fetch_list(context: FetchContext) -> Landing:
    """The list in each language: `kieli` also filters, so a Swedish-only document is invisible in the Finnish one."""
    for language in LANGUAGES:
        page, pages = 0, 1
        while page < pages:
            params = {"sivu": page, "sivukoko": PAGE_SIZE, "kieli": language, "poistuneet": "false"}
            answer = context.client.get_json(f"{EXTERNAL}/perusteet", params)
            pages = answer.json()["sivuja"]
            yield fetched(f"{language}-{page:03d}", answer, personal=PERSONAL)
            page += 1


def fetch_documents(context: FetchContext) -> Landing:
    """Documents whose publication time moved, and those that programmes name although the list no longer does."""
    listed = context.table("eperusteet/perusteet", "peruste").select("peruste_id", "published_at").collect()
    published = {row[0]: str(row[1]) if row[1] else None for row in listed.iter_rows()}
    named = context.table("opintopolku/search", "koulutus").select("eperuste_id").drop_nulls().collect().to_series()
    for peruste_id in sorted({*published, *named}):
        key, change_key = str(peruste_id), published.get(peruste_id)
        if context.unchanged(key, change_key):
            yield Unchanged(key)
            continue
        try:
            yield fetched(key, context.client.get_json(f"{EXTERNAL}/peruste/{key}"), personal=PERSONAL, change_key=change_key)
        except (NotFound, SourceSkipped):
            continue


def fetch_badges(context: FetchContext) -> Landing:
    """All published competence badges, one document."""
    yield fetched("osaamismerkit", context.client.get_json(f"{EXTERNAL}/osaamismerkit"), personal=PERSONAL)


def read_listed(item: dict[str, Any]) -> Iterator[JsonRow]:
    """The row of table `peruste` from one item of the list."""
    yield (
        "peruste",
        {
            "peruste_id": item["id"],
            **languages_of(item["nimi"], "name"),
            "programme_type": item.get("koulutustyyppi"),
            "languages": sorted(item.get("kielet") or []),
            "education_codes": _education_codes(item),
            "valid_from": epoch_ms_date(item.get("voimassaoloAlkaa")),
            "valid_to": epoch_ms_date(item.get("voimassaoloLoppuu")),
            "published_at": epoch_ms(item.get("julkaistu")),
        },
    )


def read_document(document: dict[str, Any]) -> Iterator[JsonRow]:
    """Rows of tables `peruste` (one) and `requirement` (one per skill statement) from a document."""
    yield (
        "peruste",
        {
            "peruste_id": document["id"],
            **languages_of(document["nimi"], "name"),
            "programme_type": document.get("koulutustyyppi"),
            "languages": sorted(document.get("kielet") or []),
            "education_codes": _education_codes(document),
            **languages_of(document.get("suorittaneenOsaaminen"), "outcomes"),
            **languages_of(document.get("tyotehtavatJoissaVoiToimia"), "tasks"),
        },
    )
    for unit in document.get("tutkinnonOsat") or []:
        if unit.get("tila") == "poistettu":
            continue
        for position, (kind, texts) in enumerate(_statements(unit)):
            yield (
                "requirement",
                {
                    "peruste_id": document["id"],
                    "unit_id": unit["id"],
                    "position": position,
                    "unit_code": _unit_code(unit),
                    **languages_of(unit.get("nimi"), "unit_name"),
                    "kind": kind,
                    **texts,
                },
            )


def read_badge(badge: dict[str, Any]) -> Iterator[JsonRow]:
    """Rows of table `goal`: the skills a badge shows."""
    for goal in badge.get("osaamistavoitteet") or []:
        yield (
            "goal",
            {
                "badge_id": badge["id"],
                "goal_id": goal["id"],
                "badge_uri": badge.get("koodiUri"),
                **languages_of(badge["nimi"], "badge_name"),
                **languages_of(goal["osaamistavoite"], "goal"),
            },
        )


def _statements(unit: dict[str, Any]) -> Iterator[tuple[str, dict[str, str | None]]]:
    """Skill statements of a unit: structured ones where they exist, else the authored HTML, else those of sub-areas.

    The HTML is generated from the structured form when that exists: taking both would count every skill twice.
    """
    structured = list(_structured(unit.get("ammattitaitovaatimukset2019")))
    for area in unit.get("osaAlueet") or []:
        for part in ("pakollisetOsaamistavoitteet", "valinnaisetOsaamistavoitteet"):
            structured.extend(_structured((area.get(part) or {}).get("tavoitteet")))
    if structured:
        for texts in structured:
            yield "structured", texts
        return
    authored = [unit.get("ammattitaitovaatimukset")]
    authored += [goal.get("tavoitteet") for area in unit.get("osaAlueet") or [] for goal in area.get("osaamistavoitteet") or []]
    for block in authored:
        lines = {language: (plain_text((block or {}).get(language)) or "").splitlines() for language in LANGUAGES}
        for position in range(max(map(len, lines.values()), default=0)):
            texts = {f"statement_{lang}": found[position] if position < len(found) else None for lang, found in lines.items()}
            yield "authored", texts


def _structured(requirements: dict[str, Any] | None) -> Iterator[dict[str, str | None]]:
    blocks = [requirements or {}, *((requirements or {}).get("kohdealueet") or [])]
    for block in blocks:
        for item in block.get("vaatimukset") or []:
            texts = languages_of(item.get("vaatimus") or (item.get("koodi") or {}).get("nimi"), "statement")
            if any(texts.values()):
                yield texts


def _unit_code(unit: dict[str, Any]) -> str | None:
    return unit.get("koodiUri") or (unit.get("koodi") or {}).get("uri")


def _education_codes(document: dict[str, Any]) -> list[str]:
    codes = {item.get("koulutuskoodiArvo") for item in document.get("koulutukset") or []}
    return sorted(code for code in codes if code)


def resources(_settings: object) -> list[Resource]:
    """The list, the documents and the badges."""
    return [
        Resource(
            source="eperusteet",
            name="perusteet",
            system="eperusteet",
            tables=("peruste",),
            fetch=fetch_list,
            parse=lambda documents: parse_json(
                documents, ("peruste",), read_listed, items=lambda page: page["data"], repeats=("peruste",)
            ),
            title="List of qualification requirements",
            attribution=ATTRIBUTION,
        ),
        Resource(
            source="eperusteet",
            name="peruste",
            system="eperusteet",
            tables=("peruste", "requirement"),
            fetch=fetch_documents,
            parse=lambda documents: parse_json(documents, ("peruste", "requirement"), read_document),
            title="Qualification requirements",
            attribution=ATTRIBUTION,
            after=("eperusteet/perusteet", "opintopolku/search"),
        ),
        Resource(
            source="eperusteet",
            name="osaamismerkit",
            system="eperusteet",
            tables=("goal",),
            fetch=fetch_badges,
            parse=lambda documents: parse_json(documents, ("goal",), read_badge, items=list),
            title="Competence badges",
            attribution=ATTRIBUTION,
        ),
    ]
