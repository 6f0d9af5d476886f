"""The line to a server: requests that are sent once, or again where that does no harm."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import weakref
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from workbench.errors import (
    DeadlineExceeded,
    ParameterError,
    ServiceError,
    ServiceUnreachable,
)
from workbench.service.answers import error_of, json_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    import httpx

__all__ = ["TOKENS", "URL", "Line"]

URL = "MEDIA_SERVER_URL"
"""The variable that names the server, as the older client had it."""

TOKENS = ("WORKBENCH_SERVICE_TOKEN", "MEDIA_SERVER_TOKEN")
"""The variables that may hold the token, the first that is set."""

_DEFAULT = "http://localhost:8000"
_ATTEMPTS = 4  # of what may be sent again
_PASSING = {502, 503, 504}  # of a proxy, or a server that is starting
_BUSY = 429
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class _Trouble(Exception):
    """A request without an answer, and whether it never left."""

    def __init__(self, error: ServiceError, *, unsent: bool = False) -> None:
        super().__init__()
        self.error, self.unsent = error, unsent


class Line:
    """A server's address, the token, and a connection for each event loop.

    Parameters
    ----------
    url
        Its address; None for `URL`, else ``http://localhost:8000``.
    token
        A token or a whole header's value, sent as it is; None for one of `TOKENS`.
    timeout
        Seconds for a connection, and between two pieces of an answer.
    transport
        Of httpx's, for tests.

    Raises
    ------
    ParameterError
        When the address is none, or the token cannot be sent.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        token: str | None = None,
        timeout: float = 30.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.url = (url or os.environ.get(URL) or _DEFAULT).rstrip("/")
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
            raise ParameterError(
                "is no address of a server", subject=self.url, cure="such as http://localhost:8000"
            )
        named = (os.environ.get(name, "") for name in TOKENS)
        self._token = next((value for value in named if value), "") if token is None else token
        if not self._token.isascii() or not (self._token.isprintable() or not self._token):
            raise ParameterError("cannot be sent in a header", subject="token")
        self._timeout, self._transport = timeout, transport
        self._local = parts.hostname in _LOOPBACK
        self._clients: weakref.WeakKeyDictionary[Any, httpx.AsyncClient]
        self._clients = weakref.WeakKeyDictionary()
        self._ours: bool | None = None

    def __repr__(self) -> str:
        return f"Line({self.url!r})"

    def _client(self) -> httpx.AsyncClient:
        loop = asyncio.get_running_loop()
        client = self._clients.get(loop)
        if client is None:
            import httpx

            headers = {"Authorization": self._token} if self._token else {}
            client = httpx.AsyncClient(
                base_url=self.url,
                headers=headers,
                timeout=httpx.Timeout(self._timeout, pool=None),
                transport=self._transport,
                trust_env=not self._local,  # a proxy knows nothing of this machine's loopback
                follow_redirects=False,  # the token is for this server alone
            )
            self._clients[loop] = client
        return client

    async def close(self) -> None:
        """Close the connections of the running loop; those of loops that ended are closed."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()

    async def ours(self) -> bool:
        """Return whether the server is `workbench serve`; it is asked once."""
        if self._ours is None:
            answer = await self.ask("GET", "/", plain=True)
            told = json_of(answer) if answer.is_success else None
            if answer.status_code in {401, 403}:
                raise error_of(answer, self.url)
            self._ours = isinstance(told, dict) and told.get("server") == "workbench"
        return self._ours

    async def ask(
        self,
        method: str,
        path: str,
        *,
        fields: Mapping[str, str] | None = None,
        file: tuple[str, tuple[str, Any]] | None = None,
        query: Mapping[str, Any] | None = None,
        key: str = "",
        again: bool | None = None,
        seconds: float | None = None,
        patience: float = 0.0,
        plain: bool = False,
    ) -> httpx.Response:
        """Send a request and return the whole answer.

        Parameters
        ----------
        method, path
            Of HTTP.
        fields, file
            Of a form, always multipart: one field, its file's name and what it is read from.
        query
            Of the address.
        key
            The idempotency key, with which it may be sent again.
        again
            Whether it may be sent again when the answer is lost; by default what changes nothing,
            and what has a key. What could not be sent at all is sent again in any case.
        seconds
            In which an answer has to begin; None for the line's own.
        patience
            Seconds for which a server that has enough to do is asked again.
        plain
            Whether an answer of any status is returned.

        Raises
        ------
        ServiceUnreachable
            When nobody answers.
        ServiceError
            When the answer was lost, and it may not be sent again.
        WorkbenchError
            What the answer stands for.
        """
        import httpx

        safe = (method in {"GET", "HEAD", "DELETE"} or bool(key)) if again is None else again
        loop = asyncio.get_running_loop()
        until, attempt = loop.time() + patience, 0
        form: Any = [(name, (None, value)) for name, value in (fields or {}).items()]
        options = {
            "params": query,
            "files": [*form, file] if file is not None else form or None,
            "headers": {"Idempotency-Key": key} if key else None,
            "timeout": httpx.Timeout(self._timeout, read=seconds or self._timeout, pool=None),
        }
        while True:
            attempt += 1
            more = attempt < _ATTEMPTS and file is None  # a stream has been read once it was sent
            try:
                answer = await self._sent(method, path, options)
            except _Trouble as trouble:
                if not (more and (safe or trouble.unsent)):
                    raise trouble.error from None
            else:
                if answer.status_code == _BUSY and loop.time() < until and file is None:
                    await asyncio.sleep(min(until - loop.time(), _after(answer)))
                    attempt = 0
                    continue
                passing = answer.status_code in _PASSING and json_of(answer) is None
                if not (passing and safe and more):
                    if answer.is_success or plain:
                        return answer
                    raise error_of(answer, path.rpartition("/")[2] or self.url)
            # Many clients of one server that restarts do not all come back at once.
            await asyncio.sleep(0.1 * 2**attempt * random.uniform(0.5, 1.0))  # noqa: S311

    async def _sent(self, method: str, path: str, options: dict[str, Any]) -> httpx.Response:
        """Send a request once."""
        import httpx

        try:
            return await self._client().request(method, path, **options)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise _Trouble(self._unreachable(error), unsent=True) from None
        except httpx.TimeoutException as error:
            raise _Trouble(
                DeadlineExceeded(
                    f"did not answer in time ({type(error).__name__})",
                    subject=self.url,
                    cure="give it more time",
                )
            ) from None
        except httpx.TransportError as error:
            raise _Trouble(self._lost(error, method)) from None

    @contextlib.asynccontextmanager
    async def stream(
        self, path: str, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[httpx.Response]:
        """Yield an answer whose body is still to come.

        Raises
        ------
        ServiceUnreachable
            When nobody answers.
        """
        import httpx

        try:
            async with self._client().stream("GET", path, headers=headers) as answer:
                yield answer
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise self._unreachable(error) from None

    def _unreachable(self, error: Exception) -> ServiceUnreachable:
        return ServiceUnreachable(
            f"nobody answers ({type(error).__name__})",
            subject=self.url,
            cure="start it with `workbench serve`, or use execution_mode='local'",
        )

    def _lost(self, error: Exception, method: str) -> ServiceError:
        cure = "look whether it was done before asking again" if method == "POST" else ""
        return ServiceError(
            f"the connection broke before the answer came ({type(error).__name__})",
            subject=self.url,
            cure=cure,
        )


def _after(answer: httpx.Response) -> float:
    """Return the seconds that a server wants to be left alone."""
    text = answer.headers.get("retry-after", "")
    return min(30.0, max(0.1, float(text))) if text.isdigit() else 1.0
