"""A part of a file with its streams as they are: cut between packets, nothing decoded.

ffmpeg's own ``-ss -t -c copy`` leaves holes: it counts in decoding order, so that frames before the
end are missing between others that are after it, and shifts the start by the delay of B-frames.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from workbench.errors import Cancelled, MediaError
from workbench.media.limits import CLIP_FORMATS, file_url

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["remux"]

_ATTACHED_PICTURE = 1024
_MICRO = Fraction(1, 1_000_000)  # seconds: the clock of a container
_APART = 10  # seconds by which the streams of a file are interleaved, at most
_REORDERED = 32  # frames; codecs reorder at most 16


def remux(
    path: Path,
    part: Path,
    container: str,
    start: Fraction,
    end: Fraction,
    *,
    picture: bool,
    report: Callable[[float], None],
    cancel: threading.Event | None,
) -> tuple[Fraction, Fraction]:
    """Copy the packets between two times into a file; return where they really begin and end.

    Parameters
    ----------
    path
        What is cut.
    part
        Where the result goes.
    container
        FFmpeg's name of its format.
    start
        Seconds; that of a key frame where there is a picture.
    end
        Seconds. The last group of frames that depend on each other is kept whole.
    picture
        Whether the first picture is kept besides the first sound.
    report
        Told which part is done.
    cancel
        Set it from another thread to stop.

    Raises
    ------
    MediaError
        When the file cannot be read, or the format does not hold its codecs.
    Cancelled
        On request.
    """
    import av

    options = {"format_whitelist": CLIP_FORMATS, "protocol_whitelist": "file"}
    writing = {"movflags": "+faststart"} if container in {"mp4", "mov", "ipod"} else {}
    try:
        with (
            av.open(file_url(path), options=options, metadata_errors="replace") as given,
            av.open(file_url(part), "w", format=container, options=writing) as made,
        ):
            zero = (given.start_time or 0) * _MICRO
            cut = _Cut(given, zero, start + zero, end + zero, picture=picture)
            cut.open(made)
            for done in cut.copy(made):
                if cancel is not None and cancel.is_set():
                    raise Cancelled("stopped on request", subject=path.name)
                report(min(1.0, float(done)))
            return cut.first - zero, cut.last - zero
    except (av.FFmpegError, ValueError) as error:
        raise MediaError(
            f"cannot be copied into {container} ({getattr(error, 'strerror', None) or error})",
            subject=str(path),
            cure="cut it precisely",
        ) from error


class _Cut:
    """Which packets are kept; times are those of the file, not yet shifted to its zero."""

    def __init__(
        self, given: Any, zero: Fraction, start: Fraction, end: Fraction, *, picture: bool
    ) -> None:
        self._given = given
        self.first, self.last = start, end
        self._video: Any = None
        self._audio: Any = None
        for stream in given.streams:
            if stream.type == "video" and picture and self._video is None:
                cover = int(stream.disposition) & _ATTACHED_PICTURE
                self._video = None if cover else stream
            elif stream.type == "audio" and self._audio is None:
                self._audio = stream
        self._zero = zero
        self._kept = self._done = 0  # pictures to copy, and copied
        if self._video is not None:
            self._choose_pictures(self._video)
        # Whether the block before the first is kept: a sound decoder starts from it, and an edit
        # list hides it. A sound by itself has one only where its file begins, before zero.
        self._early = self._video is not None or self.first <= zero
        self._into: dict[int, Any] = {}

    def _choose_pictures(self, video: Any) -> None:
        """Find the packets from the key frame to the end of the last group that is needed."""
        clock = Fraction(video.time_base)
        self._given.seek(_ticks(self.first, clock), stream=video)
        found: list[tuple[Fraction, Fraction]] = []
        beyond = 0
        for packet in self._given.demux(video):
            if packet.pts is None or not packet.size:
                continue
            time = packet.pts * clock
            if not found and time < self.first:
                continue
            found.append((time, (packet.duration or 0) * clock))
            beyond += time >= self.last
            if beyond > _REORDERED:
                break
        if not found:
            raise ValueError("there is no frame to copy")
        self.first = found[0][0]
        kept = max((n for n, (time, _) in enumerate(found) if time < self.last), default=0) + 1
        highest = max(time for time, _ in found[:kept])
        while kept < len(found) and found[kept][0] < highest:
            kept += 1
        self._kept = kept
        time, span = max(found[:kept])
        self.last = time + span

    def open(self, made: Any) -> None:
        """Give the result a stream for each that is kept."""
        for stream in (self._video, self._audio):
            if stream is not None:
                self._into[stream.index] = made.add_stream_from_template(stream)

    def copy(self, made: Any) -> Iterator[Fraction]:
        """Copy what is kept; yield the part that is done, a packet at a time."""
        if self._video is not None:
            self._given.seek(_ticks(self.first, self._video.time_base), stream=self._video)
        else:
            self._given.seek(_ticks(self.first, _MICRO))
        streams = [each for each in (self._video, self._audio) if each is not None]
        shift, ends = (self.first if self._early else None), self.first
        for packet in self._given.demux(streams):
            if packet.pts is None or not packet.size:
                continue
            clock = Fraction(packet.time_base)
            if packet.pts * clock > self.last + _APART:
                break
            if not self._wanted(packet):
                continue
            time, span = packet.pts * clock, (packet.duration or 0) * clock
            shift = time if shift is None else shift
            ends = max(ends, time + span)
            packet.pts -= _ticks(shift, clock)
            packet.dts = packet.pts if packet.dts is None else packet.dts - _ticks(shift, clock)
            packet.stream = self._into[packet.stream.index]
            made.mux(packet)
            yield (time - shift) / max(self.last - shift, Fraction(1, 1000))
        if shift is None or ends <= self.first:
            raise ValueError("there is nothing to copy")
        if self._video is None:
            self.first, self.last = max(shift, self._zero), ends

    def _wanted(self, packet: Any) -> bool:
        """Whether a packet, the next of its stream, is kept."""
        clock = Fraction(packet.time_base)
        time, span = packet.pts * clock, (packet.duration or 0) * clock
        if packet.stream is not self._video:
            early = time + span < self.first if self._early else time + span <= self.first
            return not early and time < self.last
        if self._done == self._kept or (not self._done and time < self.first):
            return False
        self._done += 1
        return bool(time >= self.first)  # what is shown before the key frame needs what is cut off


def _ticks(seconds: Fraction, clock: Any) -> int:
    return round(seconds / Fraction(clock))
