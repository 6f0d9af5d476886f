"""What a server is told when it starts."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from workbench.errors import ParameterError
from workbench.processors import threads

__all__ = ["Settings"]

_MIB = 1 << 20
_DAY = 86_400.0


def _workers() -> int:
    """Return at most two: each loads the models it needs, and ffmpeg uses several processors."""
    return min(2, threads())


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a server is told when it starts.

    Parameters
    ----------
    store
        A folder or a URL of fsspec's, such as ``s3://bucket/prefix``; empty for ``store_folder()``.
    folder
        Where the ledger and what is being written lie when `store` is a URL; empty for
        ``store_folder()``.
    host, port
        Where to listen; port 0 takes any that is free.
    tokens
        Each opens the server; with none, one is made at the start and printed.
    workers
        Processes that do the work.
    bound
        Jobs that may wait; more are refused with 429.
    upload_limit
        Bytes of an upload, and of what a URL leads to.
    quota
        Bytes the store may hold, None for as many as the disk has.
    allowed_hosts
        Names by which the server may be called, besides those of this machine's loopback;
        ``*`` for any.
    private
        Whether URLs may lead to private addresses.
    ttl
        Seconds after which a file is deleted; None for never.
    head_seconds, body_seconds
        In which the head of a request has to be there, and a part of its body has to follow.
    connections
        That may be open at once.
    grace
        Seconds running answers, and then jobs, get to end when the server is stopped.

    Raises
    ------
    ParameterError
        When a number is out of its range.
    """

    store: str = ""
    folder: str = ""
    host: str = "127.0.0.1"
    port: int = 8000
    tokens: tuple[str, ...] = field(default=(), repr=False)
    workers: int = field(default_factory=_workers)
    bound: int = 64
    upload_limit: int = 512 * _MIB
    quota: int | None = None
    allowed_hosts: tuple[str, ...] = ()
    private: bool = False
    ttl: float | None = None
    head_seconds: float = 10.0
    body_seconds: float = 20.0
    connections: int = 1000
    grace: float = 2.0

    def __post_init__(self) -> None:
        ranges = {
            "port": (0, 65_535),
            "workers": (1, 256),
            "bound": (1, 100_000),
            "upload_limit": (1, 1 << 50),
            "quota": (1, 1 << 60),
            "ttl": (1, 100 * 365 * _DAY),
            "head_seconds": (0.1, 3600),
            "body_seconds": (0.1, 3600),
            "connections": (1, 1_000_000),
            "grace": (0, 3600),
        }
        for name, (low, high) in ranges.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise ParameterError(f"must be {low:,} to {high:,}, not {value!r}", subject=name)
        for token in self.tokens:
            if not token or not token.isascii() or not token.isprintable() or " " in token:
                raise ParameterError(
                    "cannot be sent in a header",
                    subject="a token",
                    cure="use printable ASCII letters without spaces",
                )

    @classmethod
    def tokens_from_environment(cls) -> tuple[str, ...]:
        """Return what ``AUTH_TOKENS="a,b"`` names, the old server's variable."""
        named = os.environ.get("AUTH_TOKENS", "")
        return tuple(token.strip() for token in named.split(",") if token.strip())
