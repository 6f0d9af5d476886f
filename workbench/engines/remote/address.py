"""The address of a server and the key that it wants, which stands in no message."""

from __future__ import annotations

import hashlib
import ipaddress
import os
import re
from urllib.parse import urlsplit

from workbench.errors import (
    EngineMissing,
    ModelError,
    ParameterError,
    WorkbenchError,
    one_line,
)

__all__ = ["KEY", "URL", "Address"]

URL = "WORKBENCH_REMOTE_URL"
KEY = "WORKBENCH_REMOTE_KEY"

_EXAMPLE = "http://localhost:8880/v1"
# What servers themselves repeat of a key when they refuse it: sk-ab***yz, Bearer abcd.
_SECRET = re.compile(r"\b(?:sk|pk|hf|gsk|xi|Bearer)[-_ ][\w.*-]{4,}")


class Address:
    """Where a server is, and the key for it.

    Parameters
    ----------
    url
        Its base, ``http`` or ``https``, with ``/v1`` or without; None for what
        ``WORKBENCH_REMOTE_URL`` says.
    key
        Sent as a bearer token; None for what ``WORKBENCH_REMOTE_KEY`` says, if anything.

    Raises
    ------
    EngineMissing
        When no address is known.
    ModelError, ParameterError
        When the address or the key cannot be one: from the environment, or as an argument.

    Examples
    --------
    >>> Address("http://localhost:8880").base
    'http://localhost:8880/v1'
    >>> Address("https://example.org/v1", "abc-123")
    Address('https://example.org/v1')
    >>> Address("https://user:secret@example.org/v1")
    Traceback (most recent call last):
    workbench.errors.ParameterError: url: holds a name or a password; put the key in ...
    """

    def __init__(self, url: str | None = None, key: str | None = None) -> None:
        given = os.environ.get(URL, "") if url is None else url
        if url is None and not given.strip():
            raise EngineMissing(
                f"needs the address of a server, and {URL} is not set",
                subject="remote",
                cure=f"set {URL}={_EXAMPLE} (and {KEY} where it wants a key)",
            )
        self.base, self.host = _base(given.strip(), URL if url is None else "")
        given = os.environ.get(KEY, "") if key is None else key
        self._key = _checked(given.strip(), KEY if key is None else "")

    def __repr__(self) -> str:
        return f"Address({self.base!r})"

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("an address holds a key and is not to be written down")

    @property
    def digest(self) -> str:
        """Eight hex digits of the address's sha256; the key has no part in it."""
        return hashlib.sha256(self.base.encode()).hexdigest()[:8]

    @property
    def has_key(self) -> bool:
        """Whether there is a key to send."""
        return bool(self._key)

    @property
    def authorization(self) -> str:
        """The header that carries the key; empty without one."""
        return f"Bearer {self._key}" if self._key else ""

    @property
    def is_here(self) -> bool:
        """Whether it is on this machine: a loopback address, or ``localhost``."""
        name = re.sub(r":\d+$", "", self.host).strip("[]")
        try:
            return ipaddress.ip_address(name).is_loopback
        except ValueError:
            return name == "localhost" or name.endswith(".localhost")

    def scrub(self, text: str) -> str:
        """Return `text` in one line, the key and what looks like one left out.

        Examples
        --------
        >>> Address("http://localhost", "swordfish").scrub("no such key: swordfish, sk-ab12**yz")
        'no such key: [key], [key]'
        """
        if self._key:
            text = text.replace(self._key, "[key]")
        return one_line(" ".join(_SECRET.sub("[key]", text).split()), limit=200)


def _base(address: str, variable: str) -> tuple[str, str]:
    """Return the base with its version, and the host with its port."""

    def wrong(problem: str, cure: str) -> WorkbenchError:
        kind = ModelError if variable else ParameterError
        return kind(problem, subject=variable or "url", cure=cure)

    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:  # a port that is no number, half an IPv6 address
        parts, host, port = urlsplit(""), None, None
    if "@" in address:
        raise wrong("holds a name or a password", f"put the key in {KEY}")
    odd = re.search(r"[\s\\\x00-\x1f]", address)
    if parts.scheme not in {"http", "https"} or not host or odd:
        raise wrong("is not an address of http or https", f"write it as {_EXAMPLE}")
    if parts.query or parts.fragment:
        raise wrong("has a query or a fragment", f"write it as {_EXAMPLE}")
    named = f"[{host}]" if ":" in host else host
    place = f"{named}:{port}" if port else named
    path = parts.path.rstrip("/")
    if not re.search(r"/v\d+$", path):
        path += "/v1"
    return f"{parts.scheme}://{place}{path}", place


def _checked(key: str, variable: str) -> str:
    if not all("!" <= char <= "~" for char in key):
        kind = ModelError if variable else ParameterError
        raise kind(
            "holds white space or letters that no key has",
            subject=variable or "key",
            cure="copy it again",
        )
    return key
