"""OAuth2 client credentials: a token fetched when needed, renewed before it ends, never written anywhere."""

from __future__ import annotations

import time
from collections.abc import Generator

import httpx
import orjson
from pydantic import SecretStr

from jod_pipelines.errors import SourceError

LOGIN_PATH = "/tedigib2c.onmicrosoft.com/B2C_1A_SIGNIN/oauth2/v2.0/token"
SCOPE = "https://tedigib2c.onmicrosoft.com/fad9328b-e852-45e4-951b-6d142430e89d/.default"
RENEW_BEFORE_S = 60.0


class ClientCredentials(httpx.Auth):
    """Adds a bearer token to each request.

    Args:
        token_url: where tokens are given.
        client_id, client_secret: from the environment; they only ever leave in the body of the token request.
        scope: what the token is for.
    """

    requires_response_body = True

    def __init__(self, token_url: str, client_id: SecretStr, client_secret: SecretStr, scope: str) -> None:
        self._url, self._id, self._secret, self._scope = token_url, client_id, client_secret, scope
        self._token, self._ends = "", 0.0

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """See httpx: token first when there is none, and once more when the source says the one we have is void.

        Raises:
            SourceError: the token service refuses the credentials.
            httpx.TransportError: it cannot answer now; worth another attempt.
        """
        fresh = time.monotonic() >= self._ends
        if fresh:
            self._take(request, (yield self._token_request()))
        request.headers["Authorization"] = f"Bearer {self._token}"
        response = yield request
        if response.status_code == 401 and not fresh:
            self._take(request, (yield self._token_request()))
            request.headers["Authorization"] = f"Bearer {self._token}"
            yield request

    def _token_request(self) -> httpx.Request:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._id.get_secret_value(),
            "client_secret": self._secret.get_secret_value(),
            "scope": self._scope,
        }
        return httpx.Request("POST", self._url, data=form)

    def _take(self, request: httpx.Request, response: httpx.Response) -> None:
        host = httpx.URL(self._url).host
        if response.status_code >= 500 or response.status_code == 429:
            raise httpx.TransportError(f"the token service {host} answers {response.status_code}", request=request)
        try:
            answer = orjson.loads(response.content)
            self._token = str(answer["access_token"])
            self._ends = time.monotonic() + float(answer.get("expires_in", 3600)) - RENEW_BEFORE_S
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            # The answer may repeat what was sent, so nothing of it is shown but its status.
            raise SourceError(
                f"{host} gives no token (status {response.status_code}); "
                "check JOD_POSTINGS_CLIENT_ID and JOD_POSTINGS_CLIENT_SECRET"
            ) from None
