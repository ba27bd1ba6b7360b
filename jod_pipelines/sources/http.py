"""One polite HTTP client for every source.

Sends Caller-Id, waits between requests, retries only what may heal (408, 429, 5xx, broken connections), obeys
Retry-After, stays on the host it was told to ask, and never hands on a body that was cut short, is in a wrong encoding
or is not what was asked for.
"""

from __future__ import annotations

import re
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any

import httpx
import orjson
import tenacity

from jod_pipelines import __version__
from jod_pipelines.errors import SourceError, SourceSkipped
from jod_pipelines.settings import HttpSettings

RETRIED_STATUS = frozenset({408, 429, 500, 502, 503, 504})
REDIRECTS = 3
BOM = b"\xef\xbb\xbf"
NOTHING_HERE = 501
"""Status of a stand-in that holds no recording for a request."""


@dataclass(frozen=True)
class Answer:
    """One complete response body, without compression and byte order mark, and what it answers."""

    request: str
    status: int
    body: bytes
    fetched_at: str

    def json(self) -> Any:
        """The parsed body, the same object each time: do not change it.

        Raises:
            SourceError: the body is not JSON.
        """
        return self._parsed

    @cached_property
    def _parsed(self) -> Any:
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            raise SourceError(
                f"{_short(self.request)}: the answer is not complete JSON ({_why_not_json(self.body, error)})",
                detail=_excerpt(self.body),
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
        self.last_request = "nothing was asked yet"
        self._window: deque[float] = deque(maxlen=1000)
        self._window_calls, self._window_seconds = 0, 0.0
        self._last_request = float("-inf")
        self._paced = transport is None and not base_url.startswith(("http://127.0.0.1", "http://localhost"))
        self._http = httpx.Client(
            base_url=base_url,
            auth=auth,
            transport=transport,
            timeout=httpx.Timeout(settings.read_timeout_s, connect=settings.connect_timeout_s),
            headers={
                "Accept": "application/json",
                "Accept-Encoding": "gzip",
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
        """Never make more than `calls` requests in any `seconds` seconds, as the source itself announces.

        The requests made before count too: the one that asks for the limit is one of them.
        """
        self._window_calls, self._window_seconds = calls, seconds
        self._window = deque(self._window, maxlen=calls)

    def get_json(self, path: str, params: dict[str, Any] | None = None) -> Answer:
        """GET a JSON document; retried until it is complete or attempts run out.

        Raises:
            NotFound: 404. Refused: another 4xx. SourceSkipped: the stand-in has no recording. SourceError: the rest.
        """
        return self._attempt("GET", path, params=params, check=_document)

    def get_bytes(self, path: str) -> Answer:
        """GET a body of any kind, whole; raises as `get_json`."""
        return self._attempt("GET", path, check=None)

    def post_json(self, path: str, payload: object) -> Answer:
        """POST a JSON query and return its JSON answer; raises as `get_json`."""
        return self._attempt("POST", path, payload=payload, check=_document)

    def post_lines(self, path: str, payload: object) -> Iterator[bytes]:
        """POST a query and stream its NDJSON answer, one line at a time, without holding the whole of it.

        A line that is not terminated is the mark of a cut stream: the source sends no end mark of its own.

        Raises:
            SourceError: the connection broke or the last line is unfinished; the caller must discard what it got.
        """
        request = self._http.build_request("POST", path, content=orjson.dumps(payload), headers=_POST_HEADERS)
        label = f"POST {request.url}"
        for attempt in self._attempts():
            with attempt:
                response = self._send(request, label)
        with closing(response):
            try:
                yield from _complete_lines(self._body_of(response, label), label)
            except httpx.HTTPError as error:
                line = f"{label}: the stream broke off ({_reason(error)}); nothing of it is kept, run again"
                raise SourceError(line, f"{type(error).__name__}: {error}") from error

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
        label = _short(f"{method} {request.url}")
        for attempt in self._attempts():
            with attempt:
                return self._once(request, label, check)
        raise AssertionError("tenacity re-raises when attempts run out")

    def _once(self, request: httpx.Request, label: str, check: Callable[[Answer], object] | None) -> Answer:
        with closing(self._send(request, label)) as response:
            try:
                body = b"".join(self._body_of(response, label)).removeprefix(BOM)
            except httpx.HTTPError as error:
                raise _Retry(_unreachable(label, request.url, error)) from error
        response.stream = httpx.ByteStream(b"")  # it and the response hold each other, and with them the body
        asked = f"{request.method} {request.url}"
        answer = Answer(asked, response.status_code, body, datetime.now(UTC).isoformat(timespec="seconds"))
        if check:
            try:
                check(answer)
            except SourceError as error:
                raise _Retry(error) from error
        return answer

    def _send(self, request: httpx.Request, label: str) -> httpx.Response:
        """The head of a good answer, its body still to be read; redirects are followed within the host."""
        self._wait_for_turn()
        self.last_request = label
        for _ in range(REDIRECTS + 1):
            try:
                response = self._http.send(request, stream=True)
                if response.status_code >= 300 and not response.has_redirect_location:
                    with closing(response):
                        response.read()
            except httpx.HTTPError as error:
                raise _Retry(_unreachable(label, request.url, error)) from error
            if not response.has_redirect_location:
                self._raise_for_status(response, label)
                return response
            response.close()
            request = _redirected(request, response, label)
        raise _Retry(SourceError(f"{label}: redirected more than {REDIRECTS} times, the last time to {request.url}"))

    def _body_of(self, response: httpx.Response, label: str) -> Iterator[bytes]:
        """A body as it arrives, unpacked; a source that drips for ever is given up."""
        if response.is_stream_consumed:  # a transport without a network may hand over a body already unpacked
            yield response.content
            return
        until = time.monotonic() + self.settings.answer_timeout_s
        for part in _unpacked(response.iter_raw(), response.headers.get("Content-Encoding", "")):
            if time.monotonic() > until:
                raise httpx.ReadTimeout(f"not whole after {self.settings.answer_timeout_s:g} s")
            yield part

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
        raise Refused(f"{label}: refused with {status}{': ' if text else ''}{_one_line(text)}", status, text)

    def _wait_for_turn(self) -> None:
        self.requests_made += 1
        now = time.monotonic()
        if self._paced:
            wait = self._last_request + 1 / self.settings.requests_per_second - now
            if wait > 0:
                self.pause(wait)
                now += wait
        if self._window_calls:
            wait = self._window[0] + self._window_seconds - now if len(self._window) == self._window_calls else 0.0
            if wait > 0:
                self.pause(wait)
                now += wait
        self._window.append(now)
        self._last_request = now


_POST_HEADERS = {"Content-Type": "application/json"}


def _document(answer: Answer) -> None:
    """Raise SourceError unless an answer is JSON that can be a document."""
    value = answer.json()
    if value is None or isinstance(value, str | bool):
        raise SourceError(f"{_short(answer.request)}: the answer is {_one_line(answer.body.decode())} instead of a document")
    if encoding := _wrong_encoding(answer.body):
        raise SourceError(f"{_short(answer.request)}: the text of the answer is spoiled ({encoding})", _excerpt(answer.body))


def _wrong_encoding(body: bytes) -> str | None:
    """How a whole answer's text is spoiled, if it is.

    Somebody's typing mistake in one text is no reason: then other texts have their letters right.
    """
    if any(letter in body for letter in ("ä".encode(), "ö".encode())):
        return None
    if any(letter.encode("utf-8").decode("latin-1").encode() in body for letter in "äö"):
        return "UTF-8 read as Latin-1 and written again"
    return "letters replaced by U+FFFD" if "\ufffd".encode() in body else None


def _complete_lines(parts: Iterable[bytes], label: str) -> Iterator[bytes]:
    rest, first = b"", True
    for part in parts:
        *lines, rest = (rest + part).split(b"\n")
        for line in lines:
            if first:
                line, first = line.removeprefix(BOM), False
            if line.strip():
                yield line
    if rest.removeprefix(BOM if first else b"").strip():
        raise SourceError(
            f"{label}: the stream was cut in the middle of a line; nothing of it is kept, run again", _excerpt(rest)
        )


def _unpacked(parts: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Parts of a body without its compression. httpx takes a cut gzip body for a whole one, so the end is checked here.

    Raises:
        httpx.DecodingError: the compression is broken, cut or of a kind that was not asked for.
    """
    if encoding.lower() in ("", "identity"):
        yield from parts
        return
    if encoding.lower() not in ("gzip", "x-gzip"):
        raise httpx.DecodingError(f"Content-Encoding {encoding} was not asked for")
    inflate = zlib.decompressobj(wbits=31)
    try:
        for part in parts:
            yield inflate.decompress(part)
            while inflate.unused_data:  # a gzip body may have several members
                rest, inflate = inflate.unused_data, zlib.decompressobj(wbits=31)
                yield inflate.decompress(rest)
    except zlib.error as error:
        raise httpx.DecodingError(str(error)) from error
    if not inflate.eof:
        raise httpx.DecodingError("the compressed body has no end")


def _redirected(request: httpx.Request, response: httpx.Response, label: str) -> httpx.Request:
    """The request a redirect asks for. Another host would get our key and Caller-Id, and a POST must stay one.

    Raises:
        _Retry: the redirect must not be followed.
    """
    following = response.next_request
    assert following is not None
    old, new = request.url, following.url
    upgraded = (old.scheme, new.scheme, new.port) == ("http", "https", None)
    if new.host != old.host or not (upgraded or (new.scheme, new.port) == (old.scheme, old.port)):
        raise _Retry(
            SourceError(f"{label}: redirected to another host, {new.host}; not followed. If the system moved, set its endpoint")
        )
    if following.method != request.method:
        raise _Retry(SourceError(f"{label}: redirected with {response.status_code}, which would lose the query; not followed"))
    return following


_REASONS: dict[type[Exception], str] = {
    httpx.ConnectTimeout: "does not let us connect (firewall or address list?)",
    httpx.ConnectError: "cannot be reached",
    httpx.ReadTimeout: "did not answer in time",
    httpx.NetworkError: "closed the connection before the answer was complete",
    httpx.RemoteProtocolError: "broke off the answer or did not answer in HTTP",
    httpx.DecodingError: "sent a body whose compression is broken",
}


def _reason(error: Exception) -> str:
    return next((text for kind, text in _REASONS.items() if isinstance(error, kind)), f"failed ({error})")


def _unreachable(label: str, url: httpx.URL, error: Exception) -> SourceError:
    return SourceError(f"{url.host} {_reason(error)}: {label}", f"{type(error).__name__}: {error}")


def _retry_after(response: httpx.Response, limit_s: float) -> float | None:
    """Seconds to wait as the source asks, in seconds or as a date by its own clock, within our limit."""
    value = response.headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d+(\.\d+)?", value):
        return min(float(value), limit_s)
    due, now = _http_date(value), _http_date(response.headers.get("Date", "")) or datetime.now(UTC)
    return min(max(0.0, (due - now).total_seconds()), limit_s) if due else None


def _http_date(value: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(value)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _why_not_json(body: bytes, error: orjson.JSONDecodeError) -> str:
    if not body:
        return "it is empty"
    if body.lstrip()[:1] == b"<":
        return "it is an HTML page"
    return f"it breaks at byte {error.pos} of {len(body)}"


def _excerpt(body: bytes) -> str:
    return body[:300].decode("utf-8", "replace")


def _short(request: str) -> str:
    """A request as messages name it: an address may list a hundred ids."""
    return request if len(request) <= 200 else f"{request[:200]}…"


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]
