"""Errors name files by their ids: where they lie on this machine is nobody's business.

The old server told whoever asked where its files lay, in results and in errors.
"""

from __future__ import annotations

import contextlib
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import ParameterError, WorkbenchError
from workbench.storage.ids import FileId

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.storage.store import Store

__all__ = ["naming", "pathless"]

# An absolute path begins where no word, address, colon or other path goes before it.
_PATH = re.compile(
    r"(?:(?<![\w/:.~<\\-])|(?<=file:))~?/(?=[^\s/])[^\s'\"`|<>()\[\]{}]*[^\s'\"`|<>()\[\]{},;:.!?]"
)
_REST = re.compile(r"[^\s'\"`|<>()\[\]{},;:]*")


def pathless(text: str, *roots: Path) -> str:
    """Return a text in which files of a store are called by their ids, others by their names.

    Parameters
    ----------
    text
        What is to be told.
    roots
        Folders whose names may have anything in them, such as a space.

    Examples
    --------
    >>> key = "image/0b5f3a0e-7c1d-4d6e-9d1b-1f2a3b4c5d6e.png"
    >>> pathless(f"/srv/my store/{key}: is damaged", Path("/srv/my store"))
    'image_0b5f3a0e-7c1d-4d6e-9d1b-1f2a3b4c5d6e.png: is damaged'
    >>> pathless("cannot open '/tmp/wb-1/in.wav' (see https://example.com/a/b), and/or 1/2")
    "cannot open 'in.wav' (see https://example.com/a/b), and/or 1/2"
    """
    for root in sorted({str(root) for root in roots}, key=len, reverse=True):
        if root.strip("/"):
            text = _below(text, root)
    return _PATH.sub(lambda found: _called(found[0]), text)


def _below(text: str, root: str) -> str:
    """Replace what begins with a folder's name, whatever letters that has."""
    parts = text.split(root)
    told = parts[0]
    for part in parts[1:]:
        rest = _REST.match(part)
        path = rest[0] if rest is not None and part.startswith("/") else ""
        told += (_called(path) if path else "the store") + part[len(path) :]
    return told


def _called(path: str) -> str:
    """Return the id of a file of a store, of any other file its name."""
    *_, folder, name = f"/{path}".rstrip("/").rsplit("/", 2)
    with contextlib.suppress(ParameterError):
        return str(FileId.parse(name))
    with contextlib.suppress(ParameterError):
        return str(FileId.parse(f"{folder}_{name}"))
    return name or "a folder"


@contextlib.contextmanager
def naming(store: Store) -> Iterator[None]:
    """Have the errors of a block name files of the store by their ids, and tell no path."""
    try:
        yield
    except WorkbenchError as error:
        roots = (store.folder, store.folder.resolve(), Path(tempfile.gettempdir()), Path.home())
        for name in ("subject", "problem", "cure"):
            setattr(error, name, pathless(str(getattr(error, name)), *roots))
        error.args = (error.problem,)
        raise
