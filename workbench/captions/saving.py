"""Cues written back to their file, unless someone else has written to it meanwhile."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from workbench.captions.chosen import flag
from workbench.captions.typed import is_empty
from workbench.disk import storage_error
from workbench.errors import StorageError, TextError
from workbench.paths import user_path

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from workbench.captions.cues import Cues
    from workbench.captions.styles import Style

__all__ = ["fingerprint", "save", "taken"]


def fingerprint(path: str | os.PathLike[str]) -> str:
    """Return what changes when the content of a file does; empty when there is none.

    Raises
    ------
    StorageError
        When it cannot be read.

    Examples
    --------
    >>> fingerprint("there-is-no-such-file.srt")
    ''
    """
    file = user_path(path)
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise storage_error(error, file) from error


def taken(path: str | os.PathLike[str], seen: str = "") -> str:
    """Return why a file should not be replaced; empty when it is as it was seen, or not there.

    Parameters
    ----------
    path
        The file.
    seen
        Its `fingerprint` when it was last read or written; empty when it never was.

    Raises
    ------
    StorageError
        When it cannot be read.

    Examples
    --------
    >>> taken("there-is-no-such-file.srt")
    ''
    """
    now = fingerprint(path)
    if not now or now == seen:
        return ""
    return "was changed since it was read" if seen else "is there already"


def save(
    cues: Cues,
    path: str | os.PathLike[str],
    *,
    seen: str = "",
    overwrite: bool = False,
    style: str | Style = "plain",
    width: int = 1920,
    height: int = 1080,
) -> Path:
    """Write cues to a file, whole or not at all; what another wrote there is not lost.

    Cues without text are left out: no format has them.

    Parameters
    ----------
    cues
        Captions.
    path
        Its suffix names the format, as in `Cues.write`.
    seen
        The `fingerprint` of the file as it was when the cues were read from it or last written.
    overwrite
        Whether a file may be replaced that is not as it was seen.
    style, width, height
        For .ass only, as in `Cues.to_ass`.

    Raises
    ------
    StorageError
        When another has written to the file, its folder does not exist, or it cannot be written.
    ParameterError
        When the suffix is that of no caption format.
    TextError
        When there is no text.

    Examples
    --------
    >>> from workbench.captions.cues import Cues
    >>> from workbench.captions.editing import insert
    >>> from workbench.storage.atomic import workspace
    >>> one = insert(Cues(cues=()), 0, text="Hola")
    >>> with workspace() as folder:
    ...     path = save(one, folder / "a.srt")
    ...     seen = fingerprint(path)
    ...     path = save(one.shift(1), path, seen=seen)
    ...     save(one, path, seen=seen)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    workbench.errors.StorageError: .../a.srt: was changed since it was read; ...
    """
    file = user_path(path)
    told = replace(cues, cues=tuple(cue for cue in cues if not is_empty(cue)))
    if not told.cues:
        raise TextError("there is no text to save", subject=str(file))
    if not file.parent.is_dir():
        raise StorageError(
            "there is no such folder", subject=str(file.parent),
            cure="make it first, or save in another",
        )  # fmt: skip
    if not flag("overwrite", overwrite) and (why := taken(file, seen)):
        raise StorageError(
            why, subject=str(file),
            cure="save under another name, or replace it with overwrite=True",
        )  # fmt: skip
    return told.write(file, style=style, width=width, height=height)
