"""One platform: settings and the rooms that keep things, put together.

Everything that needs a place to read or write gets it from here, so that tests, the command line and Dagster run the
same code on the same layout.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import httpx
from pydantic import SecretStr

from jod_pipelines.landing.archive import Archive, remove_leftovers
from jod_pipelines.settings import Settings
from jod_pipelines.sources.credentials import LOGIN_PATH, SCOPE, ClientCredentials
from jod_pipelines.sources.http import PoliteClient
from jod_pipelines.state import State


class Platform:
    """The layout of a home folder (design §4.2) and the connections out of it.

    Args:
        settings: the configuration of the run.
        transport: where HTTP goes instead of where the settings say; for tests.
    """

    def __init__(self, settings: Settings, transport: httpx.BaseTransport | None = None) -> None:
        self.settings = settings
        self.home = settings.home.resolve()
        self.archive = Archive(self.home / "landing")
        self.state = State(self.home / "state")
        self._given_transport = transport
        self._clients: dict[str, PoliteClient] = {}

    @property
    def warehouse_folder(self) -> Path:
        """Where the warehouse is built and served."""
        return self.home / "warehouse"

    @property
    def models_folder(self) -> Path:
        """Where fitted models and their cards are kept."""
        return self.home / "models"

    @property
    def releases_folder(self) -> Path:
        """Where immutable releases are."""
        return self.home / "releases"

    @property
    def truth_folder(self) -> Path:
        """Where the sandbox writes its planted truth; only evaluation reads it."""
        return self.home / "sandbox" / "truth"

    def tidy(self) -> None:
        """Remove what a killed process left half-written."""
        if self.home.exists():
            remove_leftovers(self.home)

    def client(self, system: str) -> PoliteClient:
        """The client of a source system, one per system so that its pace holds across resources."""
        if system not in self._clients:
            headers = {}
            if system == "tyomarkkinatori" and self.settings.postings_key:
                headers["KIPA-Subscription-Key"] = self.settings.postings_key.get_secret_value()
            self._clients[system] = PoliteClient(
                self.settings.base_url(system),
                self.settings.http,
                headers=headers,
                auth=self._credentials() if system == "tyomarkkinatori_v1" else None,
                transport=self.transport,
            )
        return self._clients[system]

    def _credentials(self) -> ClientCredentials:
        """The V1 postings interface's; the sandbox takes any."""
        client_id, secret = self.settings.postings_client_id, self.settings.postings_client_secret
        any_value = SecretStr("sandbox" if self.settings.sources == "sandbox" else "")
        url = self.settings.base_url("tyomarkkinatori_login") + LOGIN_PATH
        return ClientCredentials(url, client_id or any_value, secret or any_value, SCOPE)

    @cached_property
    def transport(self) -> httpx.BaseTransport | None:
        """What stands in for the network: the in-process sandbox, recordings, or nothing."""
        if self._given_transport is not None:
            return self._given_transport
        if self.settings.sources == "recorded":
            from jod_pipelines.sandbox.recordings import recorded_transport

            assert self.settings.recorded is not None
            return recorded_transport(self.settings.recorded)
        if self.settings.sources == "sandbox" and self.settings.sandbox_url is None:
            from jod_pipelines.sandbox import in_process_transport

            return in_process_transport(self.settings, self.truth_folder)
        return None
