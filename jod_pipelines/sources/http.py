"""One polite HTTP client for every source.

Sends Caller-Id, waits between requests, retries only what may heal (408, 429, 5xx, broken connections), obeys
Retry-After, and never hands on a body that was cut short or is not what was asked for.
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson
import tenacity

from jod_pipelines import __version__
from jod_pipelines.errors import SourceError, SourceSkipped
from jod_pipelines.settings import HttpSettings

RETRIED_STATUS = frozenset({408, 429, 500, 502, 503, 504})
NOTHING_HERE = 501
"""Status of a stand-in that holds no recording for a request."""


@dataclass(frozen=True)
class Answer:
    """One complete response body and what it answers."""

    request: str
    status: int
    body: bytes
    fetched_at: str

    def json(self) -> Any:
        """The parsed body.

        Raises:
            SourceError: the body is not JSON.
        """
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            raise SourceError(
                f"{self.request}: the answer is not complete JSON ({_why_not_json(self.body, error)})",
                detail=self.body[:300].decode("utf-8", "replace"),
            ) from None


class _Retry(Exception):
    """A failure worth another attempt; carries the error to raise when attempts run out."""

    def __init__(self, error: SourceError, wait_s: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait_s = wait_s


class NotFound(SourceError):
    """The source says it has no such thing (404)."""


class Refused(SourceError):
    """The source refuses the request as it stands; repeating it cannot help."""

    def __init__(self, line: str, status: int, detail: str = "") -> None:
        super().__init__(line, detail)
        self.status = status


class PoliteClient:
    """A source system's HTTP client.

    Args:
        base_url: root of the system, no trailing slash.
        settings: pace, timeouts and attempts.
        headers: extra headers, such as a subscription key; never logged.
        auth: adds credentials to each request.
        transport: where requests go instead of the network (the in-process sandbox, recordings).
        pause: waits that many seconds; replaced in tests.
    """

    def __init__(
        self,
        base_url: str,
        settings: HttpSettings,
        *,
        headers: dict[str, str] | None = None,
        auth: httpx.Auth | None = None,
        transport: httpx.BaseTransport | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.settings = settings
        self.pause = pause
        self.requests_made = 0
        self._window: deque[float] = deque()
        self._window_calls, self._window_seconds = 0, 0.0
        self._last_request = float("-inf")
        self._paced = transport is None and not base_url.startswith(("http://127.0.0.1", "http://localhost"))
        self._http = httpx.Client(
            base_url=base_url,
            auth=auth,
            transport=transport,
            follow_redirects=True,
            timeout=httpx.Timeout(settings.read_timeout_s, connect=settings.connect_timeout_s),
            headers={
                "Accept": "application/json",
                "Caller-Id": settings.caller_id,
                "User-Agent": f"jod-pipelines/{__version__}",
                **(headers or {}),
            },
        )

    def __enter__(self) -> PoliteClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def limit_calls(self, calls: int, seconds: float) -> None:
        """Never make more than `calls` requests in any `seconds` seconds, as the source itself announces."""
        self._window_calls, self._window_seconds = calls, seconds

    def get_json(self, path: str, params: dict[str, Any] | None = None) -> Answer:
        """GET a JSON document; retried until it is complete or attempts run out.

        Raises:
            NotFound: 404. Refused: another 4xx. SourceSkipped: the stand-in has no recording. SourceError: the rest.
        """
        return self._attempt("GET", path, params=params, check=Answer.json)

    def get_bytes(self, path: str) -> Answer:
        """GET a body of any kind, whole; raises as `get_json`."""
        return self._attempt("GET", path, check=None)

    def post_json(self, path: str, payload: object) -> Answer:
        """POST a JSON query and return its JSON answer; raises as `get_json`."""
        return self._attempt("POST", path, payload=payload, check=Answer.json)

    def post_lines(self, path: str, payload: object) -> Iterator[bytes]:
        """POST a query and stream its NDJSON answer, one line at a time, without holding the whole of it.

        A line that is not terminated is the mark of a cut stream: the source sends no end mark of its own.

        Raises:
            SourceError: the connection broke or the last line is unfinished; the caller must discard what it got.
        """
        label = f"POST {path}"
        for attempt in self._attempts():
            with attempt:
                self._wait_for_turn()
                request = self._http.build_request("POST", path, content=orjson.dumps(payload), headers=_POST_HEADERS)
                try:
                    response = self._http.send(request, stream=True)
                except httpx.TransportError as error:
                    raise _Retry(_unreachable(label, request.url, error)) from error
                if response.status_code != 200:
                    response.read()
                    response.close()
                    self._raise_for_status(response, label)
        try:
            yield from _complete_lines(response, label)
        except httpx.TransportError as error:
            raise SourceError(f"{label}: the stream broke off ({type(error).__name__}); run again", str(error)) from error
        finally:
            response.close()

    def _attempt(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, Any] | None = None,
        payload: object = None,
        check: Callable[[Answer], object] | None,
    ) -> Answer:
        request = self._http.build_request(
            method,
            path,
            params=params,
            content=orjson.dumps(payload) if method == "POST" else None,
            headers=_POST_HEADERS if method == "POST" else None,
        )
        label = f"{method} {request.url}"
        for attempt in self._attempts():
            with attempt:
                return self._once(request, label, check)
        raise AssertionError("tenacity re-raises when attempts run out")

    def _once(self, request: httpx.Request, label: str, check: Callable[[Answer], object] | None) -> Answer:
        self._wait_for_turn()
        try:
            response = self._http.send(request)
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise _Retry(_unreachable(label, request.url, error)) from error
        self._raise_for_status(response, label)
        answer = Answer(label, response.status_code, response.content, datetime.now(UTC).isoformat(timespec="seconds"))
        if check:
            try:
                check(answer)
            except SourceError as error:
                raise _Retry(error) from error
        return answer

    def _attempts(self) -> tenacity.Retrying:
        settings = self.settings
        backoff = tenacity.wait_exponential_jitter(initial=settings.backoff_start_s, max=settings.backoff_limit_s)

        def wait(state: tenacity.RetryCallState) -> float:
            failure = state.outcome.exception() if state.outcome else None
            if isinstance(failure, _Retry) and failure.wait_s is not None:
                return failure.wait_s
            return float(backoff(state))

        def give_up(state: tenacity.RetryCallState) -> None:
            failure = state.outcome.exception() if state.outcome else None
            assert isinstance(failure, _Retry)
            raise failure.error from failure

        return tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_Retry),
            stop=tenacity.stop_after_attempt(settings.attempts),
            wait=wait,
            sleep=self.pause,
            retry_error_callback=give_up,
        )

    def _raise_for_status(self, response: httpx.Response, label: str) -> None:
        status = response.status_code
        if status < 300:
            return
        text = response.text[:300].strip()
        if status == NOTHING_HERE:
            raise SourceSkipped(text or "nothing is recorded of this")
        if status in RETRIED_STATUS:
            error = SourceError(f"{label}: the source answers {status} after {self.settings.attempts} attempts", text)
            raise _Retry(error, _retry_after(response, self.settings.backoff_limit_s))
        if status == 404:
            raise NotFound(f"{label}: not found", text)
        raise Refused(f"{label}: refused with {status}: {_one_line(text)}", status, text)

    def _wait_for_turn(self) -> None:
        self.requests_made += 1
        now = time.monotonic()
        if self._paced:
            wait = self._last_request + 1 / self.settings.requests_per_second - now
            if wait > 0:
                self.pause(wait)
                now += wait
        if self._window_calls:
            if len(self._window) == self._window_calls:
                wait = self._window[0] + self._window_seconds - now
                if wait > 0:
                    self.pause(wait)
                    now += wait
                self._window.popleft()
            self._window.append(now)
        self._last_request = now


_POST_HEADERS = {"Content-Type": "application/json"}


def _complete_lines(response: httpx.Response, label: str) -> Iterator[bytes]:
    rest = b""
    for chunk in response.iter_bytes():
        *lines, rest = (rest + chunk).split(b"\n")
        yield from (line for line in lines if line.strip())
    if rest.strip():
        raise SourceError(
            f"{label}: the stream was cut in the middle of a line; nothing of it is kept, run again",
            detail=rest[:300].decode("utf-8", "replace"),
        )


def _unreachable(label: str, url: httpx.URL, error: Exception) -> SourceError:
    reasons = {
        httpx.ConnectError: "cannot be reached",
        httpx.ConnectTimeout: "does not let us connect (firewall or address list?)",
        httpx.ReadTimeout: "did not answer in time",
        httpx.RemoteProtocolError: "closed the connection before the answer was complete",
        httpx.ReadError: "closed the connection before the answer was complete",
        httpx.DecodingError: "sent a body whose compression is broken",
    }
    reason = next((text for kind, text in reasons.items() if isinstance(error, kind)), "failed")
    return SourceError(f"{url.host} {reason}: {label}", f"{type(error).__name__}: {error}")


def _retry_after(response: httpx.Response, limit_s: float) -> float | None:
    value = response.headers.get("Retry-After", "")
    return min(float(value), limit_s) if re.fullmatch(r"\d+(\.\d+)?", value) else None


def _why_not_json(body: bytes, error: orjson.JSONDecodeError) -> str:
    if not body:
        return "it is empty"
    if body.lstrip()[:1] == b"<":
        return "it is an HTML page"
    return f"it breaks at byte {error.pos} of {len(body)}"


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]
