"""What a server says when it does not do what it was asked: the error, and whether to wait."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from workbench.engines.remote.address import KEY, URL
from workbench.errors import ModelAccess, ModelError, WorkbenchError

if TYPE_CHECKING:
    from workbench.engines.remote.address import Address

__all__ = ["Explain", "refusal", "said", "slow", "unreachable", "waiting"]

Explain: TypeAlias = Callable[[int, str], WorkbenchError | None]
"""Returns the error for a status of 4xx and what the server says, or None for the usual one."""

_BACKOFF = 0.5  # seconds before the first retry, doubled for each after it
_LONGEST_WAIT = 60.0  # seconds that a server may ask to wait for
_TOO_MANY, _UNAVAILABLE = 429, 503  # RFC 6585 and 9110: the statuses that may say when to come back


def said(address: Address, body: bytes, kind: str) -> str:
    r"""Return what a body says to a person, in one line without the key; often an error.

    Examples
    --------
    >>> from workbench.engines.remote.address import Address
    >>> here = Address("http://localhost", "swordfish")
    >>> said(here, b'{"error": {"message": "swordfish?\\nNo."}}', "application/json")
    '[key]? No.'
    >>> said(here, b"<html><title>Bad Gateway</title><h1>502</h1></html>", "text/html")
    'Bad Gateway'
    >>> said(here, b"\xff\x00\x01", "audio/wav")
    ''
    """
    text = body.decode("utf-8", "replace").strip()
    try:
        found = _message(json.loads(text))
    except (ValueError, RecursionError):
        if "html" in kind or text[:1] == "<":
            title = re.search(r"<title[^>]*>(.*?)</title>", text, re.DOTALL | re.IGNORECASE)
            text = html.unescape(re.sub(r"<[^>]*>", " ", title[1] if title else text))
        found = text if text.replace("\n", " ").replace("\t", " ").isprintable() else ""
    return address.scrub(found)


def refusal(
    address: Address, status: int, told: str, *, path: str, location: str = "", after: float | None
) -> WorkbenchError:
    """Return the error for a status that is not 2xx.

    Parameters
    ----------
    address
        Of the server.
    status, told
        The status, and what the server says of it.
    path
        What was asked for.
    location
        Where it sends, for 3xx.
    after
        Seconds after which it may be asked again, as far as it tells.
    """
    both = f"{status}: {told}" if told else f"{status}"
    host = address.host
    if status in {401, 403}:
        which = "refuses the key" if address.has_key else "wants a key"
        return ModelAccess(f"{which} ({both})", subject=host, cure=f"set {KEY} to a key of it")
    if status == _TOO_MANY:
        cure = "ask less often, or see what the account allows"
        cure = f"wait {after:g} s and ask again" if after else cure
        return ModelAccess(f"refuses at this rate ({both})", subject=host, cure=cure)
    if 300 <= status < 400:  # noqa: PLR2004 - redirection, RFC 9110
        place = address.scrub(location.partition("?")[0]) or "elsewhere"
        return ModelError(f"sends to {place} ({status})", subject=host, cure=f"set {URL} to that")
    if status in {404, 405}:
        return ModelError(
            f"has no {path}, or no such model ({both})",
            subject=host,
            cure=f"check {URL} and the option model",
        )
    if status >= 500:  # noqa: PLR2004 - the server's own fault, RFC 9110
        return ModelError(f"failed ({both})", subject=host, cure="look into the server's log")
    return ModelError(
        f"does not accept the request ({both})",
        subject=host,
        cure="check the options: model, voice, speed",
    )


def waiting(status: int, attempt: int, after: float | None) -> float | None:
    """Return after how many seconds it may be asked again; None for not at all.

    Examples
    --------
    >>> waiting(503, 1, None), waiting(429, 0, 7.0), waiting(429, 0, None), waiting(400, 0, 1.0)
    (1.0, 7.0, None, None)
    """
    if status == _UNAVAILABLE and after is None:
        return float(_BACKOFF * 2**attempt)
    if status in {_TOO_MANY, _UNAVAILABLE} and after is not None and after <= _LONGEST_WAIT:
        return after
    return None


def unreachable(address: Address, reason: str) -> ModelError:
    """Return the error for a server to which no connection comes about."""
    return ModelError(
        f"cannot be reached ({address.scrub(reason)})",
        subject=address.host,
        cure=f"start the server there, or set {URL} to where it runs",
    )


def slow(address: Address, seconds: float | None = None) -> ModelError:
    """Return the error for a server that takes too long."""
    span = "" if seconds is None else f" within {seconds:g} s"
    return ModelError(
        f"does not answer in time{span}",
        subject=address.host,
        cure="give it longer, as in timeout=600, or less to do",
    )


def _message(found: Any) -> str:
    """Return the text of an error in any of the shapes that servers give it."""
    for _ in range(5):  # {"detail": [{"msg": "..."}]} is the deepest that is known
        if isinstance(found, list) and found:
            found = found[0]
        elif isinstance(found, dict):
            keys = ("error", "message", "detail", "msg", "title", "status")
            found = next((found[key] for key in keys if found.get(key)), "")
        else:
            break
    return found if isinstance(found, str) else ""
