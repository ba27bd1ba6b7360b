"""The sandbox over real sockets, on this machine only."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from jod_pipelines.errors import JodError
from jod_pipelines.sandbox import sandbox_app
from jod_pipelines.sandbox.truth import write_truth
from jod_pipelines.settings import Settings

HOST = "127.0.0.1"


class Handler(WSGIRequestHandler):
    """Keeps connections open as the real systems do."""

    protocol_version = "HTTP/1.1"

    def handle(self) -> None:
        """A fault plan may have taken the connection away."""
        with contextlib.suppress(OSError, ValueError):
            super().handle()

    def finish(self) -> None:
        """As `handle`."""
        with contextlib.suppress(OSError, ValueError):
            super().finish()

    def log_request(self, *_: object) -> None:
        """A crawl makes thousands of requests; they are not news."""


def make_sandbox_server(settings: Settings, port: int, truth: Path | None = None) -> BaseWSGIServer:
    """A server for the world of these settings, ready for `serve_forever`; port 0 takes a free one.

    Args:
        truth: write the planted truth into this folder.

    Raises:
        JodError: the port is taken.
    """
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    app, world = sandbox_app(settings)
    if truth is not None:
        write_truth(world, truth)
    try:
        return make_server(HOST, port, app, threaded=True, request_handler=Handler)
    except (OSError, SystemExit) as error:
        raise JodError(f"port {port} on {HOST} is taken; choose another with --port", str(error)) from None


def serve(settings: Settings, port: int, truth: Path | None) -> None:
    """Serve until interrupted."""
    server = make_sandbox_server(settings, port, truth)
    address = f"http://{HOST}:{server.server_port}"
    print(f"sandbox ({settings.scale}, seed {settings.seed}) serves {address}", flush=True)
    print(f"try: JOD_SANDBOX_URL={address} jod run", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print("stopped")
    finally:
        server.server_close()
