"""A path as a person writes it."""

from __future__ import annotations

import os
from pathlib import Path

from workbench.errors import ParameterError

__all__ = ["user_path"]


def user_path(path: str | os.PathLike[str]) -> Path:
    """Return `path` with ``~`` replaced by the home folder it means.

    Raises
    ------
    ParameterError
        When it is no path: empty, of another type, with a NUL, or in the home of nobody.

    Examples
    --------
    >>> user_path("out/short.mp4").as_posix()
    'out/short.mp4'
    >>> user_path("~nobody-of-that-name/a.mp4")
    Traceback (most recent call last):
    workbench.errors.ParameterError: ~nobody-of-that-name/a.mp4: is in the home of nobody here
    """
    if not isinstance(path, str | os.PathLike):
        raise ParameterError(f"must be a path, not {type(path).__name__}", subject="path")
    text = os.fspath(path)
    if not text or "\0" in text:
        raise ParameterError(f"{text!r} cannot be a path", subject="path")
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise ParameterError("is in the home of nobody here", subject=text) from error
