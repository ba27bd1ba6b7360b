"""Opintopolku: what is taught, where and when, and how to apply, from the konfo external API.

Two enumerations that know nothing of each other, the search and the sitemaps, say what there is; details are asked by
OID. A programme is a koulutus, an implementation a toteutus, an application option a hakukohde, a round a haku.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from xml.etree import ElementTree

import orjson
import polars as pl

from jod_pipelines.errors import SourceError
from jod_pipelines.landing.archive import Document, Failed, Fetched, Unchanged
from jod_pipelines.settings import Settings
from jod_pipelines.sources.crawl import (
    FAILED,
    NOTE_STAMP,
    fails_for_good,
    fetch_documents,
    landed_row_mark,
    mark_of,
    parse_documents,
)
from jod_pipelines.sources.http import Answer
from jod_pipelines.sources.resource import FetchContext, Landing, Parsed, Resource, fetched
from jod_pipelines.sources.text import code_uri, code_uris, code_value, code_values, helsinki_time, languages_of, plain_text

SIZES = (200, 50, 10, 1)
"""Page sizes: the cap, and what a page that fails is asked again in, each a part of the one before."""
WINDOW = 10_000
"""The search cannot count or page beyond this many hits."""
TYPES = (
    "amm amm-osaamisala amm-tutkinnon-osa amm-muu amm-ope-erityisope-ja-opo ope-pedag-opinnot amk yo kk-opintojakso "
    "kk-opintokokonaisuus erikoislaakari erikoistumiskoulutus lk telma tuva vapaa-sivistystyo-opistovuosi "
    "vapaa-sivistystyo-muu vapaa-sivistystyo-osaamismerkki aikuisten-perusopetus taiteen-perusopetus muu"
).split()
FIELDS = [f"kansallinenkoulutusluokitus2016koulutusalataso1_{number:02d}" for number in (*range(11), 99)]
PLACES = [f"maakunta_{number:02d}" for number in range(1, 22)]
PARTITIONS = (("koulutustyyppi", TYPES), ("koulutusala", FIELDS), ("sijainti", PLACES))
"""Filters that cut what the window cannot hold, one after another."""
POSITIONS_LOST = 3
"""So many single positions failing one after another are a search that is down."""
PERSONAL = frozenset({"yhteyshenkilot", "muokkaaja"})
VOLATILE = frozenset({"timestamp", "formatoituModified", "hakuAuki", "_score", NOTE_STAMP})
NOT_IN_MARK = VOLATILE | {"kuvake", "teemakuva"}
EXTERNAL = "/konfo-backend/external"
SITEMAPS = ("koulutus", "toteutus", "hakukohde")
LISTED = "listed"
"""Mark of a document that is listed without a word about its content."""
ATTRIBUTION = "Opetushallitus, Opintopolku"

Ask = Callable[[dict[str, Any]], Answer]
Found = tuple[str, Answer | SourceError]
"""Position of a page, and the page or why it cannot be had."""
_PUBLIC_PAGE = re.compile(r"/konfo/(fi|sv|en)/(?:koulutus|toteutus|hakukohde)/([0-9.]+)$")


def fetch_search(context: FetchContext) -> Landing:
    """Every page of the search; a position it cannot show is noted and its programme left to the sitemap."""

    def ask(params: dict[str, Any]) -> Answer:
        return context.client.get_json(f"{EXTERNAL}/search/toteutukset-koulutuksittain", params)

    for key, found in search_pages(ask):
        if isinstance(found, SourceError):
            yield Failed(key, str(found))
            yield Fetched(FAILED + key, _as_note(found), str(found).partition(": ")[0], 500, "")
        else:
            yield fetched(key, found, personal=PERSONAL, scrubbed=True)


def search_pages(
    ask: Ask,
    *,
    window: int = WINDOW,
    sizes: tuple[int, ...] = SIZES,
    partitions: tuple[tuple[str, list[str]], ...] = PARTITIONS,
    filters: Mapping[str, str] | None = None,
) -> Iterator[Found]:
    """Pages of the whole catalogue by name, or the error of a position no page can show.

    `total` counts programmes that the answer then leaves out, so pages may be short or empty: only `total` says when to
    stop, and a part that fills the window is cut by the next filter. Ties in the order and changes under way make items
    move between pages; where one shows twice, or a page shows none, others may not have shown at all, and the part is
    read again from the end.

    Args:
        ask: one request of the search.
        window: where counting and paging end.
        sizes: page sizes, each a divisor of the one before.
        partitions: filters and their values, to cut by in this order.
        filters: the part to read.

    Raises:
        SourceError: a part counts more than the window although every filter is in use; nothing can say what is missing.
    """
    chosen = dict(filters or {})
    part = "-".join(chosen.values()) or "page"
    first = _page(ask, chosen, 1, sizes, "asc")
    total = _total(first)
    if total >= window:
        if not partitions:
            raise SourceError(
                f"search of {part}: counts {total} programmes with every filter in use, and shows {window} at most; "
                "look at the search, and add a filter to PARTITIONS when it is right"
            )
        (name, values), *rest = partitions
        for value in values:
            yield from search_pages(ask, window=window, sizes=sizes, partitions=tuple(rest), filters={**chosen, name: value})
        return
    steady, seen, page = True, set[str](), 1
    answers = first
    while answers:
        for position, found in answers:
            if isinstance(found, Answer):
                oids = [str(hit.get("oid")) for hit in found.json()["hits"] if isinstance(hit, dict)]
                repeated = seen & {*oids} or len({*oids}) < len(oids)
                vanished = not oids and len(answers) == 1  # of a page in pieces, a piece may well have none
                steady = steady and found.json()["total"] == total and not repeated and not vanished
                total = max(total, found.json()["total"])
                seen.update(oids)
            yield f"{part}-{position}", found
        page += 1
        answers = _page(ask, chosen, page, sizes, "asc") if page <= _pages(total, sizes[0], window) else []
    for page in range(1, _pages(total, sizes[0], window) + 1 if not steady else 1):
        for position, found in _page(ask, chosen, page, sizes, "desc"):
            yield f"{part}-reverse-{position}", found


def _page(
    ask: Ask, filters: dict[str, str], page: int, sizes: tuple[int, ...], order: str
) -> list[tuple[str, Answer | SourceError]]:
    """A page whole, or what can be had of it in smaller pages when one document makes all of it fail."""
    size, *smaller = sizes
    position = f"{(page - 1) * size + 1:04d}"
    try:
        return [(position, ask({"page": page, "size": size, "sort": "name", "order": order, **filters}))]
    except SourceError as error:
        if not fails_for_good(error):
            raise
        if not smaller:
            return [(position, error)]
        found: list[Found] = []
        for piece in range((page - 1) * size // smaller[0] + 1, page * size // smaller[0] + 1):
            found += _page(ask, filters, piece, tuple(smaller), order)
            if len(found) >= POSITIONS_LOST and all(isinstance(item, SourceError) for _, item in found[-POSITIONS_LOST:]):
                raise error from None
        return found


def _pages(total: int, size: int, window: int) -> int:
    return min(math.ceil(total / size), window // size)


def _total(answers: list[Found]) -> int:
    return max((found.json()["total"] for _, found in answers if isinstance(found, Answer)), default=0)


def _as_note(error: SourceError) -> bytes:
    return orjson.dumps({"status": 500, "answer": str(error)})


def fetch_sitemaps(context: FetchContext) -> Landing:
    """What is published, by OID, the programmes included that the search leaves out; there is none of rounds.

    Its dates are always today's, so only what it lists decides whether it changed.
    """
    for kind in SITEMAPS:
        answer = context.client.get_bytes(f"/konfo-backend/sitemap/{kind}-sitemap.xml")
        mark = mark_of(sitemap_entries(answer.body, answer.request))
        yield Unchanged(kind) if context.unchanged(kind, mark) else fetched(kind, answer, change_key=mark)


def sitemap_entries(body: bytes, request: str = "sitemap") -> list[dict[str, Any]]:
    """OIDs of a sitemap with the languages they have a page in, in order.

    Raises:
        SourceError: the body is not a whole sitemap.
    """
    try:
        addresses = [element.text or "" for element in ElementTree.fromstring(body).iter() if element.tag.endswith("loc")]  # noqa: S314
    except ElementTree.ParseError as error:
        raise SourceError(f"{request}: the sitemap is not whole XML ({error}); run again") from None
    found: dict[str, set[str]] = {}
    for match in filter(None, map(_PUBLIC_PAGE.search, addresses)):
        found.setdefault(match[2], set()).add(match[1])
    return [{"oid": oid, "languages": sorted(found[oid])} for oid in sorted(found)]


def parse_sitemaps(documents: Iterable[Document]) -> Parsed:
    """Table `entry`, a row per kind and OID."""
    rows = [
        {"kind": document.key, **entry, "source_document": document.key}
        for document in documents
        for entry in sitemap_entries(document.body, document.key)
    ]
    return Parsed({"entry": rows})


def fetch_details(kind: str, wanted: Callable[[FetchContext], dict[str, str]]) -> Callable[[FetchContext], Landing]:
    """A fetch of the documents of one kind, those that are new, changed, or that the re-check found changed."""

    def fetch(context: FetchContext) -> Landing:
        return fetch_documents(
            context,
            wanted(context),
            lambda oid: f"{EXTERNAL}/{kind}/{oid}",
            READERS[kind],
            what=kind,
            again=_found_changed(context, kind),
            personal=PERSONAL,
            scrubbed=True,
        )

    return fetch


def wanted_programmes(context: FetchContext) -> dict[str, str]:
    """Programmes of both enumerations; the mark is the hash of the search hit."""
    return _in_sitemap(context, "koulutus") | _marks(context, "koulutus", "programme_oid")


def wanted_implementations(context: FetchContext) -> dict[str, str]:
    """Implementations of both enumerations; the mark is the hash of what the search says of it, at all its schools."""
    return _in_sitemap(context, "toteutus") | _marks(context, "toteutus", "implementation_oid")


def wanted_options(context: FetchContext) -> dict[str, str]:
    """Application options, from the sitemap alone."""
    return _in_sitemap(context, "hakukohde")


def wanted_rounds(context: FetchContext) -> dict[str, str]:
    """Application rounds: those that an option belongs to."""
    rounds = context.table("opintopolku/hakukohde", "hakukohde").select(pl.col("round_oid").drop_nulls().unique())
    return dict.fromkeys(rounds.collect().to_series(), LISTED)


def _marks(context: FetchContext, table: str, column: str) -> dict[str, str]:
    hashes = pl.col("hit_hash").drop_nulls().unique().sort().str.join("+")
    return dict(context.table("opintopolku/search", table).group_by(column).agg(hashes).collect().iter_rows())


def _in_sitemap(context: FetchContext, kind: str) -> dict[str, str]:
    listed = context.table("opintopolku/sitemap", "entry").filter(pl.col("kind") == kind).select("oid")
    return dict.fromkeys(listed.collect().to_series(), LISTED)


def _found_changed(context: FetchContext, kind: str) -> set[str]:
    """OIDs of which tonight's re-check saw other content than has landed, or could see none."""
    seen = context.table("opintopolku/recheck", "evidence").filter(
        (pl.col("kind") == kind) & (pl.col("seen_on") == context.today)
    )
    landed = context.previous.entries if context.previous else {}
    return {
        oid
        for oid, mark in seen.select("oid", "row_mark").collect().iter_rows()
        if oid not in landed or mark is None or mark != landed_row_mark(landed[oid])
    }


def read_hit(hit: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Rows of tables `koulutus` (one) and `toteutus` from one search hit."""
    offers = [(offer["toteutusOid"], offer["oppilaitosOid"]) for offer in hit["toteutukset"]]
    mark = mark_of({**hit, "toteutukset": [list(offer) for offer in offers]}, NOT_IN_MARK)
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
            "hit_hash": mark,
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
                "hit_hash": mark_of(offer, NOT_IN_MARK),
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


def read_hakukohde(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The row of table `hakukohde` from an application option's document; many follow the times of their round."""
    places = (document.get("metadata") or {}).get("aloituspaikat") or {}
    yield (
        "hakukohde",
        {
            "option_oid": document["oid"],
            "implementation_oid": document["toteutusOid"],
            "round_oid": document["hakuOid"],
            **languages_of(document["nimi"], "name"),
            "site_oid": (document.get("jarjestyspaikka") or {}).get("oid"),
            "uses_round_times": document.get("kaytetaanHaunAikataulua"),
            **_times(document.get("hakuajat")),
            "prior_education_uris": code_uris(document.get("pohjakoulutusvaatimus")),
            "places_persons": places.get("lukumaara"),
            "places_first_time_persons": places.get("ensikertalaisille"),
            "modified_at": helsinki_time(document.get("modified")),
        },
    )


def read_haku(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The row of table `haku` from an application round's document."""
    yield (
        "haku",
        {
            "round_oid": document["oid"],
            **languages_of(document["nimi"], "name"),
            "method_code": code_value(code_uri(document.get("hakutapa"))),
            "target_group_code": code_value(code_uri(document.get("kohdejoukko"))),
            "form_type": document.get("hakulomaketyyppi"),
            "organisation_oid": (document.get("organisaatio") or {}).get("oid"),
            **_times(document.get("hakuajat")),
            "modified_at": helsinki_time(document.get("modified")),
        },
    )


READERS = {"koulutus": read_koulutus, "toteutus": read_toteutus, "hakukohde": read_hakukohde, "haku": read_haku}


def _times(periods: Any) -> dict[str, Any]:
    """First opening and last closing of the periods to apply in; a period without an end never closes."""
    found = [(helsinki_time(item["alkaa"]), helsinki_time(item.get("paattyy"))) for item in periods or []]
    ends = [end for _, end in found]
    closes = None if None in ends else max((end for end in ends if end), default=None)
    return {"opens_at": min((start for start, _ in found if start), default=None), "closes_at": closes}


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
    parsed = parse_documents(documents, tables, read_hit, items=lambda page: page["hits"], repeats=tables)
    return Parsed({table: parsed.tables[table] for table in tables}, parsed.unreadable)


def resources(_settings: Settings) -> list[Resource]:
    """The enumerations, the nightly re-check, and the documents of each kind."""
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
            volatile=VOLATILE,
        ),
        Resource(
            source="opintopolku",
            name="sitemap",
            system="opintopolku",
            tables=("entry",),
            fetch=fetch_sitemaps,
            parse=parse_sitemaps,
            title="What is published, by OID",
            attribution=ATTRIBUTION,
        ),
        _details("koulutus", "Programme documents", wanted_programmes),
        _details("toteutus", "Implementation documents", wanted_implementations),
        _details("hakukohde", "Application options", wanted_options),
        _details("haku", "Application rounds", wanted_rounds, "opintopolku/hakukohde"),
    ]


def _details(kind: str, title: str, wanted: Callable[[FetchContext], dict[str, str]], *more: str) -> Resource:
    return Resource(
        source="opintopolku",
        name=kind,
        system="opintopolku",
        tables=(kind, "withdrawn"),
        fetch=fetch_details(kind, wanted),
        parse=lambda documents: parse_documents(documents, (kind,), READERS[kind]),
        title=title,
        attribution=ATTRIBUTION,
        after=("opintopolku/search", "opintopolku/sitemap", "opintopolku/recheck", *more),
        volatile=VOLATILE,
    )
