"""What a media file may be before it is opened.

Which formats are opened at all stands in `workbench.formats`. A small file can describe an
enormous picture: pixels are limited before anything is decoded.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING

from workbench.errors import MediaNotFound, MediaTooLarge, ParameterError, shown, suggest
from workbench.formats import CLIP_FORMATS, LONGEST, STILL_FORMATS
from workbench.paths import user_path

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable
    from pathlib import Path

__all__ = [
    "CLIP_FORMATS",
    "DEFAULT_LIMITS",
    "STILL_FORMATS",
    "Limits",
    "choice",
    "existing",
    "file_url",
    "number",
    "whole",
]

_LISTED = 12  # choices that an error names


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How large a media file may be.

    Parameters
    ----------
    pixels
        Width times height of a picture or a frame.
    seconds
        Duration of a clip or a video.
    streams
        Streams of a container.
    memory
        Bytes of address space for a process that decodes a foreign file.
    """

    pixels: int = 40_000_000
    seconds: float = LONGEST
    streams: int = 32
    memory: int = 4 << 30

    def check_pixels(self, path: object, width: int, height: int) -> None:
        """Raise `MediaTooLarge` when a picture has more pixels than allowed."""
        if width * height > self.pixels:
            raise MediaTooLarge(
                f"is {width}x{height}, {width * height / 1e6:,.0f} megapixels, "
                f"over the limit of {self.pixels / 1e6:,.0f}",
                subject=str(path),
                cure="scale it down first",
            )

    def check_seconds(self, path: object, seconds: float) -> None:
        """Raise `MediaTooLarge` when something lasts longer than allowed."""
        if seconds > self.seconds:
            raise MediaTooLarge(
                f"lasts {seconds:,.0f} s, over the limit of {self.seconds:,.0f} s",
                subject=str(path),
                cure="cut it into parts",
            )


DEFAULT_LIMITS = Limits()


def existing(path: str | os.PathLike[str]) -> Path:
    """Return `path` as an absolute path of a plain file.

    Raises
    ------
    MediaNotFound
        When it names nothing, or a folder, a pipe or a device.
    """
    text = str(path)
    if "\0" in text:
        raise MediaNotFound("a file name cannot hold a NUL", subject=text)
    file = user_path(path)
    try:
        if file.is_file():
            return file.absolute()
        odd = file.exists()
    except OSError:  # a name longer than the file system allows
        odd = False
    if odd:
        raise MediaNotFound("is not a plain file", subject=text, cure="give the file itself")
    raise MediaNotFound("there is no such file", subject=text, cure="check the path")


def file_url(path: Path) -> str:
    """Return `path` in the form in which ffmpeg takes it for a file whatever its name.

    Examples
    --------
    >>> from pathlib import Path
    >>> file_url(Path("/tmp/-y"))
    'file:/tmp/-y'
    """
    return f"file:{path.absolute()}"


def number(name: str, value: object, low: float, high: float, *, unit: str = "") -> float:
    """Return `value` as a float within ``low..high``.

    Raises
    ------
    ParameterError
        When it is not a number, not finite or out of range; NaN and true are not numbers.

    Examples
    --------
    >>> number("fps", 30, 1, 120)
    30.0
    """
    tail = f" {unit}" if unit else ""
    try:
        found = float(value) if isinstance(value, Real) else math.nan
    except OverflowError:  # a whole number of hundreds of digits
        found = math.inf
    if isinstance(value, bool) or not math.isfinite(found):
        raise ParameterError(
            f"must be a number from {low:g} to {high:g}{tail}, not {shown(value)}", subject=name
        )
    if not low <= found <= high:
        raise ParameterError(
            f"must be from {low:g} to {high:g}{tail}, not {shown(value)}", subject=name
        )
    return found


def choice(name: str, value: object, choices: Iterable[str]) -> str:
    """Return `value` when it is one of the choices.

    Raises
    ------
    ParameterError
        When it is not; the nearest is offered.

    Examples
    --------
    >>> choice("scale", "mell", ("mel", "linear"))
    Traceback (most recent call last):
    workbench.errors.ParameterError: scale: 'mell' is not one of mel, linear; did you mean 'mel'?
    """
    known = tuple(choices)
    if not isinstance(value, str) or value not in known:
        listed = ", ".join(known[:_LISTED])
        if len(known) > _LISTED:  # or the nearest would stand behind all of them
            listed += f" … ({len(known)} in all)"
        raise ParameterError(
            f"{shown(value)} is not one of {listed}",
            subject=name,
            cure=suggest(value[:40], known, most=1) if isinstance(value, str) else "",
        )
    return value


def whole(name: str, value: object, low: int, high: int, *, unit: str = "") -> int:
    """Return `value` as a whole number within ``low..high``.

    Raises
    ------
    ParameterError
        When it is not a number, not whole or out of range.

    Examples
    --------
    >>> whole("columns", 4.0, 1, 50)
    4
    """
    found = number(name, value, low, high, unit=unit)
    if found != int(found):
        raise ParameterError(f"must be a whole number, not {shown(value)}", subject=name)
    return int(found)
