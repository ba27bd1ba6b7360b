"""All sources behind one WSGI application: their real paths do not collide, so one root address serves for all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from jod_pipelines.sandbox.catalogue import Catalogue, NothingHere
from jod_pipelines.sandbox.servers.education import eperusteet, konfo, koodisto, organisaatio
from jod_pipelines.sandbox.servers.labour_market import esco, job_postings, job_postings_v1
from jod_pipelines.sandbox.servers.services import ckan, ptv
from jod_pipelines.sandbox.servers.statistics import classifications, pxweb, vipunen
from jod_pipelines.sandbox.servers.wire import text_answer

SYSTEMS = (
    konfo,
    eperusteet,
    koodisto,
    organisaatio,
    vipunen,
    pxweb,
    job_postings,
    job_postings_v1,
    esco,
    ckan,
    ptv,
    classifications,
)
NOTHING_HERE = 501


class SourcesApp:
    """WSGI application over a catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        routes = [route for system in SYSTEMS for route in system(catalogue)]
        self._handlers = {str(number): handler for number, (_, _, handler) in enumerate(routes)}
        self._map = Map(
            [Rule(path, endpoint=str(number), methods=[method]) for number, (method, path, _) in enumerate(routes)],
            strict_slashes=False,
        )

    def respond(self, request: Request) -> Response:
        """The answer to one request."""
        try:
            endpoint, values = self._map.bind_to_environ(request.environ).match()
            return self._handlers[endpoint](request, **values)
        except NothingHere as nothing:
            return text_answer(str(nothing), NOTHING_HERE, "text/plain; charset=utf-8")
        except HTTPException as error:
            return text_answer(error.description or error.name, error.code or 500, "text/plain; charset=utf-8")

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """WSGI."""
        answer: Iterable[bytes] = self.respond(Request(environ))(environ, start_response)
        return answer
