"""What stands before the routes: the token, the host's name, the size of an upload, slow bodies.

Plain ASGI, so that each stops a request before its body is read. The old server was open when no
token was set, compared tokens with ``in`` and wrote them to its log; it answered to any host's
name, and held an upload of 600 MiB in memory.

Examples
--------
The order, from the outside in::

    HostGuard(TokenGuard(UploadLimit(app, limit), tokens), allowed)
"""

from __future__ import annotations

import asyncio
import hmac
import json
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from workbench.errors import (
    DeadlineExceeded,
    MediaTooLarge,
    ParameterError,
    QueueFull,
    Unauthorized,
    WorkbenchError,
)
from workbench.service.server.tokens import digest, token_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from ipaddress import IPv4Address, IPv6Address

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["BodyDeadline", "HostGuard", "Stopping", "TokenGuard", "UploadLimit", "refuse"]

_PAGES = frozenset({"/docs", "/openapi.json", "/redoc"})  # what people open in a browser
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_MIB = 1 << 20
_FORM = _MIB  # bytes of a body that is read to memory before anybody looks at it
_AROUND = _MIB  # bytes of a multipart body that are not its file
_RATE = 500  # bytes a second, on average, that a body has to come with


async def refuse(
    send: Send, status: int, error: WorkbenchError, *headers: tuple[bytes, bytes]
) -> None:
    """Answer with an error, in the form all routes use."""
    told = {"error": str(error), **error.to_dict()}
    if isinstance(error, Unauthorized):
        told["error"] = "Unauthorized"  # what clients of the old server look for
    body = json.dumps(told, ensure_ascii=False).encode()
    about = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    start = {"type": "http.response.start", "status": status, "headers": [*about, *headers]}
    await send(start)
    await send({"type": "http.response.body", "body": body, "more_body": False})


def _named(scope: Scope, name: bytes) -> list[str]:
    """Return the values of all headers of a name."""
    return [value.decode("latin-1").strip() for key, value in scope["headers"] if key == name]


class TokenGuard:
    """Lets through who has a token, and everybody to ``/health``.

    The header is ``Authorization: TOKEN``, as the old clients send it, or ``Bearer TOKEN``. A
    browser that opens ``/docs`` asks for a name, which may be anything, and a password, which is
    the token (HTTP's own ``Basic``). A token in the query would be in every log and history on the
    way, so it is not looked for.

    Parameters
    ----------
    app
        What is guarded.
    tokens
        Each opens it.

    Raises
    ------
    ParameterError
        When there is none: then nobody could be told from anybody.
    """

    def __init__(self, app: ASGIApp, tokens: Sequence[str]) -> None:
        if not [token for token in tokens if token]:
            raise ParameterError("is missing", subject="token", cure="give the server at least one")
        self.app = app
        self._known = [digest(token) for token in tokens if token]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        if scope["type"] == "lifespan" or _is_health(scope) or self._knows(scope):
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            error = Unauthorized(
                "the token is missing or wrong", cure="send Authorization: Bearer TOKEN"
            )
            browsing = scope["method"] in _READING and scope["path"] in _PAGES
            wanted = (
                b'Basic realm="workbench: the token is the password"' if browsing else b"Bearer"
            )
            await refuse(send, 401, error, (b"www-authenticate", wanted))
        else:
            await send({"type": "websocket.close", "code": 1008})

    def _knows(self, scope: Scope) -> bool:
        sent = _named(scope, b"authorization")
        if len(sent) != 1:
            return False
        told = digest(token_in(sent[0]))
        # All are compared, each in the same time: neither says which one was nearly right.
        return sum(hmac.compare_digest(told, known) for known in self._known) > 0


def _is_health(scope: Scope) -> bool:
    return (
        scope["type"] == "http"
        and scope["path"] == "/health"
        and scope["method"] in {"GET", "HEAD"}
    )


class HostGuard:
    """Answers only to names this server is known by.

    A page of a stranger can make its own name lead to 127.0.0.1 and then ask the server there from
    a visitor's browser; that request carries the stranger's name. And a form of a stranger's page
    may write anywhere without asking first; that request says its origin.

    Parameters
    ----------
    app
        What is guarded.
    allowed
        Names, besides those of the loopback and the address at which a request arrives, with or
        without a port; ``*`` for any.
    """

    def __init__(self, app: ASGIApp, allowed: Iterable[str] = ()) -> None:
        self.app = app
        self._allowed = {name.lower().rstrip(".") for name in allowed}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        problem = self._problem(scope)
        if problem is None:
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await refuse(send, 403, problem)
        else:
            await send({"type": "websocket.close", "code": 1008})

    def _problem(self, scope: Scope) -> WorkbenchError | None:
        hosts = _named(scope, b"host")
        if len(hosts) != 1 or not self._knows(hosts[0], scope):
            return ParameterError(
                "the server does not go by that name",
                subject="Host",
                cure="call it by its address, or start it with --allow-host NAME",
            )
        origins = _named(scope, b"origin")
        if scope.get("method") in _READING or not origins:
            return None
        for origin in origins:
            scheme, _, authority = origin.partition("://")
            if scheme not in {"http", "https"} or not self._may_write(authority, hosts[0], scope):
                return ParameterError(
                    "pages of other sites may not write here",
                    subject="Origin",
                    cure="call the server from a page of its own, or start it with --allow-host",
                )
        return None

    def _knows(self, authority: str, scope: Scope) -> bool:
        name = _host_name(authority)
        if name is None:
            return False
        # An address of its own is no stranger's name: none leads there without saying so.
        here = _address((scope.get("server") or ("", None))[0])
        own = here is not None and _address(name) == here
        return bool({"*", name, authority.lower()} & self._allowed) or own or _is_loopback(name)

    def _may_write(self, authority: str, host: str, scope: Scope) -> bool:
        if "*" in self._allowed:  # any name, but one and the same
            return _host_name(authority) is not None and _host_name(authority) == _host_name(host)
        return self._knows(authority, scope)


def _host_name(authority: str) -> str | None:
    """Return the host of ``host:port`` in small letters, None where there is none."""
    name, port = authority.lower(), ""
    if name.startswith("["):
        name, closed, port = name[1:].partition("]")
        if not closed or (port and not port.startswith(":")):
            return None
        port = port[1:]
    elif ":" in name:
        name, _, port = name.partition(":")
    if (port and not port.isdecimal()) or not name:
        return None
    return name.rstrip(".")


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _is_loopback(name: str) -> bool:
    found = _address(name)
    return name == "localhost" if found is None else found.is_loopback


class UploadLimit:
    """Ends a request whose body is larger than it may be, while it comes.

    Parameters
    ----------
    app
        What is guarded.
    limit
        Bytes of a file that is uploaded. What is read to memory, such as an urlencoded form or
        JSON, may have a mebibyte.
    """

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        kind = (_named(scope, b"content-type") or [""])[0].lower()
        streamed = kind.startswith("multipart/")  # of which files go to disk as they come
        most = self.limit if streamed else min(_FORM, self.limit)
        whole = most + (_AROUND if streamed else 0)
        error = MediaTooLarge(
            f"is larger than {most:,} bytes",
            subject="upload" if streamed else "form",
            cure="send less, or start the server with a larger --upload-limit",
        )
        told = _named(scope, b"content-length")
        if any(not each.isdecimal() or int(each) > whole for each in told):
            await refuse(send, 413, error)
            return
        came = 0

        async def counted() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > whole:
                await guarded.end(413, error)
                return {"type": "http.disconnect"}
            return message

        guarded = _Ended(send)
        await guarded.run(self.app, scope, counted)


class BodyDeadline:
    """Ends a request whose body does not go on coming.

    Only the time in which the application waits for it counts.

    Parameters
    ----------
    app
        What is guarded.
    seconds
        In which a further part has to come; over each such while that was waited, there have to
        be 500 bytes a second.
    """

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self.app = app
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        left = self.seconds
        came = 0
        more = True

        async def in_time() -> Message:
            nonlocal left, came, more
            if not more:  # what is waited for now is that the client goes away
                return await receive()
            loop = asyncio.get_running_loop()
            began = loop.time()
            try:
                async with asyncio.timeout(left):
                    message = await receive()
            except TimeoutError:
                error = DeadlineExceeded("the request's body came too slowly", cure="try again")
                await guarded.end(408, error)
                return {"type": "http.disconnect"}
            more = bool(message.get("more_body", False))
            left -= loop.time() - began
            came += len(message.get("body", b""))
            if came >= _RATE * self.seconds:
                left, came = self.seconds, 0
            return message

        guarded = _Ended(send)
        await guarded.run(self.app, scope, in_time)


class _Ended:
    """A way to answer that can be taken from the application, once it is not to answer any more."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._started = False
        self._over = False

    async def run(self, app: ASGIApp, scope: Scope, receive: Receive) -> None:
        try:
            await app(scope, receive, self._pass)
        except Exception:
            if not self._over:  # else that is how it took the end of the body
                raise

    async def end(self, status: int, error: WorkbenchError) -> None:
        """Answer with an error, unless an answer has begun, and say that the client is gone."""
        if self._over:
            return
        self._over = True
        if not self._started:
            await refuse(self._send, status, error)

    async def _pass(self, message: Message) -> None:
        if not self._over:
            self._started = True
            await self._send(message)


class Stopping:
    """Answers who still waits when the server stops, instead of breaking the connection.

    Parameters
    ----------
    app
        What is guarded.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        started = False

        async def noted(message: Any) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, noted)
        except asyncio.CancelledError:
            if scope["type"] != "http" or started:
                raise
            error = QueueFull("the server is being stopped", cure="ask again in a moment")
            await refuse(send, 503, error, (b"retry-after", b"5"))
