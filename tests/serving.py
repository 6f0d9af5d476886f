"""`workbench serve` in a process of its own, as a person starts it."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["TOKEN", "Served", "served"]

TOKEN = "a-token-of-the-tests"  # noqa: S105 - opens a server that lives for a test
_ADDRESS = re.compile(r"http://[\w.]+:(\d+)")


@dataclass
class Served:
    """A server that runs."""

    process: subprocess.Popen[bytes]
    log: Path
    url: str
    token: str = field(default=TOKEN, repr=False)

    def client(self, *, token: bool = True) -> httpx.Client:
        """A client that knows the token."""
        headers = {"Authorization": self.token} if token else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60, trust_env=False)

    def kill(self) -> None:
        """End it at once, as a machine that loses its power does."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """End it as systemd does; return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


@contextlib.contextmanager
def served(
    folder: Path,
    *options: str,
    environment: dict[str, str] | None = None,
    port: int = 0,
    store: str = "",
) -> Iterator[Served]:
    """Run a server over a folder, or over another store, until the block ends."""
    log = folder.with_suffix(".log")
    command = [sys.executable, "-m", "workbench", "serve", "--store", store or str(folder)]
    command += ["--port", str(port), *options]
    env = {**os.environ, "AUTH_TOKENS": TOKEN, **(environment or {})}
    with log.open("ab") as file:
        before = log.stat().st_size
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, env=env)
    try:
        yield Served(process=process, log=log, url=_address(process, log, before))
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _address(process: subprocess.Popen[bytes], log: Path, before: int) -> str:
    """Return where it listens, once it answers there."""
    for _ in range(600):
        told = log.read_bytes()[before:].decode(errors="replace")
        found = _ADDRESS.search(told)
        if found:
            with contextlib.suppress(httpx.HTTPError):
                url = f"http://127.0.0.1:{found[1]}"
                if httpx.get(f"{url}/health", trust_env=False).status_code == 200:
                    return url
        if process.poll() is not None:
            raise AssertionError(f"the server ended with {process.returncode}: {told}")
        time.sleep(0.05)
    raise AssertionError(f"the server does not answer: {log.read_text()}")
