"""Runs the server: listens, says where, and ends cleanly when it is told to."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import errno
import logging
import math
import secrets
import signal
import socket
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.disk import storage_error
from workbench.errors import (
    EngineMissing,
    ParameterError,
    ServiceError,
    WorkbenchError,
    one_line,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from workbench.service.settings import Settings

__all__ = ["serve"]

_BACKLOG = 512
_SPARE = 256  # open files that are not connections: the store's, the ledger's, the workers'
_ALL = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - to be told apart, not bound
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def serve(
    settings: Settings,
    *,
    say: Callable[[str], None] | None = None,
    make: Callable[[Settings], ASGIApp] | None = None,
) -> None:
    """Serve until a signal says to stop.

    One line is said: the address, and the token where none was given and one was made. On SIGTERM
    or SIGINT nothing new is accepted, running answers get `settings.grace` seconds, and the
    workers are ended.

    Parameters
    ----------
    settings
        What the server is told.
    say
        Takes that line; by default it goes to standard output.
    make
        Makes the application; by default `create_app`.

    Raises
    ------
    ServiceError
        When the address is taken or is none of this machine's, before any work starts.
    EngineMissing
        When the extra ``serve`` is not installed.
    WorkbenchError
        What the application finds when it starts, such as a store that cannot be written.
    """
    try:
        import uvicorn  # noqa: F401 - asked for here, to say what to install

        create = make or _create_app()
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "workbench":
            raise
        raise EngineMissing(
            f"the server needs {error.name}",
            subject="workbench serve",
            cure='pip install "media-workbench[serve]"',
        ) from error
    made = not settings.tokens
    if made:
        settings = dataclasses.replace(settings, tokens=(secrets.token_urlsafe(24),))
    if settings.host.strip("[]") not in _ALL:  # what it is told to listen at is its own name
        names = (*settings.allowed_hosts, settings.host.strip("[]"))
        settings = dataclasses.replace(settings, allowed_hosts=names)
    stopping = _Stop()
    with stopping.on_signals(), _listening(settings) as listener, _parts_in(settings):
        host, port = listener.getsockname()[:2]
        line = f"serving at http://{f'[{host}]' if ':' in host else host}:{port}"
        if made:
            line += f"  token (made for this run): {settings.tokens[0]}"
        _run(settings, create(settings), listener, stopping, lambda: (say or _say)(line))


def _create_app() -> Callable[[Settings], ASGIApp]:
    from workbench.service.server.app import create_app

    return create_app


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class _Stop:
    """Remembers that a signal came, also before and after uvicorn listens to them."""

    def __init__(self) -> None:
        self.server: Any = None

    @contextlib.contextmanager
    def on_signals(self) -> Iterator[None]:
        # Uvicorn raises the signal again once it has ended, for the handler there was before:
        # with the default one the exit code would say that the server was killed.
        before = {each: signal.signal(each, self._came) for each in _SIGNALS}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def _came(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        if self.server is None:
            raise SystemExit(0)
        self.server.should_exit = True


@contextlib.contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    """Listen, before anything else is begun."""
    host = settings.host.strip("[]")
    try:
        if not host:
            raise OSError(errno.EINVAL, "no address was named")  # noqa: TRY301 - told below
        found = socket.getaddrinfo(
            host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        family, _, _, _, address = min(found, key=lambda each: each[0] != socket.AF_INET)
        listener = socket.create_server(
            address[:2],
            family=family,
            backlog=_BACKLOG,
            dualstack_ipv6=host == "::" and socket.has_dualstack_ipv6(),
        )
    except OSError as error:
        problem, cure = f"cannot listen there: {error.strerror}", "name an address of this machine"
        if error.errno == errno.EADDRINUSE:
            problem = f"port {settings.port} is taken"
            cure = "name another one, or 0 for any that is free"
        elif error.errno == errno.EACCES:
            cure = "ports below 1024 are for root; name a higher one"
        raise ServiceError(problem, subject=one_line(settings.host) or "host", cure=cure) from error
    with listener:
        yield listener


@contextlib.contextmanager
def _parts_in(settings: Settings) -> Iterator[None]:
    """Have the parts of uploads on the store's disk, not on the one for temporary files.

    Those files have no name: nothing of them is left, even when the server is killed.
    """
    from workbench.storage.store import store_folder

    folder = Path(settings.folder) if settings.folder else store_folder()
    if settings.store and "://" not in settings.store:
        folder = Path(settings.store)
    incoming = folder.expanduser().absolute() / "incoming"
    try:
        incoming.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(error, incoming) from error
    before = tempfile.tempdir
    tempfile.tempdir = str(incoming)
    try:
        yield
    finally:
        tempfile.tempdir = before


def _run(
    settings: Settings,
    app: ASGIApp,
    listener: socket.socket,
    stopping: _Stop,
    started: Callable[[], None],
) -> None:
    import uvicorn

    from workbench.service.server.guards import BodyDeadline, Stopping
    from workbench.service.server.protocol import timed

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                started()

    starting = _Starting(Stopping(BodyDeadline(app, settings.body_seconds)))
    config = uvicorn.Config(
        starting,
        http=timed(
            head_seconds=settings.head_seconds,
            stall_seconds=settings.body_seconds,
            connections=min(settings.connections, _open_files() - _SPARE),
        ),
        ws="none",
        loop="asyncio",  # the one the tests know, whatever else is installed
        lifespan="on",
        log_config=_logs(settings.tokens),
        server_header=False,
        # Answers and jobs have one grace together: half for each.
        timeout_graceful_shutdown=math.ceil(settings.grace / 2),
        backlog=_BACKLOG,
    )
    server = Server(config)
    stopping.server = server
    try:
        server.run(sockets=[listener])
    except SystemExit:
        if starting.failure is None:
            raise
    except asyncio.CancelledError:
        pass  # what still ran when the grace was over
    if starting.failure is not None:
        raise starting.failure


class _Starting:
    """Keeps what went wrong at the start or the end; uvicorn would log a traceback, and exit."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.failure: WorkbenchError | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on."""
        if scope["type"] != "lifespan":
            await self.app(scope, receive, send)
            return
        phase = "startup"

        async def noted(message: Message) -> None:
            nonlocal phase
            if message["type"] == "lifespan.startup.complete":
                phase = "shutdown"
            if not message["type"].endswith(".failed"):  # then its exception follows, or has to
                await send(message)

        try:
            await self.app(scope, receive, noted)
        except WorkbenchError as error:
            self.failure = error
            await send({"type": f"lifespan.{phase}.failed", "message": str(error)})
        except Exception as error:
            logging.getLogger(__name__).exception("the server failed in its %s", phase)
            self.failure = ServiceError(
                f"failed in its {phase} ({type(error).__name__})", cure="the log says more"
            )
            await send({"type": f"lifespan.{phase}.failed", "message": ""})


def _open_files() -> int:
    """Return how many files may be open at once, after asking for as many as may be asked for."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 1 << 16 if hard == resource.RLIM_INFINITY else min(hard, 1 << 16)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        for number in (wanted, 10_240, 4096):  # macOS allows fewer than it says
            with contextlib.suppress(OSError, ValueError):
                resource.setrlimit(resource.RLIMIT_NOFILE, (min(number, wanted), hard))
                soft = min(number, wanted)
                break
    if soft == resource.RLIM_INFINITY:
        return wanted
    if soft <= _SPARE:
        raise ParameterError(
            f"{soft} open files are too few", subject="ulimit -n", cure="allow 1024 or more"
        )
    return soft


class _Lines(logging.Formatter):
    """Writes log lines without what follows a path's question mark, and without the tokens."""

    def __init__(self, *, tokens: tuple[str, ...] = ()) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")
        self._tokens = tokens

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        if record.name == "uvicorn.access" and isinstance(record.args, tuple):
            copied = logging.makeLogRecord(vars(record))
            copied.args = tuple(
                one_line(each.partition("?")[0]) if isinstance(each, str) else each
                for each in record.args
            )
            record = copied
        line = super().format(record)
        for token in self._tokens:
            line = line.replace(token, "…")
        return line


def _logs(tokens: tuple[str, ...]) -> dict[str, Any]:
    """Return what `logging.config` is told: all to standard error, as systemd wants it."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": _Lines, "tokens": tokens}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {name: {"level": "INFO"} for name in ("uvicorn.access", "uvicorn.error")}
        | {"workbench": {"level": "INFO"}},
    }
