"""Makes the sandbox misbehave by plan: a YAML list of which requests go wrong, how, and how often.

faults:
  - name: the search is down for two requests
    system: opintopolku                       # one of SYSTEMS; without it `path` is the whole path
    path: /external/search/.*                 # regular expression over the path below the system's root
    query: page=2                             # regular expression searched for in the query string
    kind: status                              # one of FAULT_KINDS, which says what each does
    status: 503
    retry_after: 1
    after: 1                                  # let this many matching requests through first
    times: 2                                  # then spoil this many; without it, all

Of several faults that match a request the first that is due spoils it.
"""

from __future__ import annotations

import gzip
import io
import math
import os
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlencode

import numpy as np
import orjson
import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator, model_validator

from jod_pipelines.errors import SettingsError

SYSTEMS = {
    "opintopolku": "/konfo-backend",
    "eperusteet": "/eperusteet-service/api",
    "koodisto": "/koodisto-service/rest",
    "organisaatio": "/organisaatio-service/api",
    "vipunen": "/api/resources",
    "statfin": "/PxWeb/api/v1",
    "classifications": "/api/classifications/v2",
    "mylly": "/kipa",
    "mylly_v1": "/jobpostingprovider/v1",
    "login": "/tedigib2c.onmicrosoft.com",
    "esco": "/dam",
    "kela": "/data",
    "ptv": "/api/v11",
}
"""Where each system's paths begin."""

FAULT_KINDS = {
    "status": "answers `status`, with `text` as body and `retry_after` (seconds or an HTTP date) when given",
    "html": "an HTML page with status 200",
    "empty": "no body, with status 200",
    "body": "`text` as body, with status 200 and the real headers",
    "redirect": "sends the client to `location` with `status`",
    "header": "the real answer with `headers` set",
    "other": "the answer to the same request with the parameters in `params`: a page twice, a page that is not there",
    "truncate": "the body ends after `bytes` or `lines`, looking complete",
    "replace": "`count` matches of `pattern` in the body (0: all) become `replacement`, `asked` in the request `asked_as`",
    "edit": "the JSON value at `at` (such as hits.0.nimi, * for all) is changed by `change`",
    "bom": "a byte order mark comes first",
    "recode": "the body is in `charset` and says nothing of it",
    "mojibake": "the body went through Latin-1 once too often, and is valid UTF-8 again",
    "turn": "the dimensions of a json-stat2 answer come in reverse order, values and status with them",
    "gzip_cut": "a compressed body without its end",
    "gzip_broken": "a compressed body with spoiled bytes",
    "gzip_lie": "a body that is called compressed and is not",
    "length": "Content-Length differs from the body by `bytes`",
    "reset": "the connection is reset after `bytes` of the body",
    "close": "the connection is closed after `bytes` of the body",
    "slow": "`seconds` between parts of `bytes` of the body",
    "wait": "`seconds` before the first byte of the answer",
    "hang": "no answer; the connection is closed after `seconds`",
    "garbage": "something that is not HTTP",
}
Change = Literal["set", "drop", "text", "number", "rename", "copy", "repeat", "first", "shift"]
"""set: to `value`. drop: gone. text, number: the same as a string or a number. rename: the key becomes `value`. copy: it
stands under the key `value` too. repeat: a list's last item comes twice. first: of a list only the first `value` items.
shift: a row's values stand under the names of their neighbours."""


class Fault(BaseModel):
    """One entry of the plan."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    name: str = ""
    system: str | None = None
    path: str = ".*"
    query: str = ""
    method: str | None = None
    times: int | None = None
    after: int = 0
    status: int = 503
    retry_after: int | str | None = None
    location: str = ""
    headers: dict[str, str] = {}
    params: dict[str, str] = {}
    text: str = "fault by plan"
    content_type: str | None = None
    bytes: int = 200
    lines: int | None = None
    seconds: float = 0.05
    pattern: str = ""
    replacement: str = ""
    count: int = 1
    asked: str = ""
    asked_as: str = ""
    at: str = ""
    change: Change = "set"
    value: Any = None
    charset: str = "iso-8859-15"

    @field_validator("path", "query", "pattern", "asked")
    @classmethod
    def _is_expression(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"{value!r} is not a regular expression: {error}") from None
        return value

    @model_validator(mode="after")
    def _names_are_known(self) -> Fault:
        if self.kind not in FAULT_KINDS:
            raise ValueError(f"kind {self.kind!r}: use one of {', '.join(FAULT_KINDS)}")
        if self.system is not None and self.system not in SYSTEMS:
            raise ValueError(f"system {self.system!r}: use one of {', '.join(SYSTEMS)}")
        return self

    def matches(self, environ: dict[str, Any]) -> bool:
        """Whether a request is one this fault is about."""
        root = re.escape(SYSTEMS[self.system]) if self.system else ""
        return (
            self.method in (None, environ["REQUEST_METHOD"])
            and re.fullmatch(f"{root}(?:{self.path})", environ["PATH_INFO"]) is not None
            and re.search(self.query, environ.get("QUERY_STRING", "")) is not None
        )


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


@dataclass(frozen=True)
class _Answer:
    status: str
    headers: dict[str, str]
    body: bytes


class FaultyApp:
    """WSGI middleware that makes an application misbehave by plan."""

    def __init__(self, app: Any, faults: list[Fault]) -> None:
        self._app = app
        self._faults = faults
        self._seen = [0] * len(faults)
        self._lock = threading.Lock()
        self.spoiled = 0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """One request, spoiled when a fault is due."""
        fault = self._due(environ)
        if fault is None:
            return self._app(environ, start_response)  # type: ignore[no-any-return]
        if fault.kind in _INSTEAD:
            answer = _INSTEAD[fault.kind](fault)
        else:
            if fault.kind == "other":
                environ = {**environ, "QUERY_STRING": _with_params(environ["QUERY_STRING"], fault.params)}
            if fault.asked:
                environ = _asked_differently(fault, environ)
            answer = _whole_answer(self._app, environ)
            if fault.kind in _CHANGES:
                answer = _CHANGES[fault.kind](fault, answer)
        if fault.kind in _ON_THE_WIRE:
            return _misbehave(fault, answer, environ, start_response)
        headers = answer.headers if fault.kind == "slow" else {**answer.headers, "Content-Length": str(len(answer.body))}
        start_response(answer.status, list(headers.items()))
        return _dripping(fault, answer.body) if fault.kind == "slow" else [answer.body]

    def _due(self, environ: dict[str, Any]) -> Fault | None:
        for number, fault in enumerate(self._faults):
            if not fault.matches(environ):
                continue
            with self._lock:
                self._seen[number] += 1
                turn = self._seen[number]
                if turn > fault.after and (fault.times is None or turn <= fault.after + fault.times):
                    self.spoiled += 1
                    return fault
        return None


def _asked_differently(fault: Fault, environ: dict[str, Any]) -> dict[str, Any]:
    asked = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    body = re.sub(fault.asked.encode(), fault.asked_as.encode(), asked)
    return {**environ, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}


def _whole_answer(app: Any, environ: dict[str, Any]) -> _Answer:
    answered: dict[str, Any] = {}

    def remember(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        answered.update(status=status, headers=headers)
        return lambda _data: None

    body = b"".join(app(environ, remember))
    headers = {name: value for name, value in answered["headers"] if name.lower() != "content-length"}
    return _Answer(answered["status"], headers, body)


def _status(fault: Fault) -> _Answer:
    headers = {"Content-Type": fault.content_type or "text/plain"}
    if fault.retry_after is not None:
        headers["Retry-After"] = str(fault.retry_after)
    return _Answer(f"{fault.status} Fault", headers, fault.text.encode())


def _html(_fault: Fault) -> _Answer:
    page = b"<!DOCTYPE html><html><body><h1>Maintenance</h1></body></html>"
    return _Answer("200 OK", {"Content-Type": "text/html"}, page)


def _redirect(fault: Fault) -> _Answer:
    status = fault.status if 300 <= fault.status < 400 else 302
    return _Answer(f"{status} Elsewhere", {"Location": fault.location, "Content-Type": "text/plain"}, b"")


_INSTEAD: dict[str, Callable[[Fault], _Answer]] = {
    "status": _status,
    "html": _html,
    "empty": lambda _fault: _Answer("200 OK", {"Content-Type": "application/json"}, b""),
    "redirect": _redirect,
}


def _truncate(fault: Fault, answer: _Answer) -> _Answer:
    if fault.lines is None:
        return replace(answer, body=answer.body[: fault.bytes])
    return replace(answer, body=b"".join(answer.body.splitlines(keepends=True)[: fault.lines]))


def _edit(fault: Fault, answer: _Answer) -> _Answer:
    document = orjson.loads(answer.body)
    *parents, last = fault.at.split(".")
    for holder in _holders(document, parents):
        for key in _keys(holder, last):
            _change(fault, holder, key)
    return replace(answer, body=orjson.dumps(document))


def _holders(value: Any, steps: list[str]) -> list[Any]:
    found = [value]
    for step in steps:
        found = [holder[key] for holder in found for key in _keys(holder, step)]
    return found


def _keys(holder: Any, step: str) -> list[Any]:
    if isinstance(holder, list):
        return list(range(len(holder))) if step == "*" else [int(step)] if int(step) < len(holder) else []
    return list(holder) if step == "*" else [step] if isinstance(holder, dict) and step in holder else []


def _change(fault: Fault, holder: Any, key: Any) -> None:
    value = holder[key]
    if fault.change == "set":
        holder[key] = fault.value
    elif fault.change == "drop":
        del holder[key]
    elif fault.change == "text":
        holder[key] = str(value)
    elif fault.change == "number":
        holder[key] = float(value)
    elif fault.change == "rename":
        holder[fault.value] = holder.pop(key)
    elif fault.change == "copy":
        holder[fault.value] = value
    elif fault.change == "repeat":
        holder[key] = [*value, *value[-1:]]
    elif fault.change == "first":
        holder[key] = value[: fault.value]
    elif fault.change == "shift":
        names, values = list(value), list(value.values())
        holder[key] = dict(zip(names, [*values[1:], values[0]], strict=True))


def _turn(_fault: Fault, answer: _Answer) -> _Answer:
    document = orjson.loads(answer.body)
    size = document["size"]
    order = np.arange(math.prod(size)).reshape(size).transpose().ravel().tolist()
    status = document.get("status", {})
    turned = {
        **document,
        "id": document["id"][::-1],
        "size": size[::-1],
        "value": [document["value"][old] for old in order],
        "status": {str(new): status[str(old)] for new, old in enumerate(order) if str(old) in status},
    }
    return replace(answer, body=orjson.dumps(turned))


def _compressed(change: Callable[[bytes], bytes]) -> Callable[[Fault, _Answer], _Answer]:
    def apply(_fault: Fault, answer: _Answer) -> _Answer:
        return replace(answer, headers={**answer.headers, "Content-Encoding": "gzip"}, body=change(answer.body))

    return apply


def _spoiled(body: bytes) -> bytes:
    packed = bytearray(gzip.compress(body))
    middle = len(packed) // 2
    packed[middle : middle + 8] = bytes(byte ^ 0xFF for byte in packed[middle : middle + 8])
    return bytes(packed)


def _gzip_cut(fault: Fault, answer: _Answer) -> _Answer:
    packed = gzip.compress(answer.body)
    return replace(
        answer, headers={**answer.headers, "Content-Encoding": "gzip"}, body=packed[: -min(fault.bytes, len(packed) // 2)]
    )


_CHANGES: dict[str, Callable[[Fault, _Answer], _Answer]] = {
    "body": lambda fault, answer: replace(answer, body=fault.text.encode()),
    "header": lambda fault, answer: replace(answer, headers={**answer.headers, **fault.headers}),
    "truncate": _truncate,
    "replace": lambda fault, answer: replace(
        answer, body=re.sub(fault.pattern.encode(), fault.replacement.encode(), answer.body, count=fault.count)
    ),
    "edit": _edit,
    "bom": lambda _fault, answer: replace(answer, body=b"\xef\xbb\xbf" + answer.body),
    "recode": lambda fault, answer: replace(answer, body=answer.body.decode().encode(fault.charset, "replace")),
    "mojibake": lambda _fault, answer: replace(answer, body=answer.body.decode("latin-1").encode()),
    "turn": _turn,
    "gzip_cut": _gzip_cut,
    "gzip_broken": _compressed(_spoiled),
    "gzip_lie": _compressed(lambda body: body),
}
_ON_THE_WIRE = ("length", "reset", "close", "wait", "hang", "garbage")


def _misbehave(fault: Fault, answer: _Answer, environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
    """Faults of the connection itself; without a socket (in-process) it only breaks."""
    if fault.kind in ("wait", "hang"):
        time.sleep(fault.seconds)
    if fault.kind == "wait":
        start_response(answer.status, [*answer.headers.items(), ("Content-Length", str(len(answer.body)))])
        yield answer.body
        return
    announced = len(answer.body) + (fault.bytes if fault.kind == "length" else 0)
    sent = answer.body[: fault.bytes] if fault.kind in ("reset", "close") else answer.body
    connection: socket.socket | None = environ.get("werkzeug.socket")
    if connection is None:
        start_response(answer.status, list(answer.headers.items()))
        if fault.kind in ("reset", "close", "length"):
            yield sent
        raise ConnectionResetError("broken by plan")
    if fault.kind == "garbage":
        connection.sendall(b"220 mail.example.invalid ESMTP\r\n")
    elif fault.kind != "hang":
        head = [f"HTTP/1.1 {answer.status}", *(f"{name}: {value}" for name, value in answer.headers.items())]
        connection.sendall("\r\n".join([*head, f"Content-Length: {announced}", "", ""]).encode() + sent)
    if fault.kind == "reset":
        time.sleep(0.01)  # what was sent arrives before the reset throws it away
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(connection.detach())
    else:
        connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionResetError("broken by plan")


def _dripping(fault: Fault, body: bytes) -> Iterator[bytes]:
    for start, end in pairwise([*range(0, len(body), max(1, fault.bytes)), len(body)]):
        time.sleep(fault.seconds)
        yield body[start:end]


def _with_params(query: str, params: dict[str, str]) -> str:
    kept = [part for part in query.split("&") if part and part.split("=")[0] not in params]
    return "&".join([*kept, urlencode(params)])
