"""Times in whole steps: hundredths of a second in a file, frames in a piece of a video.

An ASS file counts hundredths of a second, which a video of 30 frames a second does not. So a piece
of a video is written frame by frame: what moves is a text of its own in every frame, and no event
depends on the fraction of a hundredth in which its piece begins.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["CLOCK", "HUNDREDTHS", "RATE", "Clock", "Moving", "Row", "stamp", "time_of_frame"]

RATE = 100  # ASS counts time in hundredths of a second
CLOCK = 60
"""The time in seconds at which the first frame of a piece stands; there are none before zero."""

_CLOSE = 1e-6  # of a step: two sums of the same times differ by less


@dataclass(frozen=True)
class Clock:
    """Seconds to whole steps.

    Parameters
    ----------
    rate
        Steps a second.
    frames
        Whether a step is a frame: a time is then the first frame at or after it. Else it is the
        nearest step.

    Examples
    --------
    >>> HUNDREDTHS.at(0.334), Clock(30, frames=True).at(0.334)
    (33, 11)
    """

    rate: int
    frames: bool

    def at(self, seconds: float) -> int:
        """Return the step of a time."""
        if self.frames:
            return ceil(seconds * self.rate - _CLOSE)
        return int(seconds * self.rate + 0.5)


HUNDREDTHS = Clock(RATE, frames=False)


class Moving(Protocol):
    """What changes while an event is shown."""

    def going(self, first: int, last: int) -> str:
        """Return the commands that let it go on by itself from `first` to `last`, in steps."""
        ...

    def still(self, now: int) -> str:
        """Return the commands for how it is in one step."""
        ...


@dataclass(frozen=True, kw_only=True)
class Row:
    """What is drawn from one step to another.

    Parameters
    ----------
    first, last
        Steps; the last is not included.
    layer
        Higher ones are drawn over lower ones.
    sheet
        The fields of its style, as in the file.
    text
        Pieces of ASS text, and what moves.
    comment
        Whether it is for readers of the file and not drawn.
    """

    first: int
    last: int
    layer: int
    sheet: str
    text: tuple[str | Moving, ...]
    comment: bool = False

    def going(self) -> str:
        """Return the text of an event that lasts as long as the row."""
        return "".join(
            part if isinstance(part, str) else part.going(self.first, self.last)
            for part in self.text
        )

    def stills(self, first: int, last: int) -> Iterator[tuple[int, int, str]]:
        """Yield texts that hold still, from when to when, between two steps."""
        first, last = max(first, self.first), min(last, self.last)
        if first >= last:
            return
        if all(isinstance(part, str) for part in self.text):
            yield first, last, self.going()
            return
        begin, before = first, self._still(first)
        for now in range(first + 1, last):
            text = self._still(now)
            if text != before:
                yield begin, now, before
                begin, before = now, text
        yield begin, last, before

    def _still(self, now: int) -> str:
        return "".join(part if isinstance(part, str) else part.still(now) for part in self.text)


def time_of_frame(frame: int, fps: int) -> int:
    """Return when an event begins that is to be seen from a frame of a piece on, in hundredths.

    libass counts whole milliseconds, cut off. The last hundredth before the frame is after the
    frame before it, below 100 frames a second.

    Examples
    --------
    >>> time_of_frame(0, 30), time_of_frame(1, 30), time_of_frame(3, 30)
    (5999, 6003, 6009)
    """
    return CLOCK * RATE - (-frame * RATE // fps) - 1


def stamp(hundredths: int) -> str:
    """Return a time as an ASS file has it; pysubs2 ends at ten hours, and an audiobook may not.

    Examples
    --------
    >>> stamp(6003)
    '0:01:00.03'
    """
    seconds, hundredths = divmod(hundredths, RATE)
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}.{hundredths:02}"
