"""Job postings V2 and V1, and the ESCO download."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime

import orjson
from werkzeug.wrappers import Request, Response

from jod_pipelines.sandbox.catalogue import Catalogue
from jod_pipelines.sandbox.postings import in_v1
from jod_pipelines.sandbox.servers.wire import Route, integer, json_answer

BEARER = "sandbox-token"


def job_postings(catalogue: Catalogue) -> list[Route]:
    """A POST query answered as NDJSON without paging, total or end mark."""

    def search(request: Request) -> Response:
        filters = request.get_json(silent=True)
        if not isinstance(filters, dict):
            return json_answer({"status": 400, "virheviesti": "body must be a JSON object"}, 400)
        status = filters.get("onlyStatus", "PUBLISHED")
        if status not in ("PUBLISHED", "ARCHIVED"):
            return json_answer({"status": 400, "virheviesti": f"onlyStatus: {status}"}, 400)
        modified, archived = ((filters.get(name) or {}).get("from") or "" for name in ("modified", "archived"))
        lines = catalogue.postings(status, modified, archived)
        first = next(lines, None)

        def body() -> Iterator[bytes]:
            if first is not None:
                yield first + b"\n"
            for line in lines:
                yield line + b"\n"

        return Response(body(), content_type="application/x-ndjson")

    def change(request: Request, posting_id: str) -> Response:
        at = datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
        catalogue.change_posting(posting_id, {"at": at, **request.get_json()})
        return json_answer({"id": posting_id, "at": at})

    return [("POST", "/kipa/p67/v2/jobpostings", search), ("POST", "/sandbox/postings/<posting_id>", change)]


def job_postings_v1(catalogue: Catalogue) -> list[Route]:
    """Tokens for client credentials, and the postings in pages that say how many they hold themselves."""

    def token(request: Request) -> Response:
        asked = request.form
        if asked.get("grant_type") != "client_credentials" or not (asked.get("client_id") and asked.get("client_secret")):
            return json_answer({"error": "invalid_client", "error_description": f"client {asked.get('client_id')}"}, 400)
        return json_answer({"access_token": BEARER, "token_type": "Bearer", "expires_in": 3600})

    def page(request: Request) -> Response:
        if request.headers.get("Authorization") != f"Bearer {BEARER}":
            return Response(status=401)
        number, size = integer(request, "sivu", -1), integer(request, "maara", -1)
        if number < 0 or not 100 <= size <= 500:
            return json_answer({"status": 400, "virheviesti": "sivu >= 0, maara 100-500", "virheviestit": []}, 400)
        lines = itertools.islice(catalogue.postings("PUBLISHED"), number * size, (number + 1) * size)
        found = [in_v1(orjson.loads(line)) for line in lines]
        paging = {"sivu": number, "maara": size}
        return json_answer({"ilmoituksienMaara": len(found), "Ilmoitukset": found, "sivutus": paging})

    return [
        ("POST", "/tedigib2c.onmicrosoft.com/B2C_1A_SIGNIN/oauth2/v2.0/token", token),
        ("GET", "/jobpostingprovider/v1/tyopaikat", page),
    ]


def esco(catalogue: Catalogue) -> list[Route]:
    """The download pack, at the path of FINESCO's."""
    return [
        (
            "GET",
            "/dam/<folder>/definitions.zip",
            lambda _request, folder: Response(catalogue.esco_pack(), content_type="application/zip"),
        )
    ]
