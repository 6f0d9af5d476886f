"""The token in a header, in each of the ways in which it is sent."""

from __future__ import annotations

import base64
import hashlib

__all__ = ["digest", "token_in"]


def token_in(header: str) -> str:
    """Return the token that an ``Authorization`` header holds.

    Examples
    --------
    >>> token_in("abc"), token_in("Bearer abc"), token_in("Basic bWU6YWJj")
    ('abc', 'abc', 'abc')
    """
    scheme, space, rest = header.partition(" ")
    if not space:
        return header
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() == "basic":
        try:
            pair = base64.b64decode(rest.strip(), validate=True).decode()
        except ValueError:
            return header
        return pair.partition(":")[2]
    return header


def digest(token: str) -> bytes:
    """Return what is kept and compared in a token's place."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
