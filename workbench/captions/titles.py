"""Titles and lower thirds: text that names what is seen, drawn over the captions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, get_args

from workbench.captions import styles
from workbench.captions.styles import Style
from workbench.errors import ParameterError, one_line, suggest

__all__ = ["KINDS", "TITLES", "Kind", "Title", "title_style"]

Kind = Literal["title", "lower-third"]
KINDS: tuple[str, ...] = get_args(Kind)
TITLES = MappingProxyType(
    {
        known.name: known
        for known in (
            Style(
                name="title", size=10, bold=True, position="center", margin=8, outline_width=4,
                shadow=5, blur=3,
            ),
            Style(
                name="lower-third", size=5, bold=True, position="bottom", outline_width=0,
                background="box", box="#0b1220e0", active="#ffd400", padding=40, corner=0,
            ),
        )
    }
)  # fmt: skip
"""What a title of each kind looks like unless it says so itself; `active` is the bar's colour."""

_UPRIGHT = 0.6  # of the size, in a frame higher than wide: as many letters fit in a line
_READING = 12.0  # letters a second, slower than captions: the eye has to find a title first
_SHORTEST = 2.5  # seconds
_LONGEST_TEXT = 500


@dataclass(frozen=True, kw_only=True)
class Title:
    """A title or a lower third.

    Parameters
    ----------
    text
        What it says; a new line is kept. 1 to 500 letters.
    detail
        What stands below in smaller letters: a date, a person's work.
    start
        Seconds.
    end
        Seconds, after the start; None for as long as it takes to read.
    kind
        ``title`` is large and stands in the middle, ``lower-third`` stands on the left above the
        captions.
    style
        A style, or the name of one of `TITLES` or of the captions' styles; None for the kind's own.
    fade
        Seconds it takes to appear and to vanish, 0 to 5.

    Raises
    ------
    ParameterError
        When it says nothing or too much, lasts no time, or a value is out of range.

    Examples
    --------
    >>> title = Title(text="Ana Soto", detail="Bióloga", start=2, kind="lower-third")
    >>> title.end
    4.5
    >>> Title(text="")
    Traceback (most recent call last):
    workbench.errors.ParameterError: title: must say something
    """

    text: str
    detail: str = ""
    start: float = 0.0
    end: float | None = None
    kind: Kind = "title"
    style: Style | str | None = None
    fade: float = 0.3

    def __post_init__(self) -> None:
        said: dict[str, Any] = {"title": self.text, "detail": self.detail}
        for name, text in said.items():
            if not isinstance(text, str) or len(text) > _LONGEST_TEXT:
                raise ParameterError(
                    f"must be text of up to {_LONGEST_TEXT} letters, "
                    f"not {one_line(repr(text), limit=60)}",
                    subject=name,
                )
        if not self.text.strip():
            raise ParameterError("must say something", subject="title")
        if self.kind not in KINDS:
            cure = suggest(str(self.kind), KINDS) or f"the kinds are {', '.join(KINDS)}"
            raise ParameterError(f"is unknown: {self.kind!r}", subject="kind", cure=cure)
        object.__setattr__(self, "start", _seconds("start", self.start, 0.0, math.inf))
        object.__setattr__(self, "fade", _seconds("fade", self.fade, 0.0, 5.0))
        letters = len(self.text) + len(self.detail)
        end = self.start + max(_SHORTEST, letters / _READING) if self.end is None else self.end
        object.__setattr__(self, "end", _seconds("end", end, self.start, math.inf))
        if self.end == self.start:
            raise ParameterError("must be after the start", subject="end")
        if self.style is not None:
            title_style(self.style)

    def to_dict(self) -> dict[str, Any]:
        """Return the title as plain values, for JSON."""
        style = self.style.to_dict() if isinstance(self.style, Style) else self.style
        return {
            "text": self.text, "detail": self.detail, "start": self.start, "end": self.end,
            "kind": self.kind, "style": style, "fade": self.fade,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Title:
        """Return the title that `to_dict` described."""
        style = data["style"]
        return cls(**{**data, "style": Style.build(style) if isinstance(style, dict) else style})

    def look(self, width: int, height: int, safe_area: str = "margin") -> Style:
        """Return its style in a frame of that many pixels, beside captions with that safe area."""
        if self.style is not None:
            return title_style(self.style)
        own = TITLES[self.kind].but(safe_area=safe_area)
        return own.but(size=own.size * _UPRIGHT) if height > width else own


def title_style(chosen: str | Style) -> Style:
    """Return the style of that name, or the style itself.

    Raises
    ------
    ParameterError
        When there is no such style; the nearest is offered.
    """
    if isinstance(chosen, str) and chosen in TITLES:
        return TITLES[chosen]
    return styles.style(chosen)


def _seconds(name: str, value: object, low: float, high: float) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not low <= float(value) <= high or math.isinf(float(value)):  # type: ignore[arg-type]
        span = f"a number of seconds from {low:g}" + (f" to {high:g}" if high < math.inf else "")
        raise ParameterError(f"must be {span}, not {value!r}", subject=name)
    return float(value)  # type: ignore[arg-type]
