"""A part of a file with its streams as they are: cut between packets, nothing decoded.

ffmpeg's own ``-ss -t -c copy`` leaves holes: it counts in decoding order, so that frames before the
end are missing between others that are after it, and shifts the start by the delay of B-frames.
"""

from __future__ import annotations

import errno
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from workbench.errors import Cancelled, MediaError
from workbench.media.containers import INDEXED, opened, pictures_in
from workbench.media.limits import DEFAULT_LIMITS, Limits, file_url

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["remux"]

_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # what a full disk, quota or file says
_MICRO = Fraction(1, 1_000_000)  # seconds: the clock of a container
_KEYED = Fraction(12)  # seconds between two key frames at the most, but for screen recordings
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
    limits: Limits = DEFAULT_LIMITS,
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
    limits
        What the file may be at most.

    Raises
    ------
    MediaError
        When the file cannot be read, or the format does not hold its codecs.
    Cancelled
        On request.
    OSError
        When the disk is full.
    """
    import av

    writing = {"fflags": "+bitexact"}  # Ogg's streams would have a number by chance
    if container in {"mp4", "mov", "ipod"}:
        writing["movflags"] = "+faststart"
    try:
        with opened(path, limits) as given:
            cut = _Cut(given, start, end, picture=picture)
        # Opened again: seeking to the first frame passes over the sound that is stored before it.
        with (
            opened(path, limits) as given,
            av.open(file_url(part), "w", format=container, options=writing) as made,
        ):
            for done in cut.copy(given, made):
                if cancel is not None and cancel.is_set():
                    raise Cancelled("stopped on request", subject=path.name)
                report(min(1.0, float(done)))
        return cut.first - cut.zero, cut.last - cut.zero
    except (av.FFmpegError, ValueError) as error:
        if isinstance(error, OSError) and error.errno in _DISK:
            raise OSError(error.errno, error.strerror) from error
        raise MediaError(
            f"cannot be copied into {container} ({getattr(error, 'strerror', None) or error})",
            subject=str(path),
            cure="cut it precisely",
        ) from error


class _Cut:
    """Which packets are kept; times are those of the file, not yet shifted to its zero."""

    def __init__(self, given: Any, start: Fraction, end: Fraction, *, picture: bool) -> None:
        self.zero = (given.start_time or 0) * _MICRO
        self.first, self.last = start + self.zero, end + self.zero
        self._video = self._audio = None  # the numbers of the streams
        for stream in given.streams.audio[:1]:
            self._audio = stream.index
        for stream in pictures_in(given)[:1] if picture else ():
            self._video = stream.index
        self._kept = self._done = 0  # pictures to copy, and copied
        if self._video is not None:
            self._choose_pictures(given, given.streams[self._video])
        # Whether the block before the first is kept: a sound decoder starts from it, and an edit
        # list hides it. A sound by itself has one only where its file begins, before zero.
        self._early = self._video is not None or self.first <= self.zero
        self._dts: dict[int, int] = {}

    def _choose_pictures(self, given: Any, video: Any) -> None:
        """Find the packets from the key frame to the end of the last group that is needed."""
        found: list[tuple[Fraction, Fraction]] = []
        if given.format.name.split(",")[0] in INDEXED:
            clock = Fraction(video.time_base)
            for lead in (Fraction(0), _KEYED, self.first - self.zero):
                # Some files are entered late: then from further ahead.
                given.seek(_ticks(max(self.zero, self.first - lead), clock), stream=video)
                found = self._pictures(given, video)
                if found and found[0][0] == self.first:
                    break
        else:  # even a seek to the start may pass over a lone key frame: all is read from there
            found = self._pictures(given, video)
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

    def _pictures(self, given: Any, video: Any) -> list[tuple[Fraction, Fraction]]:
        """Return times and durations from the first key frame that is not before the start."""
        clock = Fraction(video.time_base)
        found: list[tuple[Fraction, Fraction]] = []
        beyond = 0
        for packet in given.demux(video):
            if packet.pts is None or not packet.size:
                continue
            time = packet.pts * clock
            if not found and (time < self.first or not packet.is_keyframe):
                continue
            found.append((time, (packet.duration or 0) * clock))
            beyond += time >= self.last
            if beyond > _REORDERED:
                break
        return found

    def copy(self, given: Any, made: Any) -> Iterator[Fraction]:
        """Copy what is kept; yield the part that is done, a packet at a time."""
        streams = [given.streams[n] for n in (self._video, self._audio) if n is not None]
        into = {stream.index: made.add_stream_from_template(stream) for stream in streams}
        early = self.first - self.zero - _KEYED
        if early > 0:
            given.seek(_ticks(self.zero + early, _MICRO))
        shift, ends = (self.first if self._early else None), self.first
        for packet in given.demux(streams):
            if packet.pts is None or not packet.size:
                continue
            clock = Fraction(packet.time_base)
            time, span = packet.pts * clock, (packet.duration or 0) * clock
            if time > self.last + _APART:
                break
            if not self._wanted(packet, time, span):
                continue
            shift = time if shift is None else shift
            ends = max(ends, time + span)
            self._move(packet, _ticks(shift, clock))
            packet.stream = into[packet.stream.index]
            made.mux(packet)
            yield (time - shift) / max(self.last - shift, Fraction(1, 1000))
        if shift is None or ends <= self.first:
            raise ValueError("there is nothing to copy")
        if self._video is None:
            self.first, self.last = max(shift, self.zero), ends

    def _wanted(self, packet: Any, time: Fraction, span: Fraction) -> bool:
        """Whether a packet, the next of its stream, is kept."""
        if packet.stream.index != self._video:
            early = time + span < self.first if self._early else time + span <= self.first
            return not early and time < self.last
        if not self._done and time > self.first:
            raise ValueError("its key frame is not found again")
        if not self._done and (time < self.first or not packet.is_keyframe):
            return False
        self._done += 1
        # What is shown before the key frame needs what is cut off.
        return self._done <= self._kept and time >= self.first

    def _move(self, packet: Any, ticks: int) -> None:
        """Shift a packet's times; Matroska has none for decoding, and an MP4 file needs them."""
        index, span = packet.stream.index, packet.duration or 1
        packet.pts -= ticks
        before = self._dts.get(index)
        if packet.dts is not None:
            dts = packet.dts - ticks
        elif before is not None:
            dts = before + span
        else:
            dts = packet.pts - span * int(packet.stream.codec_context.has_b_frames or 0)
        dts = min(dts, packet.pts)
        packet.dts = dts if before is None else max(dts, before + 1)
        self._dts[index] = packet.dts


def _ticks(seconds: Fraction, clock: Any) -> int:
    return round(seconds / Fraction(clock))
