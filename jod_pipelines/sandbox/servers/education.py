"""Opintopolku's konfo external API, ePerusteet, Koodisto and Organisaatio."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from functools import cache, cached_property
from typing import Any

from werkzeug.wrappers import Request, Response

from jod_pipelines.reference import reference_table
from jod_pipelines.sandbox.catalogue import Catalogue
from jod_pipelines.sandbox.servers.wire import Route, integer, json_answer, text_answer

SEARCH_SIZE_CAP = 200
PERUSTE_SIZE_CAP = 50
WINDOW = 10_000
EMBED_CAP = 1_000
SEARCH_CHOICES = {"lng": ("fi", "sv", "en"), "sort": ("score", "name"), "order": ("desc", "asc")}
"""Allowed values, the default first."""
EMBEDS = {
    "koulutus": {"toteutukset": "toteutus", "hakukohteet": "hakukohde", "haut": "haku"},
    "toteutus": {"koulutus": "koulutus", "hakukohteet": "hakukohde", "haut": "haku"},
    "hakukohde": {"koulutus": "koulutus", "toteutus": "toteutus", "haku": "haku"},
    "haku": {"koulutukset": "koulutus", "toteutukset": "toteutus", "hakukohteet": "hakukohde"},
}
"""What each document carries inside when asked, by key, and of which kind it is."""
REQUIRED = {
    "hit": ("oid", "nimi", "kielivalinta", "koulutustyyppi", "koulutukset", "toteutukset"),
    "koulutus": ("oid", "tila", "nimi", "kielivalinta", "koulutustyyppi", "johtaaTutkintoon", "tarjoajat", "metadata"),
    "toteutus": ("oid", "koulutusOid", "tila", "nimi", "kielivalinta", "oppilaitokset", "metadata"),
    "hakukohde": ("oid", "toteutusOid", "hakuOid", "tila", "nimi"),
    "haku": ("oid", "tila", "nimi"),
}
"""Fields without which the output schema fails."""


def konfo(catalogue: Catalogue, window: int = WINDOW) -> list[Route]:
    """Search, details with other documents inside, sitemaps; one document that breaks the schema fails a whole answer.

    The search pages from 1, caps its size without a word, counts what it leaves out, counts no further than `window` and
    fails beyond it.
    """
    inside = _Inside(catalogue)

    def search(request: Request) -> Response:
        page, size = max(1, integer(request, "page", 1)), min(SEARCH_SIZE_CAP, max(0, integer(request, "size", 20)))
        if 0 < len(request.args.get("keyword", "long enough")) < 3:
            return text_answer("Hakusana on liian lyhyt", 400)
        for name, allowed in SEARCH_CHOICES.items():
            if request.args.get(name, allowed[0]) not in allowed:
                return text_answer(f"{name}: {request.args[name]}", 400)
        if page * size > window:
            return _broken("total")
        found = [hit for hit in catalogue.search_hits() if _matches(catalogue, hit, request.args)]
        if request.args.get("order") == "asc" or request.args.get("sort") != "name":
            shown = found[(page - 1) * size : page * size]
        else:
            shown = found[::-1][(page - 1) * size : page * size]
        if (missing := next(filter(None, (_missing("hit", hit) for hit in shown)), None)) is not None:
            return _broken(missing)
        return json_answer({"total": min(len(found), window), "hits": [hit for hit in shown if hit["toteutukset"]]})

    def document(kind: str) -> Any:
        def one(request: Request, oid: str) -> Response:
            found = getattr(catalogue, kind)(oid)
            if found is None:
                return text_answer("Not found", 404)
            embedded = {key: other for key, other in EMBEDS[kind].items() if request.args.get(key) == "true"}
            answer = {**found, **{key: inside.documents(kind, oid, other, key) for key, other in embedded.items()}}
            missing = _missing(kind, answer) or next(
                (
                    gap
                    for key, other in embedded.items()
                    for item in (answer[key] if isinstance(answer[key], list) else [answer[key]])
                    if (gap := _missing(other, item or {}))
                ),
                None,
            )
            return _broken(missing) if missing else json_answer(answer)

        return one

    def sitemap(_request: Request, kind: str) -> Response:
        pages = (
            f"<url><loc>https://opintopolku.fi/konfo/{language}/{kind}/{oid}</loc><lastmod>{datetime.now(UTC).date()}</lastmod></url>"
            for oid, languages in catalogue.published(kind).items()
            for language in languages
        )
        namespace = "http://www.sitemaps.org/schemas/sitemap/0.9"
        body = f'<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="{namespace}">{"".join(pages)}</urlset>'
        return text_answer(body, 200, "application/xml")

    return [
        ("GET", "/konfo-backend/external/search/toteutukset-koulutuksittain", search),
        *(("GET", f"/konfo-backend/external/{kind}/<oid>", document(kind)) for kind in EMBEDS),
        ("GET", "/konfo-backend/sitemap/<any(koulutus, toteutus, hakukohde):kind>-sitemap.xml", sitemap),
    ]


class _Inside:
    """Which documents a document can carry inside."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def documents(self, kind: str, oid: str, other: str, key: str) -> Any:
        """Documents of kind `other` that belong to one; a single one where the key is in the singular."""
        oids = self._related[kind, other].get(oid, ())
        found = [self._bare(other, item) for item in list(oids)[:EMBED_CAP]]
        return (found[0] if found else None) if key == other else found

    def _bare(self, kind: str, oid: str) -> dict[str, Any]:
        """Inside another a document leaves out a little of itself."""
        document: dict[str, Any] = getattr(self._catalogue, kind)(oid) or {}
        return {key: value for key, value in document.items() if key not in ("koulutustyyppiPath", "hakuAuki")}

    @cached_property
    def _related(self) -> dict[tuple[str, str], dict[str, dict[str, None]]]:
        related: dict[tuple[str, str], dict[str, dict[str, None]]] = {
            (one, other): {} for one in EMBEDS for other in EMBEDS if one != other
        }
        for chain in self._catalogue.chains():
            for (one, other), found in related.items():
                key, value = getattr(chain, one), getattr(chain, other)
                if key is not None and value is not None:
                    found.setdefault(key, {})[value] = None
        return related


def _missing(kind: str, document: dict[str, Any]) -> str | None:
    """The first field the output schema asks for that a document does not have."""
    return next((field for field in REQUIRED[kind] if document.get(field) is None), None)


def _broken(field: str) -> Response:
    return json_answer({"type": "compojure.api.exception/response-validation", "errors": {field: "missing-required-key"}}, 500)


def _matches(catalogue: Catalogue, hit: dict[str, Any], asked: Any) -> bool:
    """Whether a hit passes the filters: any of the values of each."""

    def values(name: str) -> set[str]:
        return set(filter(None, asked.get(name, "").split(",")))

    if (types := values("koulutustyyppi")) and hit.get("koulutustyyppi") not in types:
        return False
    if places := values("sijainti"):
        codes = {code["koodiUri"] for offer in hit["toteutukset"] for code in offer.get("kunnat") or []}
        if not places & (codes | {f"maakunta_{_region_of()[code[6:]]}" for code in codes if code[6:] in _region_of()}):
            return False
    if fields := values("koulutusala"):
        document = catalogue.koulutus(hit["oid"]) or {}
        classified = {uri for item in document.get("koulutuskoodienAlatJaAsteet") or [] for uri in item["koulutusalaKoodiUrit"]}
        named = {code["koodiUri"].split("#")[0] for code in document.get("metadata", {}).get("koulutusala") or []}
        return bool(fields & (classified | named))
    return True


@cache
def _region_of() -> dict[str, str]:
    return dict(reference_table("municipalities").select("municipality_code", "region_code").iter_rows())


def eperusteet(catalogue: Catalogue) -> list[Route]:
    """The list with 0-based pages, filtered by language; documents by id; badges."""
    root = "/eperusteet-service/api/external"

    def listing(request: Request) -> Response:
        page, size = integer(request, "sivu", 0), min(PERUSTE_SIZE_CAP, integer(request, "sivukoko", 10))
        language = request.args.get("kieli", "fi")
        found = [item for item in catalogue.perusteet() if language in item["kielet"]]
        found.sort(key=lambda item: (item["nimi"].get(language) or "", item["id"]))
        return json_answer(
            {
                "data": found[page * size : (page + 1) * size],
                "sivu": page,
                "sivuja": math.ceil(len(found) / size),
                "kokonaismäärä": len(found),
                "sivukoko": size,
            }
        )

    def document(_request: Request, peruste_id: int) -> Response:
        found = catalogue.peruste(peruste_id)
        return json_answer(found) if found is not None else json_answer({"syy": "Perustetta ei ole"}, 404)

    return [
        ("GET", f"{root}/perusteet", listing),
        ("GET", f"{root}/peruste/<int:peruste_id>", document),
        ("GET", f"{root}/osaamismerkit", lambda _request: json_answer(catalogue.osaamismerkit())),
    ]


def koodisto(catalogue: Catalogue) -> list[Route]:
    """Whole lists in one array, with or without relations."""
    root = "/koodisto-service/rest"

    def codes(_request: Request, code_list: str) -> Response:
        found = catalogue.codes(code_list)
        return json_answer(found) if found is not None else text_answer(f"No koodisto found: {code_list}", 404)

    def relations(_request: Request, code_list: str, version: int) -> Response:
        found = catalogue.code_relations(code_list)
        return json_answer(found) if found is not None else text_answer(f"No koodisto found: {code_list}/{version}", 404)

    return [
        ("GET", f"{root}/json/<code_list>/koodi", codes),
        ("GET", f"{root}/codeelement/codes/withrelations/<code_list>/<int:version>", relations),
    ]


def organisaatio(catalogue: Catalogue) -> list[Route]:
    """The organisation tree in one answer, and what changed since a moment."""
    root = "/organisaatio-service/api"

    def changed(request: Request) -> Response:
        since = request.args.get("lastModifiedSince", "")
        if not re.fullmatch(r"\d{4}-\d\d-\d\d( \d\d:\d\d)?", since):
            return json_answer({"errorMessage": "lastModifiedSince"}, 400)
        return json_answer({"oids": catalogue.organisations_changed(since)})

    return [
        ("GET", f"{root}/hierarkia/hae", lambda _request: json_answer(catalogue.organisations())),
        ("GET", f"{root}/muutetut/oid", changed),
    ]
