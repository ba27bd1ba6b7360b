"""Opintopolku's konfo external API, ePerusteet, Koodisto and Organisaatio."""

from __future__ import annotations

import math
from typing import Any

from werkzeug.wrappers import Request, Response

from jod_pipelines.sandbox.catalogue import Catalogue
from jod_pipelines.sandbox.servers.wire import Route, integer, json_answer, text_answer

SEARCH_SIZE_CAP = 200
PERUSTE_SIZE_CAP = 50


def konfo(catalogue: Catalogue) -> list[Route]:
    """Search with 1-based pages, a silent size cap and a total that counts what it leaves out; details by OID."""

    def search(request: Request) -> Response:
        page, size = max(1, integer(request, "page", 1)), min(SEARCH_SIZE_CAP, max(0, integer(request, "size", 20)))
        if 0 < len(request.args.get("keyword", "long enough")) < 3:
            return text_answer("Hakusana on liian lyhyt", 400)
        found = catalogue.search_hits()
        window = found[(page - 1) * size : page * size]
        return json_answer({"total": len(found), "hits": [hit for hit in window if hit["toteutukset"]]})

    def document(kind: str) -> Any:
        def one(_request: Request, oid: str) -> Response:
            found = getattr(catalogue, kind)(oid)
            return json_answer(found) if found is not None else text_answer("Not found", 404)

        return one

    return [
        ("GET", "/konfo-backend/external/search/toteutukset-koulutuksittain", search),
        ("GET", "/konfo-backend/external/koulutus/<oid>", document("koulutus")),
        ("GET", "/konfo-backend/external/toteutus/<oid>", document("toteutus")),
    ]


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
    """The organisation tree in one answer."""
    return [("GET", "/organisaatio-service/api/hierarkia/hae", lambda _request: json_answer(catalogue.organisations()))]
