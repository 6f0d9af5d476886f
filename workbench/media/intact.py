"""Whether a clip goes on as long as it says: a decoder at the end of a cut file tells nothing.

Of the damaged files that tests here use, ffmpeg decodes 8.2 of 13.1 s, 3.7 of 11 s and 2.9 of 13 s
and ends with exit code 0.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from workbench.errors import MediaError
from workbench.media.containers import opened, pictures_in
from workbench.media.limits import DEFAULT_LIMITS, Limits, existing

if TYPE_CHECKING:
    import os
    from pathlib import Path

__all__ = ["check_intact"]

_WHOLE = 0.98  # of the seconds that a file declares; containers round to frames of their own
_SHORT = 0.25  # seconds that may be missing of a file so short that 2 % are less than a frame
_UNKNOWN = 0x7FFF_0000  # bytes of a WAV file from which on a size means that it is not known
_TAIL = 2.0  # seconds before the end at which reading begins
# Formats that write down how long they last. Others are estimated from what is there.
_DECLARING = {"mov", "matroska", "wav", "flac", "aiff"}


def check_intact(path: str | os.PathLike[str], *, limits: Limits = DEFAULT_LIMITS) -> None:
    """Raise when a clip or a recording ends before it says it does.

    Packets near the end are read and not decoded: what is broken inside is for the decoder to
    tell. A file is read once as long as it does not change.

    Parameters
    ----------
    path
        A clip or a recording.
    limits
        What it may be at most.

    Raises
    ------
    MediaNotFound
        When there is no such file.
    MediaError
        When less than 98 % of the declared seconds are there, or its end cannot be read.

    Examples
    --------
    >>> from workbench.audio import Audio
    >>> from workbench.storage.atomic import workspace
    >>> with workspace() as folder:
    ...     sound = Audio.silence(2, 8000).write(folder / "a.wav")
    ...     check_intact(sound)
    ...     _ = sound.write_bytes(sound.read_bytes()[:16_000])
    ...     try:
    ...         check_intact(sound)
    ...     except MediaError as error:
    ...         print(error.problem)
    is damaged: 1.0 of 2.0 s are there
    """
    file = existing(path)
    seen = file.stat()
    there, declared = _seconds(file, seen.st_mtime_ns, seen.st_size, limits)
    if there < declared * _WHOLE and there < declared - _SHORT:
        raise MediaError(
            f"is damaged: {there:.1f} of {declared:.1f} s are there",
            subject=str(path),
            cure="make or fetch it again",
        )


@lru_cache(maxsize=256)
def _seconds(
    path: Path,
    changed: int,  # noqa: ARG001 - a part of the cache's key
    size: int,
    limits: Limits,
) -> tuple[float, float]:
    """Return how far a file goes, and how far it says it does; 0, 0 where it does not say."""
    import av

    try:
        with opened(path, limits) as container:
            name = container.format.name.split(",")[0]
            if name not in _DECLARING or not container.duration:
                return 0.0, 0.0
            whole = container.duration / av.time_base
            if name == "wav":  # libavformat takes the length from the file's size when it is cut
                return whole, whole / _data_there(path, size)
            declared, sound = _declared(container)
            start = (container.start_time or 0) / av.time_base
            ends = _ends(container, max(0.0, whole - _TAIL))
        if declared.keys() - ends.keys() or not ends:  # one ends before the tail, or all is short
            with opened(path, limits) as container:
                ends = _ends(container, None)
    except (av.FFmpegError, ValueError) as error:
        raise MediaError(
            "cannot be read to its end", subject=str(path), cure="make or fetch it again"
        ) from error
    if declared:
        pairs = [(ends.get(index, 0.0), seconds) for index, seconds in declared.items()]
        return min(pairs, key=lambda pair: pair[0] - pair[1])
    # Matroska says it of all streams together. A still last frame has no length there.
    return (max(ends.values(), default=0.0), whole + start) if sound else (whole, whole)


def _data_there(path: Path, size: int) -> float:
    """Return which share of its samples a WAV file holds; 1 when its header does not know."""
    with path.open("rb") as file:
        if file.read(4) != b"RIFF" or len(file.read(8)) < 8:  # noqa: PLR2004 - size and "WAVE"
            return 1.0
        while len(head := file.read(8)) == 8:  # noqa: PLR2004 - a chunk's name and size
            declared = int.from_bytes(head[4:], "little")
            if head[:4] == b"data":
                there = size - file.tell()
                # Whoever writes to a pipe cannot come back and fill in the size.
                return 1.0 if not there < declared < _UNKNOWN else max(1e-6, there / declared)
            file.seek(declared + declared % 2, 1)
    return 1.0


def _used(container: Any) -> list[Any]:
    """Return the streams that are seen and heard: the first of each kind."""
    return [*pictures_in(container)[:1], *container.streams.audio[:1]]


def _declared(container: Any) -> tuple[dict[int, float], bool]:
    """Return the time at which each stream says it ends, and whether there is sound."""
    used = _used(container)
    ends = {
        s.index: float((s.duration + (s.start_time or 0)) * s.time_base) for s in used if s.duration
    }
    return ends, any(s.type == "audio" for s in used)


def _ends(container: Any, start: float | None) -> dict[int, float]:
    """Return the time at which the last packet of each stream ends, reading from `start` on."""
    import av

    ends: dict[int, float] = {}
    try:
        if start is not None:
            container.seek(round(start * av.time_base))
        for packet in container.demux(_used(container)):
            if packet.pts is not None:
                end = float((packet.pts + (packet.duration or 0)) * packet.time_base)
                ends[packet.stream.index] = max(ends.get(packet.stream.index, 0.0), end)
    except av.FFmpegError:  # what is there ends here, or it is too short to seek in
        pass
    return ends
