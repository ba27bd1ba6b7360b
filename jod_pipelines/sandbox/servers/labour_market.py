"""Job postings V2 and the ESCO download."""

from __future__ import annotations

from collections.abc import Iterator

from werkzeug.wrappers import Request, Response

from jod_pipelines.sandbox.catalogue import Catalogue
from jod_pipelines.sandbox.servers.wire import Route, json_answer


def job_postings(catalogue: Catalogue) -> list[Route]:
    """A POST query answered as NDJSON without paging, total or end mark."""

    def search(request: Request) -> Response:
        filters = request.get_json(silent=True)
        if not isinstance(filters, dict):
            return json_answer({"status": 400, "virheviesti": "body must be a JSON object"}, 400)
        status = filters.get("onlyStatus", "PUBLISHED")
        if status not in ("PUBLISHED", "ARCHIVED"):
            return json_answer({"status": 400, "virheviesti": f"onlyStatus: {status}"}, 400)
        since = (filters.get("modified") or {}).get("from") or ""
        lines = catalogue.postings(status, since)
        first = next(lines, None)

        def body() -> Iterator[bytes]:
            if first is not None:
                yield first + b"\n"
            for line in lines:
                yield line + b"\n"

        return Response(body(), content_type="application/x-ndjson")

    return [("POST", "/kipa/p67/v2/jobpostings", search)]


def esco(catalogue: Catalogue) -> list[Route]:
    """The download pack, at the path of FINESCO's."""
    return [
        (
            "GET",
            "/dam/<folder>/definitions.zip",
            lambda _request, folder: Response(catalogue.esco_pack(), content_type="application/zip"),
        )
    ]
