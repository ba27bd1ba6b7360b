"""Makes the sandbox misbehave by plan: a YAML list of which requests go wrong, how, and how often.

faults:
  - path: /konfo-backend/external/search/.*   # regular expression over the whole path
    kind: status                              # see FaultKind
    status: 503
    retry_after: 1
    times: 2                                  # this many matching requests; without it, all
    after: 1                                  # let this many through first
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from jod_pipelines.errors import SettingsError

FaultKind = Literal["status", "html", "truncate", "reset", "slow", "empty", "replace"]
"""status: that status. html: an HTML page with 200. truncate: the body ends after `bytes`, looking complete.
reset: the connection breaks after `bytes`. slow: `seconds` between chunks. empty: no body. replace: `pattern` in the
body becomes `replacement`."""


class Fault(BaseModel):
    """One line of the plan."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str
    kind: FaultKind
    method: str | None = None
    times: int | None = None
    after: int = 0
    status: int = 503
    retry_after: int | None = None
    bytes: int = 200
    seconds: float = 0.05
    pattern: str = ""
    replacement: str = ""

    @field_validator("path", "pattern")
    @classmethod
    def _is_expression(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"{value!r} is not a regular expression: {error}") from None
        return value


def read_faults(path: Path) -> list[Fault]:
    """The plan in a file.

    Raises:
        SettingsError: the file is not a fault plan.
    """
    try:
        plan = yaml.safe_load(path.read_text("utf-8")) or {}
        return [Fault(**item) for item in plan.get("faults", [])]
    except (OSError, yaml.YAMLError, ValidationError, TypeError, AttributeError) as error:
        raise SettingsError(f"{path} is not a fault plan; see jod_pipelines/sandbox/faults.py", str(error)) from None


class FaultyApp:
    """WSGI middleware that makes an application misbehave by plan."""

    def __init__(self, app: Any, faults: list[Fault]) -> None:
        self._app = app
        self._faults = faults
        self._seen = [0] * len(faults)
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """One request, spoiled when a fault is due."""
        fault = self._due(environ)
        if fault is None:
            return self._app(environ, start_response)  # type: ignore[no-any-return]
        if fault.kind == "status":
            headers = [("Content-Type", "text/plain")]
            if fault.retry_after is not None:
                headers.append(("Retry-After", str(fault.retry_after)))
            start_response(f"{fault.status} Fault", headers)
            return [b"fault by plan"]
        if fault.kind == "html":
            start_response("200 OK", [("Content-Type", "text/html")])
            return [b"<!DOCTYPE html><html><body><h1>Maintenance</h1></body></html>"]
        if fault.kind == "empty":
            start_response("200 OK", [("Content-Type", "application/json")])
            return [b""]
        return self._changed(fault, environ, start_response)

    def _changed(self, fault: Fault, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        answered: dict[str, Any] = {}

        def remember(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            answered.update(status=status, headers=headers)
            return lambda _data: None

        body = b"".join(self._app(environ, remember))
        headers = [(name, value) for name, value in answered["headers"] if name.lower() != "content-length"]
        if fault.kind == "replace":
            body = re.sub(fault.pattern.encode(), fault.replacement.encode(), body, count=1)
        if fault.kind == "reset":
            headers.append(("Content-Length", str(len(body))))
        start_response(answered["status"], headers)
        return _sent(fault, body)

    def _due(self, environ: dict[str, Any]) -> Fault | None:
        for number, fault in enumerate(self._faults):
            if fault.method and fault.method != environ["REQUEST_METHOD"]:
                continue
            if not re.fullmatch(fault.path, environ["PATH_INFO"]):
                continue
            with self._lock:
                self._seen[number] += 1
                turn = self._seen[number]
            if turn > fault.after and (fault.times is None or turn <= fault.after + fault.times):
                return fault
        return None


def _sent(fault: Fault, body: bytes) -> Iterator[bytes]:
    if fault.kind == "truncate":
        yield body[: fault.bytes]
    elif fault.kind == "reset":
        yield body[: fault.bytes]
        raise ConnectionResetError("broken by plan")
    elif fault.kind == "slow":
        for start in range(0, len(body), 4096):
            time.sleep(fault.seconds)
            yield body[start : start + 4096]
    else:
        yield body
