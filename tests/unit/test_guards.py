"""What stands before the routes: who is let in, and how much and how fast they may send."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import FastAPI, Request, UploadFile

from workbench.errors import ParameterError
from workbench.service.server import guards
from workbench.service.server.guards import (
    BodyDeadline,
    HostGuard,
    Stopping,
    TokenGuard,
    UploadLimit,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Message

MIB = 1 << 20
MULTIPART = "multipart/form-data; boundary=x"
URLENCODED = "application/x-www-form-urlencoded"


@dataclass
class Answer:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    taken: int = 0  # bytes of the request's body that were read

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.body)


async def _asked(
    app: ASGIApp,
    path: str = "/x",
    method: str = "GET",
    body: Iterable[bytes] = (),
    pause: float = 0,
    **headers: str,
) -> Answer:
    answer = Answer()
    parts = iter(body)
    named = {"host": "localhost:8000"} | {k.replace("_", "-"): v for k, v in headers.items()}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path.partition("?")[0],
        "raw_path": path.partition("?")[0].encode(),
        "query_string": path.partition("?")[2].encode(),
        "root_path": "",
        "headers": [(k.encode(), v.encode("latin-1")) for k, v in named.items() if v is not None],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }

    async def receive() -> Message:
        if answer.status:  # as uvicorn says it
            return {"type": "http.disconnect"}
        await asyncio.sleep(pause)
        part = next(parts, None)
        answer.taken += len(part or b"")
        return {"type": "http.request", "body": part or b"", "more_body": part is not None}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            assert not answer.status, "two answers"
            answer.status = message["status"]
            answer.headers = {k.decode(): v.decode() for k, v in message["headers"]}
        else:
            answer.body += message.get("body", b"")

    await app(scope, receive, send)
    return answer


def ask(app: ASGIApp, *arguments: Any, **options: Any) -> Answer:
    return asyncio.run(_asked(app, *arguments, **options))


def application() -> FastAPI:
    app = FastAPI()

    @app.api_route("/{path:path}", methods=["GET", "HEAD", "OPTIONS", "DELETE"])
    async def anything(path: str) -> dict[str, str]:
        return {"path": path}

    @app.post("/file")
    async def file(file: UploadFile) -> dict[str, Any]:
        return {"size": file.size}

    @app.post("/form")
    async def form(request: Request) -> dict[str, Any]:
        async with request.form() as found:
            return {"fields": len(found)}

    @app.post("/json")
    async def json_(data: dict[str, Any]) -> dict[str, Any]:
        return {"keys": len(data)}

    @app.post("/stream")
    async def stream(request: Request) -> dict[str, int]:
        return {"size": sum([len(part) async for part in request.stream()])}

    return app


# The token


@pytest.fixture
def guarded() -> ASGIApp:
    return TokenGuard(application(), ("first", "second-token"))


@pytest.mark.parametrize(
    "sent", ["first", "second-token", "Bearer first", "bearer second-token", "BEARER  first"]
)
def test_a_token_is_taken_raw_and_as_bearer(guarded: ASGIApp, sent: str) -> None:
    """The old server refused ``Bearer``, which every client of today sends."""
    assert ask(guarded, authorization=sent).status == 200


@pytest.mark.parametrize(
    "sent",
    [
        None,
        "",
        "fir",
        "firstt",
        "first,second-token",
        "Basic first",
        "Bearer",
        "Bearer ",
        "Bearer Bearer first",
        "first second-token",
        "ﬁrst".encode().decode("latin-1"),
        "fïrst",
    ],
)
def test_anything_else_is_refused(guarded: ASGIApp, sent: str | None) -> None:
    for method in ("GET", "POST", "DELETE", "OPTIONS"):
        answer = ask(guarded, "/x", method, authorization=sent)
        assert answer.status == 401
        assert answer.json["error"] == "Unauthorized"
        assert answer.json["code"] == "unauthorized"
        assert answer.headers["www-authenticate"] == "Bearer"


def test_a_browser_asks_for_the_token_where_people_read(guarded: ASGIApp) -> None:
    """It sends what it was told as HTTP's ``Basic``, any name and the token as the password."""
    pair = base64.b64encode(b"anybody:first").decode()
    wrong = base64.b64encode(b"first:anything").decode()
    assert ask(guarded, "/openapi.json").headers["www-authenticate"].startswith("Basic ")
    assert ask(guarded, "/docs").headers["www-authenticate"].startswith("Basic ")
    assert ask(guarded, "/docs", authorization=f"Basic {pair}").status == 200
    assert ask(guarded, "/docs", authorization=f"Basic {wrong}").status == 401
    assert ask(guarded, "/docs", "POST").headers["www-authenticate"] == "Bearer"


def test_a_token_in_the_query_opens_nothing(guarded: ASGIApp) -> None:
    assert ask(guarded, "/x?token=first").status == 401


def test_only_health_is_open(guarded: ASGIApp) -> None:
    assert ask(guarded, "/health").status == 200
    assert ask(guarded, "/health", "HEAD").status == 200
    for path in ("/health/", "/healthz", "//health", "/docs", "/openapi.json", "/x/../health"):
        assert ask(guarded, path).status == 401
    assert ask(guarded, "/health", "DELETE").status == 401


def test_a_refused_body_is_not_read(guarded: ASGIApp) -> None:
    answer = ask(guarded, "/stream", "POST", [b"x" * MIB] * 5)
    assert (answer.status, answer.taken) == (401, 0)


def test_all_tokens_are_compared_in_constant_time(
    guarded: ASGIApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old server wrote ``token in tokens``: its time tells how much of a guess is right."""
    compared = []
    real = hmac.compare_digest

    def spy(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return real(one, other)

    monkeypatch.setattr(guards.hmac, "compare_digest", spy)
    ask(guarded, authorization="first")
    told = hashlib.sha256(b"first").digest()
    assert compared == [(told, told), (told, hashlib.sha256(b"second-token").digest())]


def test_a_server_without_a_token_cannot_be_made() -> None:
    """The old one was open then."""
    for tokens in ((), ("",)):
        with pytest.raises(ParameterError):
            TokenGuard(application(), tokens)


# The host


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:1234", 200),
        ("127.0.0.1:8000", 200),
        ("[::1]:8000", 200),
        ("media.example:8443", 200),
        ("media.example.", 200),
        ("evil.example", 403),
        ("evil.example:8000", 403),
        ("localhost.evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("localhost:80@evil.example", 403),
        ("evil.example:localhost", 403),
        ("[::1", 403),
        ("[::1]evil", 403),
        ("10.0.0.1", 403),
        ("", 403),
        (None, 403),
    ],
)
def test_a_request_by_another_name_is_refused(host: str | None, status: int) -> None:
    """A page of evil.example whose name leads to 127.0.0.1: the old server answered it."""
    guard = HostGuard(application(), ["Media.example"])
    answer = ask(guard, host=host)
    assert answer.status == status
    assert status == 200 or answer.json["subject"] == "Host"


@pytest.mark.parametrize("server", ["192.168.7.5", "::ffff:192.168.7.5"])
def test_the_address_a_request_arrives_at_is_a_name_of_the_server(server: str) -> None:
    guard = HostGuard(application())

    async def there(scope: Any, receive: Any, send: Any) -> None:
        await guard(scope | {"server": (server, 8000)}, receive, send)

    own = {"host": "192.168.7.5:8000"}
    assert ask(there, **own).status == 200
    assert ask(there, "/x", "DELETE", **own, origin="http://192.168.7.5:8000").status == 200
    assert ask(there, "/x", "DELETE", **own, origin="http://192.168.7.6:8000").status == 403
    assert ask(there, host="192.168.7.6:8000").status == 403


def test_any_name_is_taken_only_where_that_is_said() -> None:
    assert ask(HostGuard(application(), ["*"]), host="any.example").status == 200
    assert ask(HostGuard(application(), ["a.example:81"]), host="a.example:81").status == 200
    assert ask(HostGuard(application(), ["a.example:81"]), host="a.example:82").status == 403


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 200),
        ("http://localhost:8000", 200),
        ("http://127.0.0.1:5173", 200),
        ("https://media.example", 200),
        ("http://evil.example", 403),
        ("http://localhost.evil.example", 403),
        ("null", 403),
        ("file://", 403),
        ("", 403),
    ],
)
def test_a_page_of_another_site_cannot_write(origin: str | None, status: int) -> None:
    """Its form needs no permission to be sent."""
    guard = HostGuard(application(), ["media.example"])
    assert ask(guard, "/x", "DELETE", origin=origin).status == status
    form = ask(guard, "/form", "POST", [b"a=b"], origin=origin, content_type=URLENCODED)
    assert form.status == status
    assert ask(guard, "/x", "GET", origin=origin).status == 200


def test_where_any_name_goes_a_page_still_has_to_be_of_that_name() -> None:
    guard = HostGuard(application(), ["*"])
    own = {"host": "a.example:8000", "origin": "https://a.example"}
    assert ask(guard, "/x", "DELETE", **own).status == 200
    assert ask(guard, "/x", "DELETE", **own | {"origin": "https://b.example"}).status == 403


# The size


def multipart(size: int) -> list[bytes]:
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    whole, rest = divmod(size, MIB)
    return [head, *[b"\0" * MIB] * whole, b"\0" * rest, b"\r\n--x--\r\n"]


@pytest.fixture
def limited() -> ASGIApp:
    return UploadLimit(application(), 8 * MIB)


def test_a_length_beyond_the_limit_is_refused_before_the_body_is_read(limited: ASGIApp) -> None:
    length = str(600 * MIB)
    headers = {"content_type": MULTIPART, "content_length": length}
    answer = ask(limited, "/file", "POST", multipart(600 * MIB), **headers)
    assert (answer.status, answer.taken) == (413, 0)
    assert answer.json["code"] == "media_too_large"
    assert answer.json["error"]


@pytest.mark.parametrize("length", ["-1", "1e3", "0x10", "", "99999999999999999999", "1_0", "٣"])
def test_a_length_that_is_none_is_refused(limited: ASGIApp, length: str) -> None:
    length = length.encode().decode("latin-1")
    assert ask(limited, "/stream", "POST", [b"x"], content_length=length).status == 413


@pytest.mark.parametrize("path", ["/file", "/form", "/stream"])
def test_a_body_without_a_length_is_ended_when_it_is_too_long(limited: ASGIApp, path: str) -> None:
    """The old server took 600 MiB, all of them into memory."""
    answer = ask(limited, path, "POST", multipart(600 * MIB), content_type=MULTIPART)
    assert answer.status == 413
    assert answer.json["code"] == "media_too_large"
    assert answer.taken <= 8 * MIB + 3 * MIB


def test_a_false_length_does_not_help(limited: ASGIApp) -> None:
    headers = {"content_type": MULTIPART, "content_length": "5"}
    assert ask(limited, "/file", "POST", multipart(600 * MIB), **headers).status == 413


def test_a_file_just_as_large_as_allowed_is_taken(limited: ASGIApp) -> None:
    answer = ask(limited, "/file", "POST", multipart(8 * MIB), content_type=MULTIPART)
    assert answer.json == {"size": 8 * MIB}


# What is not a form in parts is read to memory, whatever it says it is.
@pytest.mark.parametrize(
    "kind",
    [URLENCODED, "application/json", "text/plain", "audio/wav", "application/octet-stream", None],
)
def test_what_is_read_to_memory_may_have_a_mebibyte(limited: ASGIApp, kind: str | None) -> None:
    """Starlette's own limits forgot urlencoded forms (GHSA-82w8-qh3p-5jfq)."""
    for path in ("/form", "/json", "/stream"):
        body = [b"a=" + b"b" * MIB] * 20
        answer = ask(limited, path, "POST", body, content_type=kind)
        assert answer.status == 413 or not answer.taken  # some forms are not even looked at
        assert answer.taken <= 3 * MIB
    assert ask(limited, "/stream", "POST", [b"x" * 1000] * 1000, content_type=kind).status == 200


# The pace


def test_a_body_that_stops_is_ended() -> None:
    async def stopping(app: ASGIApp) -> Answer:
        return await asyncio.wait_for(_asked(app, "/stream", "POST", [b"x"] * 9, pause=3), 30)

    answer = asyncio.run(stopping(BodyDeadline(application(), 0.2)))
    assert answer.status == 408
    assert answer.json["code"] == "deadline"


def test_so_is_one_that_drips() -> None:
    """A byte now and then: with a timeout for each read it would go on for ever."""
    app = BodyDeadline(application(), 0.5)
    answer = ask(app, "/stream", "POST", [b"x"] * 100, pause=0.05)
    assert answer.status == 408
    assert 1 < answer.taken < 20


def test_a_slow_line_is_not_ended() -> None:
    """Each while brings enough, all of it takes far longer than that."""
    app = BodyDeadline(application(), 1.0)
    answer = ask(app, "/stream", "POST", [b"x" * 500] * 28, pause=0.05)
    assert answer.json == {"size": 14_000}


def test_time_in_which_the_application_does_not_read_is_not_the_clients() -> None:
    async def busy(scope: Any, receive: Any, send: Any) -> None:
        for _ in range(4):
            await asyncio.sleep(0.2)
            await receive()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    assert ask(BodyDeadline(busy, 0.3), "/", "POST", [b"x"] * 5).status == 204


def test_who_waits_for_the_client_to_leave_waits_as_long_as_it_likes() -> None:
    async def waits(scope: Any, receive: Any, send: Any) -> None:
        assert not (await receive())["more_body"]
        await receive()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    assert ask(BodyDeadline(waits, 0.2), "/", "GET", [], pause=0.15).status == 204
    assert ask(BodyDeadline(waits, 0.2), "/", "GET", [], pause=0.15).status == 204


# The end


def test_who_still_waits_when_the_server_stops_is_told() -> None:
    async def waits(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(60)

    async def stopped() -> Answer:
        task = asyncio.create_task(_asked(Stopping(waits)))
        await asyncio.sleep(0.05)
        task.cancel()
        return await task

    answer = asyncio.run(stopped())
    assert answer.status == 503
    assert answer.json["code"] == "busy"
    assert answer.headers["retry-after"]


@pytest.mark.parametrize(
    "guard", [lambda app: UploadLimit(app, MIB), lambda app: BodyDeadline(app, 1)]
)
def test_an_applications_own_failure_is_not_hidden(guard: Any) -> None:
    async def fails(scope: Any, receive: Any, send: Any) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ask(guard(fails))
