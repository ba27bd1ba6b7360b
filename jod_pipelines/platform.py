"""One platform: settings and the rooms that keep things, put together.

Everything that needs a place to read or write gets it from here, so that tests, the command line and Dagster run the
same code on the same layout.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import httpx
from pydantic import SecretStr

from jod_pipelines.errors import JodError, SettingsError
from jod_pipelines.landing.archive import Archive, remove_leftovers, write_atomically
from jod_pipelines.quality import QualityLog
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
        landing = settings.home.resolve() / "landing"
        self.home = settings.home.resolve()
        if settings.replay is not None:  # a home of its own inside: nothing that serves is touched
            self.home = self.replays_folder / re.sub(r"[^0-9A-Za-z-]", "-", settings.replay)
        self.archive = Archive(landing, self.home / "landing" if settings.replay is not None else None)
        self.state = State(self.home / "state")
        self.quality = QualityLog(self.home / "quality")
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
    def replays_folder(self) -> Path:
        """Where homes of replays are; all of it can be made again."""
        return self.settings.home.resolve() / "replays"

    @property
    def truth_folder(self) -> Path:
        """Where the sandbox writes its planted truth; only evaluation reads it."""
        return self.settings.home.resolve() / "sandbox" / "truth"

    def claim(self) -> None:
        """Make this home one of the current sources, for good: mixed, synthetic data would pass for real.

        A sandbox home also belongs to one synthetic country, or postings of one would be judged by the planted truth of another.

        Raises:
            SettingsError: it holds data of other sources, or cannot be written.
        """
        mark, asked = self.home / "sources", self._world()
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            held = mark.read_text("utf-8").splitlines() if mark.exists() else []
            if asked[: len(held)] == held and asked != held:
                write_atomically(mark, "\n".join(asked).encode())
        except OSError as error:
            raise SettingsError(f"home {self.home} cannot be written: {error.strerror}; choose another with --home") from None
        for ours, theirs in zip(asked, held, strict=False):
            if ours != theirs:
                raise SettingsError(
                    f"home {self.home} holds data of sources {theirs}; sources {ours} need a home of their own: --home DIR"
                )

    def _world(self) -> list[str]:
        """The mode of sources, and the synthetic country when it is made in this process."""
        settings = self.settings
        if settings.sources != "sandbox" or settings.sandbox_url is not None:
            return [settings.sources]
        return [settings.sources, f"sandbox with seed {settings.seed} and {settings.postings} postings"]

    @contextmanager
    def only_run(self) -> Iterator[None]:
        """Keep other runs out of this home while the block lasts; the lock goes with the process.

        Raises:
            JodError: another run has it.
        """
        with (self.home / "lock").open("a+", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                raise JodError(f"process {file.read().strip()} is running in {self.home}; wait for it to end") from None
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield

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
