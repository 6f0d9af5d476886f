"""What a command line says in words of its own: times, sizes, loudness."""

from __future__ import annotations

import re

from workbench.errors import ParameterError, suggest

__all__ = ["dimensions", "level_or_none", "loudness_target", "seconds"]


def seconds(text: str, name: str) -> float:
    """Return a time that is written in seconds, as ``m:ss`` or ``h:mm:ss``.

    Raises
    ------
    ParameterError
        When it is not.

    Examples
    --------
    >>> seconds("1:02.5", "--start"), seconds("90", "--start")
    (62.5, 90.0)
    """
    if not re.fullmatch(r"(\d{1,3}:){0,2}\d{1,9}(\.\d{1,9})?", text, re.ASCII):
        raise ParameterError(
            f"is no time: {text[:40]!r}", subject=name, cure="write seconds, m:ss or h:mm:ss"
        )
    total = 0.0
    for part in text.split(":"):
        total = total * 60 + float(part)
    return total


def dimensions(text: str | None, name: str) -> tuple[int, int] | None:
    """Return a size that is written as ``WIDTHxHEIGHT``, or as one of the builder's names.

    Raises
    ------
    ParameterError
        When it is not.

    Examples
    --------
    >>> dimensions("9:16", "--size"), dimensions("640x360", "--size")
    ((1080, 1920), (640, 360))
    """
    from workbench.media.video import SIZES

    if text is None or text in SIZES:
        return None if text is None else SIZES[text]
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text, re.ASCII)
    if match is None:
        raise ParameterError(
            f"is no size: {text[:40]!r}",
            subject=name,
            cure=f"write WIDTHxHEIGHT, or one of {', '.join(SIZES)}",
        )
    return int(match[1]), int(match[2])


def level_or_none(text: str, name: str) -> str | float | None:
    """Return a loudness as `loudness_target` does, and None for ``none``: as it is.

    Examples
    --------
    >>> level_or_none("none", "--loudness"), level_or_none("podcast", "--loudness")
    (None, 'podcast')
    """
    return None if text == "none" else loudness_target(text, name)


def loudness_target(text: str, name: str) -> str | float:
    """Return a loudness that is written as a target's name or in LUFS.

    Raises
    ------
    ParameterError
        When it is neither.

    Examples
    --------
    >>> loudness_target("podcast", "--target"), loudness_target("-18", "--target")
    ('podcast', -18.0)
    """
    from workbench.media.loudness import TARGETS, target_level

    if text in TARGETS:
        return text
    try:
        level = float(text)
    except ValueError as error:
        cure = suggest(text[:40], TARGETS, most=1) or f"one of {', '.join(TARGETS)}, or LUFS"
        raise ParameterError(f"is no loudness: {text[:40]!r}", subject=name, cure=cure) from error
    return target_level(level)
