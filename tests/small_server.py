"""A small application behind the real guards, protocol and runner, in a process of its own.

Run as a program it serves until a signal comes; what the tests use is `small_server`.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from fastapi import FastAPI, Request, UploadFile  # FastAPI looks annotations up here
from fastapi.responses import PlainTextResponse, StreamingResponse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from starlette.types import ASGIApp

    from workbench.service.settings import Settings

__all__ = ["TOKEN", "Small", "small_server"]

TOKEN = "a-token-of-the-tests"  # noqa: S105
LARGE = 32 << 20


@dataclass
class Small:
    """A server that runs."""

    process: subprocess.Popen[str]
    port: int
    line: str
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, *, token: str = TOKEN) -> httpx.Client:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60, trust_env=False)

    def peak(self) -> int:
        """Return the most memory the process ever had, in bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024

    def files(self) -> list[str]:
        """Return the files it has open, also those without a name, but for its log."""
        found = []
        for each in Path(f"/proc/{self.process.pid}/fd").iterdir():
            with contextlib.suppress(OSError):  # it was closed meanwhile
                found.append(str(each.readlink()))
        folder = str(self.log.parent)
        return sorted(path for path in found if path.startswith(folder) and path != str(self.log))

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)


@contextlib.contextmanager
def small_server(folder: Path, **settings: Any) -> Iterator[Small]:
    """Serve until the block ends."""
    settings = {"tokens": [TOKEN], "store": str(folder), "port": 0, **settings}
    log = folder.with_name(f"{folder.name}.log")
    command = [sys.executable, __file__, json.dumps(settings)]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with (
        log.open("ab") as errors,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment
        ) as process,
    ):
        try:
            line = process.stdout.readline()
            port = re.search(r"http://\S+:(\d+)", line)
            assert port, log.read_text(encoding="utf-8")
            yield Small(process=process, port=int(port[1]), line=line, log=log)
        finally:
            if process.poll() is None:
                process.kill()


def _make(settings: Settings) -> ASGIApp:
    from workbench.errors import StorageError
    from workbench.service.server.guards import HostGuard, TokenGuard, UploadLimit

    closed = Path(settings.store, "closed")

    @contextlib.asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        if os.environ.get("FAILS"):
            raise StorageError("cannot be written", subject="store")
        yield
        closed.touch()  # noqa: ASYNC240

    app = FastAPI(lifespan=life)

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.post("/upload")
    async def upload(file: UploadFile) -> dict[str, Any]:
        return {"size": file.size}

    @app.post("/form")
    async def form(request: Request) -> dict[str, Any]:
        async with request.form() as found:
            return {"fields": len(found)}

    @app.post("/stream")
    async def stream(request: Request) -> dict[str, int]:
        return {"size": sum([len(part) async for part in request.stream()])}

    @app.get("/sleep")
    async def sleep(seconds: float) -> dict[str, bool]:
        await asyncio.sleep(seconds)
        return {"done": True}

    @app.get("/large")
    async def large() -> StreamingResponse:
        return StreamingResponse(iter([b"\0" * 65536] * (LARGE // 65536)))

    @app.get("/broken")
    async def broken() -> PlainTextResponse:
        raise RuntimeError(f"with {settings.tokens[0]} in it")

    guarded = TokenGuard(UploadLimit(app, settings.upload_limit), settings.tokens)
    return HostGuard(guarded, settings.allowed_hosts)


def main() -> None:
    from workbench.errors import WorkbenchError
    from workbench.service.server.run import serve
    from workbench.service.settings import Settings

    given = json.loads(sys.argv[1])
    settings = dataclasses.replace(Settings(), **given | {"tokens": tuple(given["tokens"])})
    try:
        serve(settings, make=_make)
    except WorkbenchError as error:
        sys.exit(f"{error.code}: {error}")


if __name__ == "__main__":
    main()
