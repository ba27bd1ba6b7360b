"""ePerusteet: qualification requirements and competence badges."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import polars as pl

from jod_pipelines.landing.archive import Document, Failed
from jod_pipelines.settings import Settings
from jod_pipelines.sources.crawl import NOTE_STAMP, UNLISTED, mark_of, parse_documents
from jod_pipelines.sources.crawl import fetch_documents as crawl_documents
from jod_pipelines.sources.resource import FetchContext, Landing, Parsed, Resource, fetched, parse_json
from jod_pipelines.sources.text import LANGUAGES, epoch_ms, epoch_ms_date, languages_of, plain_text

EXTERNAL = "/eperusteet-service/api/external"
PAGE_SIZE = 50
"""The list's maximum."""
PERSONAL = frozenset({"muokkaaja"})
ATTRIBUTION = "Opetushallitus, ePerusteet"

JsonRow = tuple[str, dict[str, Any]]


def fetch_list(context: FetchContext) -> Landing:
    """The list in each language: `kieli` also filters, so a Swedish-only document is invisible in the Finnish one.

    The list is ordered by name alone, and versions of one document share theirs: items may move between pages. When
    fewer are seen than the list says it holds, it is read once more, and what is still missing is named.
    """
    for language in LANGUAGES:
        seen: set[Any] = set()
        for reading in ("", "again-"):
            page, pages, total = 0, 1, 0
            while page < pages:
                params = {"sivu": page, "sivukoko": PAGE_SIZE, "kieli": language, "poistuneet": "false"}
                answer = context.client.get_json(f"{EXTERNAL}/perusteet", params)
                listed = answer.json()
                pages, total = listed["sivuja"], listed.get("kokonaismäärä", 0)
                seen |= {item.get("id") for item in listed["data"]}
                yield fetched(f"{language}-{reading}{page:03d}", answer, personal=PERSONAL)
                page += 1
            if len(seen) >= total:
                break
        else:
            yield Failed(language, f"{EXTERNAL}/perusteet kieli={language} lists {len(seen)} of the {total} it says it holds")


def fetch_documents(context: FetchContext) -> Landing:
    """Documents whose publication time moved, and those that programmes name although the list no longer does.

    The latter say nothing of when they change: each is asked once in a cycle of the re-check.
    """
    listed = context.table("eperusteet/perusteet", "peruste").select("peruste_id", "published_at").collect()
    named = context.table("opintopolku/search", "koulutus").select("eperuste_id").drop_nulls().collect().to_series()
    wanted = {str(peruste_id): UNLISTED for peruste_id in named}
    wanted |= {str(peruste_id): mark_of(str(published)) for peruste_id, published in listed.iter_rows()}
    return crawl_documents(
        context, wanted, lambda key: f"{EXTERNAL}/peruste/{key}", read_document, what="peruste", personal=PERSONAL
    )


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
    """Rows of tables `peruste` (one), `unit` and `requirement` (one per skill statement) from a document."""
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
    extents = _extents(document)
    for unit in document.get("tutkinnonOsat") or []:
        shell = "id" not in unit and not unit.get("nimi")  # it stands where a unit was taken out
        if shell or unit.get("tila") == "poistettu":
            continue
        credits = unit.get("laajuus") if unit.get("laajuus") is not None else extents.get(str(unit["id"]))
        yield (
            "unit",
            {
                "peruste_id": document["id"],
                "unit_id": unit["id"],
                "unit_code": _unit_code(unit),
                **languages_of(unit.get("nimi"), "name"),
                "kind": unit.get("tyyppi"),
                "credits": None if credits is None else float(credits),
                **languages_of(unit.get("kuvaus"), "description"),
                **languages_of(_text_of(unit), "requirements"),
                **languages_of(unit.get("ammattitaidonOsoittamistavat"), "demonstration"),
            },
        )
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
    """Coded statements with their code and the area they stand under; a code not yet committed is temporary."""
    blocks = [requirements or {}, *((requirements or {}).get("kohdealueet") or [])]
    for block in blocks:
        area = languages_of(block.get("kuvaus"), "area")
        for item in block.get("vaatimukset") or []:
            code = item.get("koodi") or {}
            texts = languages_of(item.get("vaatimus") or code.get("nimi"), "statement")
            uri = code.get("uri") or code.get("koodiUri")
            if any(texts.values()):
                yield {**texts, **area, "requirement_uri": uri if uri and not uri.startswith("temporary_") else None}


def _text_of(unit: dict[str, Any]) -> Any:
    """A unit's requirements as authored text; None where they are generated from the structured ones."""
    return None if any(_structured(unit.get("ammattitaitovaatimukset2019"))) else unit.get("ammattitaitovaatimukset")


def _extents(document: dict[str, Any]) -> dict[str, Any]:
    """Credits by unit id, from the references of the ways to complete; older documents have them only there."""
    references = [r for way in document.get("suoritustavat") or [] for r in way.get("tutkinnonOsaViitteet") or []]
    return {str(r["_tutkinnonOsa"]): r["laajuus"] for r in references if r.get("laajuus") is not None and "_tutkinnonOsa" in r}


def _unit_code(unit: dict[str, Any]) -> str | None:
    return unit.get("koodiUri") or (unit.get("koodi") or {}).get("uri")


def _education_codes(document: dict[str, Any]) -> list[str]:
    codes = {item.get("koulutuskoodiArvo") for item in document.get("koulutukset") or []}
    return sorted(code for code in codes if code)


def parse_list(documents: Iterable[Document]) -> Parsed:
    """The lists of the three languages joined by id: of each column the first value that any of them gives."""
    parsed = parse_json(documents, ("peruste",), read_listed, items=lambda page: page["data"])
    try:
        frame = pl.DataFrame(parsed.tables["peruste"], infer_schema_length=None)
    except (TypeError, pl.exceptions.PolarsError):
        return parsed  # a column of mixed types: the contract says which rows are wrong
    if frame.is_empty():
        return parsed
    joined = frame.group_by("peruste_id", maintain_order=True).agg(pl.all().drop_nulls().first())
    return Parsed({"peruste": joined}, parsed.unreadable)


def resources(_settings: Settings) -> list[Resource]:
    """The list, the documents and the badges."""
    return [
        Resource(
            source="eperusteet",
            name="perusteet",
            system="eperusteet",
            tables=("peruste",),
            fetch=fetch_list,
            parse=parse_list,
            title="List of qualification requirements",
            attribution=ATTRIBUTION,
        ),
        Resource(
            source="eperusteet",
            name="peruste",
            system="eperusteet",
            tables=("peruste", "unit", "requirement", "withdrawn"),
            fetch=fetch_documents,
            parse=lambda documents: parse_documents(documents, ("peruste", "unit", "requirement"), read_document),
            title="Qualification requirements",
            attribution=ATTRIBUTION,
            after=("eperusteet/perusteet", "opintopolku/search"),
            volatile=frozenset({NOTE_STAMP}),
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
