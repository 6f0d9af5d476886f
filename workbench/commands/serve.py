"""``workbench serve``: the media server."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from workbench.errors import ParameterError, shown

__all__ = ["serve"]

# No more digits than a number of bytes has: thousands of them are no number to Python.
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,9})?)\s*([kmgt]?)(i?)b?", re.ASCII | re.IGNORECASE)
_TIME = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)\s*([smhdw]?)", re.ASCII | re.IGNORECASE)
_TYPED = {"bound": "--queue", "upload_limit": "--upload-limit"} | {
    name: f"--{name}" for name in ("host", "port", "quota", "ttl", "workers")
}
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def serve(
    *,
    host: Annotated[
        str, typer.Option("--host", help="Where to listen; 0.0.0.0 is every network.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="0 for any that is free.")] = 8000,
    store: Annotated[
        str, typer.Option("--store", help="A folder, or a URL such as s3://bucket/prefix.")
    ] = "",
    quota: Annotated[
        str, typer.Option("--quota", help="What all files may take, such as 50GB.")
    ] = "",
    ttl: Annotated[
        str, typer.Option("--ttl", help="When files are deleted, such as 12h or 7d; never.")
    ] = "never",
    token: Annotated[
        list[str] | None,
        typer.Option(
            "--token", help="What opens it; AUTH_TOKENS keeps it out of the list of processes."
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", help="Processes that do the work; 2 at most by default."),
    ] = None,
    queue: Annotated[int, typer.Option("--queue", help="Jobs that may wait.")] = 64,
    upload_limit: Annotated[
        str, typer.Option("--upload-limit", help="Of an upload, and of what a URL leads to.")
    ] = "512MiB",
    allow_host: Annotated[
        list[str] | None,
        typer.Option("--allow-host", help="A name by which it may be called; * for any."),
    ] = None,
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="Let URLs lead into private networks.")
    ] = False,
) -> None:
    """Serve speech, captioned videos and their pieces over HTTP.

    It prints its address, and a token made for this run unless you give one: --token, or
    AUTH_TOKENS="a,b".
    """
    from workbench.service.server.run import serve as run
    from workbench.service.settings import Settings

    try:
        settings = Settings(
            store=store,
            host=host,
            port=port,
            tokens=tuple(token or ()) or Settings.tokens_from_environment(),
            bound=queue,
            upload_limit=_bytes("--upload-limit", upload_limit),
            quota=_bytes("--quota", quota) if quota else None,
            ttl=None if ttl == "never" else _seconds("--ttl", ttl),
            allowed_hosts=tuple(allow_host or ()),
            private=allow_private,
            workers=Settings().workers if workers is None else workers,
        )
    except ParameterError as error:  # by the name that was typed
        error.subject = _TYPED.get(error.subject, error.subject)
        raise
    run(settings)


def _bytes(name: str, text: str) -> int:
    """Return a number of bytes.

    Examples
    --------
    >>> _bytes("--quota", "512MiB"), _bytes("--quota", "1.5 GB"), _bytes("--quota", "100")
    (536870912, 1500000000, 100)
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ParameterError(
            f"{shown(text)} is no size", subject=name, cure="such as 512MiB or 50GB"
        )
    unit = 1024 if match[3] else 1000
    power = " kmgt".index(match[2].lower() or " ")
    return round(float(match[1]) * float(unit**power))


def _seconds(name: str, text: str) -> float:
    """Return a number of seconds.

    Examples
    --------
    >>> _seconds("--ttl", "7d"), _seconds("--ttl", "90")
    (604800.0, 90.0)
    """
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise ParameterError(
            f"{shown(text)} is no time", subject=name, cure="such as 12h, 7d or never"
        )
    return float(match[1]) * _SECONDS[match[2].lower()]
