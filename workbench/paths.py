"""A path as a person writes it."""

from __future__ import annotations

import difflib
import itertools
import os
import re
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from workbench.errors import ParameterError, TextError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["TEXTS", "file_kind", "is_file", "near_file", "text_file", "user_path"]

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

_ODD_SUFFIX = re.compile(r".*[^.\s]\.[a-z][a-z0-9]{1,4}", re.IGNORECASE)  # as in hola.tx
# Of a sentence, never of a path that was meant; in other scripts too.
_END = tuple(".!?…,;:)\"'»”。．！？，、；：）」』】》।॥؟۔")  # noqa: RUF001 - they are meant
_NEAR = 300  # names that are compared: a table may have a thousand slips
_ALIKE = 0.6  # how much two names have in common, 0 to 1: difflib's own for close matches
_PATH_LENGTH = 1000  # letters; what is longer is a text


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


def text_file(
    text: str, suffixes: Sequence[str] = TEXTS, *, what: str = "script", folder: Path | None = None
) -> Path | None:
    """Return the file that a text names; None for a text that is to be said.

    One word with a separator or a suffix is meant as a path, and so is what names a file or a
    folder that is there, or ends in a file's suffix in a folder that is there. With a full stop at
    its end it is said.

    Parameters
    ----------
    text
        As a person wrote it.
    suffixes
        Of the files that can be read; none for all.
    what
        What the file should hold, for messages.
    folder
        What a relative path is meant in, by default the working directory.

    Raises
    ------
    TextError
        When it names a folder, a file of another kind, or looks like a path and nothing is there.

    Examples
    --------
    >>> text_file("Hello."), text_file("and/or."), text_file("talk.txt")
    (None, None, PosixPath('talk.txt'))
    >>> text_file("talks/monday")
    Traceback (most recent call last):
    workbench.errors.TextError: talks/monday: looks like a path, and there is no such file; \
check the path, or end it with a full stop if it is to be said
    """
    name = text.strip()
    if not name or len(name) > _PATH_LENGTH or len(name.splitlines()) > 1:
        return None
    known = {*suffixes, *TEXTS, *_OTHERS}
    kind = PurePath(name).suffix.lower()
    meant = not re.search(r"\s", name) and (kind in known or _like_path(name))
    try:
        path = user_path(name)
        place = folder / path if folder else path
        there, inside = place.exists(), place.parent.is_dir()
    except ParameterError:  # with a NUL, or in the home of nobody
        if meant:
            raise
        return None
    except OSError:  # too long for a name
        return path if kind in known and meant else None
    # Also with blanks, in a folder that is there.
    if not (there or meant or (inside and len(path.parts) > 1 and kind in known)):
        return None
    if place.is_dir():
        cure = "name a file in it, or end it with a full stop if it is to be said"
        raise TextError(
            f"is a folder, not a {what}", subject=name, cure=cure
        ) from IsADirectoryError(name)
    if there or kind in known:
        if suffixes and kind not in suffixes:
            cure = f"give the text, or a file that ends in {', '.join(suffixes)}"
            told = f"is the name of a {kind[1:] or 'file'}, not a {what}"
            raise TextError(told, subject=name, cure=cure)
        return path
    cure = near_file(place, path) or "check the path"
    raise TextError(
        "looks like a path, and there is no such file",
        subject=name,
        cure=f"{cure.rstrip('?')}, or end it with a full stop if it is to be said",
    ) from FileNotFoundError(name)


def near_file(path: Path, written: Path) -> str:
    """Return a hint at a file of nearly that name beside it; empty for none.

    Parameters
    ----------
    path
        Where it was looked for.
    written
        The same as a person wrote it, in whose folder the hint names the other.
    """
    try:
        with os.scandir(path.parent) as entries:
            names = [entry.name for entry in itertools.islice(entries, _NEAR)]
    except OSError:
        return ""
    # By their stems: a.txt and b.txt have nothing in common but what they are.
    near = [name for name in names if _alike(path.stem, PurePath(name).stem) >= _ALIKE]
    if not near or not written.name:
        return ""
    best = max(near, key=lambda name: _alike(path.name, name))
    return f"did you mean {str(written.with_name(best))!r}?"


def _alike(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one.lower(), other.lower()).ratio()


def _like_path(word: str) -> bool:
    """Whether a word is written as paths are, and sentences are not."""
    if word.endswith(_END) or not any(map(str.isalpha, word)):  # such as 24/7
        return False
    return "/" in word or "\\" in word or bool(_ODD_SUFFIX.fullmatch(word))
