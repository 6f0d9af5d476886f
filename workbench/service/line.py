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
    WorkbenchError,
)
from workbench.service.answers import error_of, json_of, retry_after, without
from workbench.service.waiting import attended

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping

    import httpx

__all__ = ["TOKENS", "URL", "Line"]

URL = "MEDIA_SERVER_URL"
"""The variable that names the server, as the older client had it."""

TOKENS = ("WORKBENCH_SERVICE_TOKEN", "MEDIA_SERVER_TOKEN")
"""The variables that may hold the token, the first that is set."""

_DEFAULT = "http://localhost:8000"
_ATTEMPTS = 4  # of what may be sent again
_PAUSE = 0.1  # seconds, half of those before the second attempt
_PASSING = {502, 503, 504}  # of a proxy, or a server that is starting
_BUSY = 429
_PATIENCE = 60.0  # seconds for which a full queue is asked again, where no deadline is given
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_ANSWER = 64 << 20  # bytes of an answer that is kept in memory
_MISSING = {404, 405}


class _Trouble(Exception):
    """A request without an answer, and whether it never left."""

    def __init__(self, error: ServiceError, *, unsent: bool = False) -> None:
        super().__init__()
        self.error, self.unsent = error, unsent


class Line:
    """A server's address, the token, and connections for each event loop.

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
        try:
            parts = urlsplit(self.url)
            good = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
        except ValueError:
            good = None
        if not good or "@" in parts.netloc or parts.query or parts.fragment:
            raise ParameterError(
                "is no address of a server",
                # What stands before an @ may be a password.
                subject="base_url" if "@" in self.url else self.url,
                cure="such as http://localhost:8000",
            )
        named = (os.environ.get(name, "") for name in TOKENS)
        self._token = next((value for value in named if value), "") if token is None else token
        if not self._token.isascii() or not (self._token.isprintable() or not self._token):
            raise ParameterError("cannot be sent in a header", subject="token")
        self._timeout, self._transport = timeout, transport
        self._local = parts.hostname in _LOOPBACK
        self._clients: dict[Any, tuple[httpx.AsyncClient, AsyncGenerator[None]]] = {}
        self._ours: bool | None = None
        # It also keeps the connections until then: what is collected all at once is not closed.
        weakref.finalize(self, _let_go, self._clients).atexit = False

    def __repr__(self) -> str:
        return f"Line({self.url!r})"

    # -- connections ----------------------------------------------------------------------------

    async def _client(self) -> httpx.AsyncClient:
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            import httpx

            for other in [one for one in self._clients if one.is_closed()]:
                self._clients.pop(other, None)
            headers = {"Accept-Encoding": "identity", "User-Agent": "workbench"}
            if self._token:
                headers["Authorization"] = self._token
            client = httpx.AsyncClient(
                base_url=self.url,
                headers=headers,
                timeout=httpx.Timeout(self._timeout, pool=None),
                transport=self._transport,
                trust_env=not self._local,  # a proxy knows nothing of this machine's loopback
                follow_redirects=False,  # the token is for this server alone
            )
            held = _holding(self._clients, loop, client)
            await anext(held)
            self._clients[loop] = client, held
        return self._clients[loop][0]

    async def close(self) -> None:
        """Close the connections; a later request opens new ones."""
        running = asyncio.get_running_loop()
        for loop, (_, held) in list(self._clients.items()):
            if loop is running:
                await held.aclose()
            else:
                _ask_to_close(loop, held)

    async def ours(self) -> bool:
        """Return whether the server is `workbench serve`; it is asked once.

        Raises
        ------
        Unauthorized
            When it does not say so without another token.
        ServiceError
            When it is not well enough to say.
        """
        if self._ours is None:
            answer = await self.ask("GET", "/", plain=True)
            # One generation answered nothing there.
            if not answer.is_success and answer.status_code not in _MISSING:
                raise self._refusal(answer, self.url)
            told = json_of(answer)
            self._ours = isinstance(told, dict) and told.get("server") == "workbench"
        return self._ours

    # -- requests -------------------------------------------------------------------------------

    async def ask(
        self,
        method: str,
        path: str,
        *,
        fields: Mapping[str, str] | None = None,
        body: Callable[[], tuple[dict[str, str], AsyncIterator[bytes]]] | None = None,
        once: bool = False,
        query: Mapping[str, Any] | None = None,
        key: str = "",
        seconds: float | None = None,
        until: float | None = None,
        plain: bool = False,
        left: Callable[[Future[httpx.Response]], Awaitable[None]] | None = None,
    ) -> httpx.Response:
        """Send a request and return the whole answer.

        Parameters
        ----------
        method, path
            Of HTTP.
        fields
            Of a form, always multipart.
        body
            Returns the headers and the pieces of a form with a file, anew for each attempt.
        once
            Whether `body` can be read once only.
        query
            Of the address.
        key
            The idempotency key, with which it may be sent again when the answer is lost, as what
            changes nothing may. What could not be sent at all is sent again in any case.
        seconds
            In which an answer has to be there; None for the line's own.
        until
            The time of the loop until which it is tried, and a server that has enough to do is
            asked again; None for a minute from now.
        plain
            Whether an answer of any status is returned.
        left
            Awaited with the answer that is still to come when this call is cancelled meanwhile;
            None to hang up.

        Raises
        ------
        ServiceUnreachable
            When nobody answers.
        QueueFull
            When the server has too much to do until then.
        ServiceError
            When the answer was lost, and it may not be sent again.
        WorkbenchError
            What the answer stands for.
        """
        safe = method in {"GET", "HEAD", "DELETE"} or bool(key)
        loop = asyncio.get_running_loop()
        until = loop.time() + _PATIENCE if until is None else until
        options: dict[str, Any] = {"params": query, "headers": {}}
        if key:
            options["headers"]["Idempotency-Key"] = key
        if fields and body is None:
            options["files"] = [(name, (None, value)) for name, value in fields.items()]
        attempt = 0
        while True:
            attempt += 1
            more = attempt < _ATTEMPTS and not once
            # Many clients of one server that restarts do not all come back at once.
            pause = _PAUSE * 2**attempt * random.uniform(0.5, 1.0)  # noqa: S311
            try:
                sending = self._sent(method, path, options, body, seconds)
                answer = await (sending if left is None else attended(sending, left))
            except _Trouble as trouble:
                late = loop.time() + pause >= until
                if late or not (more and (safe or trouble.unsent)):
                    raise trouble.error from None
            else:
                busy = answer.status_code == _BUSY and not once
                passing = answer.status_code in _PASSING and json_of(answer) is None
                if busy:
                    pause, attempt = retry_after(answer), 0
                again = busy or (passing and safe and more)
                if not again or loop.time() + pause >= until:
                    if answer.is_success or plain:
                        return answer
                    raise self._refusal(answer, path.rpartition("/")[2] or self.url)
            await asyncio.sleep(pause)

    async def _sent(
        self,
        method: str,
        path: str,
        options: Mapping[str, Any],
        body: Callable[[], tuple[dict[str, str], AsyncIterator[bytes]]] | None,
        seconds: float | None,
    ) -> httpx.Response:
        """Send a request once."""
        import httpx

        client = await self._client()
        options = dict(options)
        if body is not None:
            headers, options["content"] = body()
            options["headers"] = {**options["headers"], **headers}
        limit = seconds or self._timeout
        asked = client.build_request(
            method, path, timeout=httpx.Timeout(self._timeout, read=limit, pool=None), **options
        )
        try:
            # A body takes as long as it takes; what is written and read each have their time.
            async with asyncio.timeout(None if body is not None else limit):
                answer = await client.send(asked, stream=True)
                try:
                    return await _whole(answer)
                finally:
                    await answer.aclose()
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise _Trouble(self._unreachable(error), unsent=True) from None
        except (httpx.TimeoutException, TimeoutError):
            raise _Trouble(self._late(method, limit)) from None
        except httpx.TransportError as error:
            raise _Trouble(self._lost(error, method)) from None

    @contextlib.asynccontextmanager
    async def stream(
        self, path: str, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[httpx.Response]:
        """Yield a good answer whose body is still to come.

        Raises
        ------
        ServiceUnreachable
            When nobody answers.
        WorkbenchError
            What an answer that is none stands for.
        """
        import httpx

        client = await self._client()
        try:
            async with client.stream("GET", path, headers=headers) as answer:
                if not answer.is_success:
                    raise self._refusal(await _whole(answer), path.rpartition("/")[2])
                yield answer
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise self._unreachable(error) from None

    # -- what went wrong ------------------------------------------------------------------------

    def _refusal(self, answer: httpx.Response, subject: str) -> WorkbenchError:
        return without(self._token, error_of(answer, subject))

    def _unreachable(self, error: Exception) -> ServiceUnreachable:
        self._ours = None  # whatever comes up there may be another one
        return ServiceUnreachable(
            f"nobody answers ({type(error).__name__})",
            subject=self.url,
            cure="start it with `workbench serve`, or use execution_mode='local'",
        )

    def _late(self, method: str, seconds: float) -> DeadlineExceeded:
        doubt = "; what was asked for may be running there" if method == "POST" else ""
        return DeadlineExceeded(
            f"did not answer in {seconds:g} s{doubt}", subject=self.url, cure="give it more time"
        )

    def _lost(self, error: Exception, method: str) -> ServiceError:
        doubt = "; what was asked for may be running there" if method == "POST" else ""
        cure = "look whether it was done before asking again" if method == "POST" else ""
        return ServiceError(
            f"the connection broke before the answer came ({type(error).__name__}){doubt}",
            subject=self.url,
            cure=cure,
        )


async def _holding(
    clients: dict[Any, Any], loop: asyncio.AbstractEventLoop, client: httpx.AsyncClient
) -> AsyncGenerator[None]:
    """Close a client when its loop ends: a loop finishes the generators that were begun in it.

    A notebook's cell and a script each have a loop of their own, and nobody would close the
    connections of a loop that is gone.
    """
    try:
        yield
    finally:
        clients.pop(loop, None)
        await client.aclose()


def _let_go(clients: Mapping[Any, tuple[Any, AsyncGenerator[None]]]) -> None:
    """Close the connections of a line that nobody uses any more."""
    for loop, (_, held) in list(clients.items()):
        _ask_to_close(loop, held)


def _ask_to_close(loop: asyncio.AbstractEventLoop, held: AsyncGenerator[None]) -> None:
    """Have a loop, which may be another thread's, end a generator of its own."""

    async def close() -> None:
        await held.aclose()

    with contextlib.suppress(RuntimeError):  # it has ended, and has closed it
        loop.call_soon_threadsafe(lambda: loop.create_task(close()))


async def _whole(answer: httpx.Response) -> httpx.Response:
    """Return an answer with its body, where that fits in memory.

    Raises
    ------
    ServiceError
        When it does not.
    """
    import httpx

    found = bytearray()
    async for piece in answer.aiter_bytes():
        found += piece
        if len(found) > _ANSWER:
            raise ServiceError(
                f"answered with more than {_ANSWER:,} bytes", subject=str(answer.url.path)
            )
    headers = [(k, v) for k, v in answer.headers.multi_items() if k != "content-encoding"]
    return httpx.Response(
        answer.status_code, headers=headers, content=bytes(found), request=answer.request
    )
