"""The catalogue avoindata.suomi.fi with Kela's files, and the service register PTV v11."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Request, Response

from jod_pipelines.sandbox.catalogue import Catalogue
from jod_pipelines.sandbox.servers.wire import Route, integer, json_answer, text_answer

PTV_PAGE, PTV_GUIDS = 1000, 100


def ckan(catalogue: Catalogue) -> list[Route]:
    """Search by text, and files at absolute addresses."""

    def search(request: Request) -> Response:
        if "q" not in request.args:
            return json_answer({"success": False, "error": {"__type": "Validation Error", "q": ["missing"]}}, 409)
        found = catalogue.open_data_packages(request.host_url.rstrip("/"))
        return json_answer({"success": True, "result": {"count": len(found), "results": found[: integer(request, "rows", 10)]}})

    def download(_request: Request, dataset: str, name: str) -> Response:
        body = catalogue.open_data_file(dataset, name)
        if body is None:
            return text_answer("Not found", 404, "text/html")
        return Response(body, content_type="application/json" if name.endswith(".json") else "text/csv")

    return [
        ("GET", "/data/fi/api/3/action/package_search", search),
        ("GET", "/data/dataset/<dataset>/download/<name>", download),
    ]


def ptv(catalogue: Catalogue) -> list[Route]:
    """Lists of ids in fixed pages, details by id or by at most 100 ids.

    Archived items stay in the lists for a while, but have no details. Opening hours come in another order on every read.
    """
    server = _Ptv(catalogue)
    root = "/api/v11"
    return [
        ("GET", f"{root}/Service/serviceClass", server.by_class),
        ("GET", f"{root}/Service/list", lambda request: server.details(request, "Service")),
        ("GET", f"{root}/Service/<guid>", lambda request, guid: server.detail(request, "Service", guid)),
        ("GET", f"{root}/ServiceChannel/list", lambda request: server.details(request, "ServiceChannel")),
        ("GET", f"{root}/ServiceChannel/<guid>", lambda request, guid: server.detail(request, "ServiceChannel", guid)),
    ]


class _Ptv:
    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._reads = 0

    def by_class(self, request: Request) -> Response:
        if (refusal := self._refusal(request)) is not None:
            return refusal
        uri, since, page = request.args.get("uri"), request.args.get("date", ""), integer(request, "page", 1)
        if not uri:
            return json_answer({"Uri": ["The Uri field is required."]}, 400)
        found = [
            {"id": item["id"], "name": item["serviceNames"][0]["value"]}
            for item in self._catalogue.ptv_items("Service").values()
            if uri in (c["uri"] for c in item["serviceClasses"]) and item["modified"] >= since
        ]
        window = found[(page - 1) * PTV_PAGE : page * PTV_PAGE]
        count = -(-len(found) // PTV_PAGE)
        return json_answer({"pageNumber": page, "pageSize": PTV_PAGE, "pageCount": count, "itemList": window or None})

    def details(self, request: Request, kind: str) -> Response:
        if (refusal := self._refusal(request)) is not None:
            return refusal
        guids = [guid for guid in request.args.get("guids", "").split(",") if guid]
        if not 0 < len(guids) <= PTV_GUIDS:
            return json_answer({"Guids": [f"The field Guids must hold 1 to {PTV_GUIDS} ids."]}, 400)
        items = self._catalogue.ptv_items(kind)
        found = [self._read(items[guid]) for guid in guids if guid in items and items[guid]["publishingStatus"] == "Published"]
        return json_answer(found) if found else json_answer({"errorMessage": "Not found"}, 404)

    def detail(self, request: Request, kind: str, guid: str) -> Response:
        if (refusal := self._refusal(request)) is not None:
            return refusal
        item = self._catalogue.ptv_items(kind).get(guid)
        if item is None or item["publishingStatus"] != "Published":
            return json_answer({"errorMessage": f"{kind} with id '{guid}' not found."}, 404)
        return json_answer(self._read(item))

    def _read(self, item: dict[str, Any]) -> dict[str, Any]:
        self._reads += 1
        if not item.get("serviceHours"):
            return item
        turn = self._reads % len(item["serviceHours"])
        return {**item, "serviceHours": item["serviceHours"][turn:] + item["serviceHours"][:turn]}

    @staticmethod
    def _refusal(request: Request) -> Response | None:
        if "Authorization" in request.headers:
            return json_answer({"errorMessage": "An error occurred. Trace id: 00-0000"}, 500)
        return None
