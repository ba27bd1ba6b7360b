"""A synthetic Finland with planted truth, and servers that speak the sources' real wire formats."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from jod_pipelines.sandbox.faults import FaultyApp, read_faults
from jod_pipelines.sandbox.servers.app import SourcesApp
from jod_pipelines.sandbox.synthetic import SyntheticCatalogue
from jod_pipelines.sandbox.truth import write_truth
from jod_pipelines.sandbox.world import World, sizes_of
from jod_pipelines.settings import Settings


class InProcessTransport(httpx.WSGITransport):
    """Answers from an application in this process; a connection it breaks looks like one broken on the network."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """See httpx."""
        try:
            response = super().handle_request(request)
        except ConnectionError as error:
            raise httpx.ReadError(str(error)) from error
        assert isinstance(response.stream, httpx.SyncByteStream)
        return httpx.Response(response.status_code, headers=response.headers, stream=_Breakable(response.stream), request=request)


class _Breakable(httpx.SyncByteStream):
    def __init__(self, stream: httpx.SyncByteStream) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._stream
        except ConnectionError as error:
            raise httpx.ReadError(str(error)) from error

    def close(self) -> None:
        self._stream.close()


def build_world(settings: Settings) -> World:
    """The world of these settings."""
    return World(settings.seed, sizes_of(settings.postings), settings.esco_folder)


def sandbox_app(settings: Settings) -> tuple[Any, World]:
    """The sources as a WSGI application, faults included, and the world behind them."""
    world = build_world(settings)
    app: Any = SourcesApp(SyntheticCatalogue(world))
    if settings.sandbox_faults is not None:
        app = FaultyApp(app, read_faults(settings.sandbox_faults))
    return app, world


def in_process_transport(settings: Settings, truth_folder: Path) -> InProcessTransport:
    """An HTTP transport that answers from the world without a network; writes the planted truth once."""
    app, world = sandbox_app(settings)
    stamp = truth_folder / f"seed{settings.seed}-{settings.scale}"
    if not stamp.exists():
        write_truth(world, truth_folder)
        stamp.touch()
    return InProcessTransport(app=app)
