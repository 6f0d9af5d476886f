"""A path as a person writes it."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePath

from workbench.errors import ParameterError

__all__ = ["TEXTS", "file_kind", "is_file", "user_path"]

TEXTS = (".txt", ".md")
"""The suffixes of files that may hold a script."""

_OTHERS = frozenset(
    {
        ".srt",
        ".vtt",
        ".ass",
        ".mp4",
        ".mov",
        ".mkv",
        ".webm",
        ".avi",
        ".wav",
        ".mp3",
        ".flac",
        ".ogg",
        ".m4a",
        ".aac",
        ".png",
        ".jpg",
        ".jpeg",
        ".webp",
        ".gif",
        ".pdf",
        ".doc",
        ".docx",
        ".odt",
        ".rtf",
        ".epub",
        ".html",
        ".json",
        ".csv",
        ".toml",
        ".ipynb",
    }
)


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


def file_kind(text: str) -> str:
    """Return the suffix of a text that is nothing but a file's name, else an empty string.

    Examples
    --------
    >>> file_kind("notes.TXT"), file_kind("See notes.txt"), file_kind("Hello.")
    ('.txt', '', '')
    """
    name = text.strip()
    suffix = PurePath(name).suffix.lower() if not re.search(r"\s", name) else ""
    return suffix if suffix in TEXTS or suffix in _OTHERS else ""


def is_file(name: str) -> bool:
    """Whether a text, whatever it holds, is the path of a file that is there."""
    try:
        return bool(name) and "\n" not in name and Path(name).is_file()
    except (OSError, ValueError):  # too long for a name, or with a NUL
        return False
