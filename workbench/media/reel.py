"""A video's frames by their times: decoded forwards, and wound on where that is quicker."""

from __future__ import annotations

from contextlib import ExitStack
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from workbench.errors import Cancelled, MediaError
from workbench.media.containers import opened, shown_stream

if TYPE_CHECKING:
    import threading
    from pathlib import Path

    from workbench.media.limits import Limits
    from workbench.media.stills import Picture

__all__ = ["Reel"]

_LEAP = 5.0  # seconds to the next frame from which on seeking is quicker than going on
_KEYED = 12.0  # seconds between two key frames at the most, but for screen recordings
_ROUNDED = 1e-6  # seconds


class Reel:
    """A video that is being looked at; use it as a block.

    Parameters
    ----------
    path
        A clip that was probed.
    limits
        What it may be at most.
    cancel
        Set it from another thread to stop.
    """

    def __init__(self, path: Path, limits: Limits, cancel: threading.Event | None = None) -> None:
        self._path, self._limits, self._cancel = path, limits, cancel
        self._open = ExitStack()
        self._now: Any = None
        self._next: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def picture(self, seconds: float, width: int, height: int) -> Picture:
        """Return the frame that is seen at a time; beyond the end, the last one.

        Parameters
        ----------
        seconds
            From the first frame, none earlier than those asked for before.
        width, height
            Pixels as it is seen, which is after it has been turned.

        Returns
        -------
        ndarray of uint8
            RGB, shape ``(height, width, 3)``.

        Raises
        ------
        MediaError
            When nothing can be decoded there.
        Cancelled
            On request.
        """
        import av

        try:
            frame = self._at(seconds)
            turns = round(frame.rotation / 90) % 4
            size = (height, width) if turns % 2 else (width, height)
            rgb = frame.to_ndarray(format="rgb24", width=size[0], height=size[1])
        except av.FFmpegError as error:
            raise MediaError("cannot be decoded there", subject=str(self._path)) from error
        return np.ascontiguousarray(np.rot90(rgb, turns))

    def _at(self, seconds: float) -> Any:
        if self._now is None or seconds - self._time(self._now) > _LEAP:
            self._enter(seconds)
        while self._next is not None and self._time(self._next) <= seconds + _ROUNDED:
            self._now, self._next = self._next, self._read()
        return self._now

    def _enter(self, seconds: float) -> None:
        """Decode from a place up to which nothing is missing."""
        for lead in (0.0, _KEYED):  # some formats show nothing until the next key frame
            begin = seconds - lead
            if begin <= 0:
                break
            if self._now is None:
                self._rewind()
            self._container.seek(round((begin + self._zero) / self._clock), stream=self._stream)
            self._frames = iter(self._container.decode(self._stream))
            self._now, self._next = self._read(), self._read()
            if self._now is not None and self._time(self._now) <= seconds + _ROUNDED:
                return
        # Not by seeking: in some formats even a seek to the start passes over a lone key frame.
        self._rewind()
        self._now, self._next = self._read(), self._read()
        if self._now is None:
            raise MediaError("its picture has no frames", subject=str(self._path))

    def _rewind(self) -> None:
        self._open.close()
        self._container = self._open.enter_context(opened(self._path, self._limits))
        self._stream = shown_stream(self._container, self._limits)
        self._stream.thread_type = "AUTO"
        self._clock = Fraction(self._stream.time_base)
        self._zero = float((self._stream.start_time or 0) * self._clock)
        self._frames = iter(self._container.decode(self._stream))

    def _time(self, frame: Any) -> float:
        return 0.0 if frame.time is None else float(frame.time) - self._zero

    def _read(self) -> Any:
        if self._cancel is not None and self._cancel.is_set():
            raise Cancelled("stopped on request", subject=self._path.name)
        return next(self._frames, None)
