"""What the page may ask of a clip beside its media: its outline, and its spectrum as a picture."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from workbench.errors import ParameterError, shown
from workbench.widgets.spectrum import HEIGHTS, WIDTHS, spectrum_png

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.widgets.clip import Clip

__all__ = ["ANSWERS", "outline_part", "spectrum_part"]

Answer = tuple[dict[str, Any], bytes]

_COLUMNS = 4_000


def outline_part(clip: Clip, content: dict[str, Any]) -> Answer:
    """Return the exact outline of a part of a clip, as the int8 pairs that the page draws.

    Parameters
    ----------
    clip
        What is looked at. A long file is read, which takes some seconds.
    content
        ``start`` and ``end`` of the part in seconds; all of it without them.

    Raises
    ------
    ParameterError, MediaError
        When that is no part of it, or it cannot be read.

    Examples
    --------
    >>> from workbench.audio import Audio
    >>> from workbench.widgets.clip import Clip
    >>> message, data = outline_part(Clip.of(Audio.silence(2, 8000)), {"start": 0.5, "end": 1})
    >>> message["start"], message["end"], message["duration"], len(data)
    (0.5, 1.0, 2.0, 8000)
    """
    start, end = _part(clip, content)
    values, duration = clip.outline(_COLUMNS, start=start, end=end)
    whole = end is None
    told = {"start": start, "end": duration if whole else end, "duration": duration}
    return {"kind": "outline", **told}, values.tobytes()


def spectrum_part(clip: Clip, content: dict[str, Any]) -> Answer:
    """Return the spectrum of a part of a clip as a PNG; see `workbench.widgets.spectrum`.

    Parameters
    ----------
    clip
        What is looked at.
    content
        ``start``, ``end``, ``width`` and ``height``: seconds, and pixels within the limits.

    Raises
    ------
    ParameterError, MediaError
        When that is no part of it, or it cannot be read.
    """
    start, end = _part(clip, content)
    width, height = (
        min(max(int(_number(content, name, limits[1])), limits[0]), limits[1])
        for name, limits in (("width", WIDTHS), ("height", HEIGHTS))
    )
    data = spectrum_png(clip, start=start, end=end, width=width, height=height)
    return {"kind": "spectrum", "start": start, "end": clip.duration if end is None else end}, data


def _part(clip: Clip, content: dict[str, Any]) -> tuple[float, float | None]:
    start = _number(content, "start", 0.0)
    end = None if content.get("end") is None else _number(content, "end", 0.0)
    if start < 0 or (end is not None and not start < end):
        raise ParameterError(
            f"must be a part of {clip.duration:g} s, not {shown(start)} to {shown(end)}",
            subject="part",
        )
    return start, end


def _number(content: dict[str, Any], name: str, default: float) -> float:
    value = content.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ParameterError(f"must be a number, not {shown(value)}", subject=name)
    return float(value)


ANSWERS: dict[str, Callable[[Clip, dict[str, Any]], Answer]] = {
    "outline?": outline_part,
    "spectrum?": spectrum_part,
}
"""What answers a message of the page, by its kind."""
