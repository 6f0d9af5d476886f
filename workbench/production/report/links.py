"""Addresses of files as they are seen from a page, whatever their names hold."""

from __future__ import annotations

import os
import re
from pathlib import PurePath
from urllib.parse import quote

__all__ = ["file_name", "url_of"]

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_SAFE = ("http://", "https://")


def url_of(path: str, folder: str) -> str:
    """Return the address of a file as a page in a folder has to write it.

    Parameters
    ----------
    path
        Absolute, or an address in a store.
    folder
        The absolute path of the page's folder.

    Returns
    -------
    str
        Relative and percent-encoded; empty for what no browser can open.

    Examples
    --------
    >>> url_of("/out/clips/a#b?.mp4", "/out"), url_of("/in/a.wav", "/out")
    ('clips/a%23b%3F.mp4', '../in/a.wav')
    >>> url_of("s3://bucket/a.mp4", "/out")
    ''
    """
    if _SCHEME.match(path):
        return quote(path, safe=":/?=&%") if path.startswith(_SAFE) else ""
    if not path or "\0" in path:
        return ""
    try:
        relative = os.path.relpath(path, folder)
    except ValueError:  # on another drive of Windows
        return PurePath(path).as_uri()
    return quote(_bytes(PurePath(relative).as_posix()))


def file_name(path: str) -> str:
    """Return the last part of a path, for people."""
    return _bytes(PurePath(path).name or path).decode("utf-8", "replace")


def _bytes(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")  # the bytes of a name that is not UTF-8
    except UnicodeEncodeError:  # other halves of letters: no file is called so
        return text.encode("utf-8", "replace")
