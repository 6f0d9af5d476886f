"""The names of files in a store: ``video_3f0c…e1.mp4``, its type, 122 random bits, its extension.

The extension comes from what the file is found to be, never from what somebody calls it, and both
are of a short list: no name can be a path, a hidden or temporary file, or a page of HTML.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass

from workbench.errors import ParameterError, shown

__all__ = ["EXTENSIONS", "FileId", "is_id"]

EXTENSIONS: dict[str, tuple[str, ...]] = {
    "image": (".jpg", ".png", ".webp", ".gif", ".bmp", ".tif", ".avif"),
    "video": (".mp4", ".mov", ".mkv", ".webm", ".avi", ".ts", ".m4v", ".3gp", ".flv"),
    "audio": (".wav", ".mp3", ".m4a", ".flac", ".ogg", ".opus", ".aac", ".aiff", ".pcm", ".mka"),
}
"""The extensions of each type of media."""

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
_ID = re.compile(rf"(image|video|audio)_({_UUID})(\.[a-z0-9]{{2,4}})", re.ASCII)


def is_id(text: str) -> bool:
    """Return whether a text is the id of a file.

    Examples
    --------
    >>> is_id(str(FileId.new("audio", ".wav"))), is_id("audio_1.wav")
    (True, False)
    """
    match = _ID.fullmatch(text)
    return match is not None and match[3] in EXTENSIONS[match[1]]


@dataclass(frozen=True, kw_only=True)
class FileId:
    """The id of a file, taken apart.

    Parameters
    ----------
    type
        ``image``, ``video`` or ``audio``.
    key
        A UUID of version 4.
    extension
        One of `EXTENSIONS` of its type, with the dot.

    Examples
    --------
    >>> name = FileId.new("audio", ".wav")
    >>> FileId.parse(str(name)) == name
    True
    >>> FileId.parse("audio_../../etc/passwd")
    Traceback (most recent call last):
    workbench.errors.ParameterError: file id: 'audio_../../etc/passwd' is none; ...
    """

    type: str
    key: str
    extension: str

    @classmethod
    def new(cls, type: str, extension: str) -> FileId:  # noqa: A002 - the wire's own word
        """Return an id nobody has had.

        Raises
        ------
        ParameterError
            When there is no such type, or it has no such extension.
        """
        if extension not in EXTENSIONS.get(type, ()):
            raise ParameterError(
                f"{shown(extension)} is no extension of {shown(type)}",
                subject="file type",
                cure=f"use one of {', '.join(e for all_ in EXTENSIONS.values() for e in all_)}",
            )
        return cls(type=type, key=str(uuid.uuid4()), extension=extension)

    @classmethod
    def parse(cls, text: object) -> FileId:
        """Return the id that a text is.

        Raises
        ------
        ParameterError
            When it is none.
        """
        match = _ID.fullmatch(text) if isinstance(text, str) else None
        if match is None or match[3] not in EXTENSIONS[match[1]]:
            raise ParameterError(
                f"{shown(text)} is none",
                subject="file id",
                cure="use an id as uploading or submitting returned it",
            )
        return cls(type=match[1], key=match[2], extension=match[3])

    @property
    def path(self) -> str:
        """Where it lies below the root of a store: ``video/<uuid>.mp4``."""
        return f"{self.type}/{self.key}{self.extension}"

    def __str__(self) -> str:
        return f"{self.type}_{self.key}{self.extension}"
