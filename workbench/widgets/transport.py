"""What plays and can be moved about in: position, speed, play and pause, from both sides."""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import traitlets as t

from workbench.errors import ParameterError
from workbench.widgets.panel import Panel

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Transport", "checked_speed"]


class Transport(Panel):
    """A widget that plays.

    Attributes
    ----------
    position
        Seconds, as the page last reported it (on play, pause and seek). Set it to seek.
    playing
        Whether it plays, as the page last reported it. Set it to play or pause.
    speed
        1 for the speed it was recorded at, 0.25 to 4.
    """

    position = t.Float(0.0).tag(sync=True)
    playing = t.Bool(default_value=False).tag(sync=True)
    speed = t.Float(1.0).tag(sync=True)

    def __init__(self, **state: Any) -> None:
        self._quiet = False
        super().__init__(**state)

    def _length(self) -> float:
        """Return the seconds of what plays, 0 where only the page knows."""
        return 0.0

    # -- from Python --------------------------------------------------------------------------

    def play(self) -> None:
        """Play. A page that shows nothing yet begins when it does."""
        self._command({"kind": "play"})

    def pause(self) -> None:
        """Pause."""
        self._command({"kind": "pause"})

    def seek(self, time: float) -> None:
        """Go to `time` in seconds, from 0 to the end.

        Raises
        ------
        ParameterError
            When it is no finite number of seconds in what plays.
        """
        end = self._length() or math.inf
        if isinstance(time, bool) or not math.isfinite(time) or not 0 <= time <= end:
            raise ParameterError(f"must be 0 to {end:g} seconds, not {time!r}", subject="time")
        with self._quietly():
            self.position = float(time)
        self._command({"kind": "seek", "time": float(time)})

    # -- rules --------------------------------------------------------------------------------

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take over what the page reports, such as `position`; no state that is not its own."""
        with self._quietly():
            super().set_state(sync_data)

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        """Change the state without a command to the page, which knows or is told otherwise."""
        before, self._quiet = self._quiet, True
        try:
            yield
        finally:
            self._quiet = before

    @t.observe("position", "playing")
    def _changed(self, change: Any) -> None:
        """Let the page follow where the change came from Python."""
        if self._quiet:
            return
        if change.name == "position":
            self._command({"kind": "seek", "time": change.new})
        else:
            self._command({"kind": "play" if change.new else "pause"})

    @t.validate("position")
    def _valid_position(self, proposal: Any) -> float:
        seconds = float(proposal.value)
        if not math.isfinite(seconds):
            raise t.TraitError("position: must be a number of seconds")
        return max(0.0, min(seconds, self._length() or math.inf))

    @t.validate("speed")
    def _valid_speed(self, proposal: Any) -> float:
        if not _is_speed(proposal.value):
            raise t.TraitError(f"speed: must be 0.25 to 4, not {proposal.value!r}")
        return float(proposal.value)


def _is_speed(value: float) -> bool:
    return 0.25 <= value <= 4  # noqa: PLR2004 - what all browsers play with sound


def checked_speed(speed: object) -> float:
    """Return a speed that was given as an option.

    Raises
    ------
    ParameterError
        When it is no number from 0.25 to 4.
    """
    if isinstance(speed, int | float) and not isinstance(speed, bool) and _is_speed(speed):
        return float(speed)
    raise ParameterError(f"must be 0.25 to 4, not {speed!r}", subject="speed")
