"""Opintopolku: programmes (koulutus) and their implementations (toteutus), from the konfo external API."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import polars as pl

from jod_pipelines.errors import SourceError, SourceSkipped
from jod_pipelines.landing.archive import Document, Failed
from jod_pipelines.sources.http import NotFound
from jod_pipelines.sources.resource import FetchContext, Landing, Parsed, Resource, expect, fetched, parse_json
from jod_pipelines.sources.text import code_uri, code_uris, code_value, code_values, helsinki_time, languages_of, plain_text

PAGE_SIZE = 200
"""The search silently caps `size` here."""
WINDOW = 10_000
"""The search cannot count or page beyond this many hits."""
PERSONAL = frozenset({"yhteyshenkilot", "muokkaaja"})
VOLATILE = frozenset({"timestamp", "formatoituModified", "hakuAuki", "_score"})
EXTERNAL = "/konfo-backend/external"
ATTRIBUTION = "Opetushallitus, Opintopolku"


def fetch_search(context: FetchContext) -> Landing:
    """Every page of the search, in name order.

    `total` counts programmes that the answer then leaves out, so pages may be short or empty: only `total` says
    when to stop.
    """
    page, pages = 1, 1
    while page <= pages:
        answer = context.client.get_json(
            f"{EXTERNAL}/search/toteutukset-koulutuksittain",
            {"page": page, "size": PAGE_SIZE, "sort": "name", "order": "asc"},
        )
        total = answer.json()["total"]
        expect(total < WINDOW, f"opintopolku: the search counts {total} programmes and cannot page past {WINDOW}; partition it")
        pages = max(pages, math.ceil(total / PAGE_SIZE))
        yield fetched(f"page-{page:04d}", answer, personal=PERSONAL)
        page += 1


def fetch_details(kind: str, table: str, column: str) -> Any:
    """A fetch of one document per OID that the search named: `kind` is koulutus or toteutus."""

    def fetch(context: FetchContext) -> Landing:
        oids = context.table("opintopolku/search", table).select(pl.col(column).unique().sort()).collect().to_series().to_list()
        unrecorded = 0
        for oid in oids:
            try:
                answer = context.client.get_json(f"{EXTERNAL}/{kind}/{oid}")
            except SourceSkipped:
                unrecorded += 1
            except NotFound:
                continue  # withdrawn since the search: it is not in the new snapshot
            except SourceError as error:
                if "answers 500" not in str(error):
                    raise
                yield Failed(oid, str(error))
            else:
                yield fetched(oid, answer, personal=PERSONAL)
        if unrecorded == len(oids):
            raise SourceSkipped(f"no {kind} details are recorded for the {unrecorded} found by the search")

    return fetch


def read_hit(hit: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Rows of tables `koulutus` (one) and `toteutus` from one search hit."""
    description = hit.get("kuvaus") or {}
    if "osaamistavoitteet" in description:  # skill badges nest their texts
        hit = {**hit, "osaamistavoitteet": description["osaamistavoitteet"], "kuvaus": None}
    yield (
        "koulutus",
        {
            "programme_oid": hit["oid"],
            **languages_of(hit["nimi"], "name"),
            "languages": sorted(hit["kielivalinta"]),
            "programme_type": hit["koulutustyyppi"],
            "education_codes": code_values(_codes(hit)),
            "eperuste_id": hit.get("ePerusteId", hit.get("eperuste")),
            **_credits(hit),
            **_degree_titles(hit.get("tutkintonimikkeet")),
            **languages_of(hit.get("kuvaus"), "description"),
            **languages_of(hit.get("osaamistavoitteet"), "outcomes"),
        },
    )
    for offer in hit["toteutukset"]:
        yield (
            "toteutus",
            {
                "programme_oid": hit["oid"],
                "implementation_oid": offer["toteutusOid"],
                "school_oid": offer["oppilaitosOid"],
                **languages_of(offer["toteutusNimi"], "name"),
                "municipality_codes": code_values(offer.get("kunnat")),
            },
        )


def read_koulutus(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The row of table `koulutus` from a programme's document."""
    metadata = document["metadata"]
    classified = document.get("koulutuskoodienAlatJaAsteet") or []
    fields = {uri for item in classified for uri in item.get("koulutusalaKoodiUrit") or []}
    levels = {uri for item in classified for uri in item.get("koulutusasteKoodiUrit") or []}
    yield (
        "koulutus",
        {
            "programme_oid": document["oid"],
            **languages_of(document["nimi"], "name"),
            "languages": sorted(document["kielivalinta"]),
            "programme_type": document["koulutustyyppi"],
            "leads_to_degree": document["johtaaTutkintoon"],
            "education_codes": code_values(_codes(document)),
            "field_uris": sorted(fields | set(code_uris(metadata.get("koulutusala")))),
            "level_uris": sorted(levels),
            "provider_oids": sorted({item["oid"] for item in document.get("tarjoajat") or []}),
            "organisation_oid": (document.get("organisaatio") or {}).get("oid"),
            "eperuste_id": document.get("ePerusteId") or (metadata.get("eperuste") or {}).get("id"),
            **_credits(metadata),
            **_degree_titles(metadata.get("tutkintonimike")),
            **languages_of(metadata.get("kuvaus"), "description"),
            **languages_of(metadata.get("osaamistavoitteet"), "outcomes"),
            "modified_at": helsinki_time(document.get("modified")),
        },
    )


def read_toteutus(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The row of table `toteutus` from an implementation's document."""
    metadata = document["metadata"]
    teaching = metadata.get("opetus") or {}
    start = teaching.get("koulutuksenAlkamiskausi") or {}
    years, months = teaching.get("suunniteltuKestoVuodet"), teaching.get("suunniteltuKestoKuukaudet")
    year = start.get("koulutuksenAlkamisvuosi")
    yield (
        "toteutus",
        {
            "implementation_oid": document["oid"],
            "programme_oid": document["koulutusOid"],
            **languages_of(document["nimi"], "name"),
            "languages": sorted(document["kielivalinta"]),
            "school_oids": sorted(document.get("oppilaitokset") or []),
            "provider_oids": sorted({item["oid"] for item in document.get("tarjoajat") or []}),
            "municipality_codes": code_values([item.get("paikkakunta") for item in document.get("tarjoajat") or []]),
            "teaching_language_uris": code_uris(teaching.get("opetuskieli")),
            "teaching_time_uris": code_uris(teaching.get("opetusaika")),
            "teaching_mode_uris": code_uris(teaching.get("opetustapa")),
            "fee_types": _fee_types(teaching),
            "duration_months": None if years is None and months is None else (years or 0) * 12 + (months or 0),
            "start_year": int(year) if year else None,
            "start_season": code_value(code_uri(start.get("koulutuksenAlkamiskausi"))),
            "keywords": _values(metadata.get("asiasanat")),
            "occupation_titles": _values(metadata.get("ammattinimikkeet")),
            **languages_of(metadata.get("kuvaus"), "description"),
            **languages_of(metadata.get("osaamistavoitteet"), "outcomes"),
            "modified_at": helsinki_time(document.get("modified")),
        },
    )


def _codes(document: dict[str, Any]) -> Any:
    """`koulutukset` was a single object called `koulutus` in older documents."""
    return document.get("koulutukset") or document.get("koulutus")


def _credits(document: dict[str, Any]) -> dict[str, Any]:
    """Credits as number, label and unit: the number of '180+120' is sent as 180120, so staging needs the label too."""
    number = document.get("opintojenLaajuusNumero")
    label = (document.get("opintojenLaajuus") or {}).get("nimi") or {}
    return {
        "credits_number": None if number is None else float(number),
        "credits_label": plain_text(label.get("fi")),
        "credits_unit": code_value(code_uri(document.get("opintojenLaajuusyksikko"))),
    }


def _degree_titles(items: Any) -> dict[str, Any]:
    first = (items or [None])[0]
    return languages_of(first.get("nimi") if first else None, "degree_title")


def _fee_types(teaching: dict[str, Any]) -> list[str]:
    """Both forms of the fee: `maksut` replaced `maksullisuustyyppi` in April 2026."""
    types = [item.get("maksullisuustyyppi") for item in teaching.get("maksut") or []]
    return sorted({kind for kind in [*types, teaching.get("maksullisuustyyppi")] if kind})


def _values(items: Any) -> list[str]:
    return sorted({text for item in items or [] if (text := plain_text(item.get("arvo")))})


def parse_search(documents: Iterable[Document]) -> Parsed:
    """Search pages; a programme that moved between pages while they were read is kept once."""
    tables = ("koulutus", "toteutus")
    return parse_json(documents, tables, read_hit, items=lambda page: page["hits"], repeats=tables)


def resources(_settings: object) -> list[Resource]:
    """Search, koulutus and toteutus."""
    return [
        Resource(
            source="opintopolku",
            name="search",
            system="opintopolku",
            tables=("koulutus", "toteutus"),
            fetch=fetch_search,
            parse=parse_search,
            title="Programmes and their implementations, as the study search lists them",
            attribution=ATTRIBUTION,
        ),
        Resource(
            source="opintopolku",
            name="koulutus",
            system="opintopolku",
            tables=("koulutus",),
            fetch=fetch_details("koulutus", "koulutus", "programme_oid"),
            parse=lambda documents: parse_json(documents, ("koulutus",), read_koulutus),
            title="Programme documents",
            attribution=ATTRIBUTION,
            after=("opintopolku/search",),
            volatile=VOLATILE,
        ),
        Resource(
            source="opintopolku",
            name="toteutus",
            system="opintopolku",
            tables=("toteutus",),
            fetch=fetch_details("toteutus", "toteutus", "implementation_oid"),
            parse=lambda documents: parse_json(documents, ("toteutus",), read_toteutus),
            title="Implementation documents",
            attribution=ATTRIBUTION,
            after=("opintopolku/search",),
            volatile=VOLATILE,
        ),
    ]
