"""What the servers share: routes, JSON answers, errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Request, Response

Handler = Callable[..., Response]
Route = tuple[str, str, Handler]
"""Method, path rule, handler(request, **path values)."""


def json_answer(value: Any, status: int = 200) -> Response:
    """A JSON answer; bytes go out as they are."""
    body = value if isinstance(value, bytes) else orjson.dumps(value)
    return Response(body, status, content_type="application/json; charset=utf-8")


def text_answer(text: str, status: int, content_type: str = "application/json") -> Response:
    """Plain text, often labelled JSON as the real systems do."""
    return Response(text, status, content_type=content_type)


def integer(request: Request, name: str, default: int) -> int:
    """An integer query parameter; anything else is a 400."""
    value = request.args.get(name)
    if value is None:
        return default
    try:
        return int(value)
    except ValueError:
        raise BadRequest(f"{name} must be an integer") from None
