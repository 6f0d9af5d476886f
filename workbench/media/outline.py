"""The outline of a long recording: read once, block by block, and kept by what the file holds.

An hour of MP3 takes a second or more to decode, and a notebook's cell should not wait for it. So
there are two outlines: `rough_outline` looks at some moments of the file and takes a fraction of a
second, `outline` reads all of it and remembers what it found.
"""

from __future__ import annotations

import hashlib
import struct
import threading
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from workbench.errors import Cancelled, MediaError
from workbench.media.containers import opened
from workbench.media.limits import DEFAULT_LIMITS, Limits, existing
from workbench.storage.cache import FileCache, cache_folder, key

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from pathlib import Path

    from workbench.audio import Samples

__all__ = ["Outline", "Peaks", "kept_outline", "outline", "rough_outline"]

Peaks = NDArray[np.int8]
"""Lowest and highest value of each column, shape ``(columns, 2)``, -127 to 127 for full scale."""

_COLUMNS = 100  # a second: one for every other pixel where a minute fills a wide screen 20 times
_MOMENTS = 240  # that a rough outline looks at: as many as a still picture has bars
_RUN = 3  # frames at each
_WARM = 3  # before them: where MP3 is begun in the middle, they are up to 1.5 dB too loud
_BLOCK = 1 << 17  # frames, looked at together
_LIMIT = 200_000_000  # bytes of outlines kept: some 300 hours
_HEAD = "<d"  # what a kept file begins with: the seconds
_one = threading.Lock()  # two views of a file ask at once, and the second need not read it again


@dataclass(frozen=True, kw_only=True, eq=False)
class Outline:
    """The lowest and the highest value of each stretch of a sound.

    Parameters
    ----------
    values
        int8 of shape ``(columns, 2)``, -127 to 127 for full scale; the columns share the time.
    duration
        Seconds.
    exact
        Whether every sample was looked at.

    Examples
    --------
    >>> found = Outline(values=np.array([[-1, 1], [-5, 2], [0, 9]], np.int8), duration=3.0)
    >>> found.peaks(1).tolist(), found.peaks(2, start=1.0, end=3.0).tolist()
    ([[-5, 9]], [[-5, 2], [0, 9]])
    """

    values: Peaks
    duration: float
    exact: bool = True

    def peaks(self, columns: int, *, start: float = 0.0, end: float | None = None) -> Peaks:
        """Return at most that many columns of the part from `start` to `end` seconds."""
        share = len(self.values) / (self.duration or 1.0)
        first = int(max(0.0, start) * share + 1e-6)
        last = len(self.values) if end is None else int(np.ceil(end * share - 1e-6))
        part = self.values[first : max(first + 1, last)]
        columns = min(columns, len(part))
        if columns < 1:
            return np.zeros((0, 2), np.int8)
        edges = np.linspace(0, len(part), columns, endpoint=False).astype(np.intp)
        low = np.minimum.reduceat(part[:, 0], edges)
        return np.stack([low, np.maximum.reduceat(part[:, 1], edges)], axis=1)


def outline(
    path: str | os.PathLike[str],
    *,
    limits: Limits = DEFAULT_LIMITS,
    cancel: threading.Event | None = None,
) -> Outline:
    """Return the outline of all the sound in a file, 100 columns a second.

    It is kept on disk by the sha256 of the file, so that the next time takes as long as reading
    the file's bytes.

    Parameters
    ----------
    path
        A recording, or a video with sound.
    limits
        What the file may be at most.
    cancel
        Set it from another thread to stop.

    Raises
    ------
    MediaError
        When there is no such file, it has no sound, or it is damaged.
    Cancelled
        On request.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from workbench.audio import Audio
    >>> with TemporaryDirectory() as folder:
    ...     outline(Audio.silence(1.5, 8000).write(f"{folder}/pause.wav")).values.shape
    (150, 2)
    """
    file = existing(path)
    name = _name(file)
    with _one:
        found = _kept(name)
        if found is not None:
            return found
        values, seconds = _read(file, limits, cancel)
        if not len(values):
            raise MediaError("has no samples", subject=str(path))
        _cache().put(name, struct.pack(_HEAD, seconds) + values.tobytes())
    return Outline(values=values, duration=seconds)


def kept_outline(path: str | os.PathLike[str]) -> Outline | None:
    """Return what `outline` found before, None when this file was not read yet.

    Raises
    ------
    MediaError
        When there is no such file.
    """
    return _kept(_name(existing(path)))


def rough_outline(
    path: str | os.PathLike[str], duration: float, *, limits: Limits = DEFAULT_LIMITS
) -> Outline:
    """Return an outline of 240 moments of a file, spread over it: what lies between is not read.

    Parameters
    ----------
    path
        A recording, or a video with sound.
    duration
        Seconds it lasts.
    limits
        What the file may be at most.

    Raises
    ------
    MediaError
        When there is no such file, or it has no sound.
    """
    import av

    file = existing(path)
    values = np.zeros((_MOMENTS, 2), np.float32)
    with opened(file, limits) as container:
        if not container.streams.audio:
            raise MediaError("has no sound", subject=str(path))
        stream: Any = container.streams.audio[0]
        for column in range(_MOMENTS):
            at = int((column + 0.5) / _MOMENTS * duration / stream.time_base)
            try:
                container.seek(at + (stream.start_time or 0), stream=stream)
                found = [_ends(frame) for frame in islice(container.decode(stream), _WARM + _RUN)]
            except av.FFmpegError:  # a moment that cannot be read has no height
                continue
            found = found[_WARM:] or found
            if found:
                values[column] = min(low for low, _ in found), max(high for _, high in found)
    scaled = (values * 127).clip(-127, 127).round().astype(np.int8)
    return Outline(values=scaled, duration=duration, exact=False)


def _ends(frame: Any) -> tuple[float, float]:
    """Return the lowest and the highest value of a decoded frame, full scale 1."""
    samples = _mono(frame)
    return float(samples.min(initial=0)), float(samples.max(initial=0))


def _mono(frame: Any) -> Samples:
    """Return the mean of the channels of a decoded frame, full scale 1."""
    samples = frame.to_ndarray()
    if not frame.format.is_planar:
        samples = samples.reshape(-1, frame.layout.nb_channels).T
    middle, half = 0.0, 1.0
    if samples.dtype.kind != "f":
        half = -float(np.iinfo(samples.dtype).min) or 128.0  # bytes count from 0, silence is 128
        middle = half if samples.dtype.kind == "u" else 0.0
    return np.asarray((samples.mean(axis=0) - middle) / half, np.float32)


def _read(file: Path, limits: Limits, cancel: threading.Event | None) -> tuple[Peaks, float]:
    """Return the columns and the seconds of a file.

    Here and not by libsndfile, which seeks after every block that it reads: in MP3 that can be
    heard, and its messages go to the terminal.
    """
    found: list[Peaks] = []
    waiting: list[Samples] = []
    held = frames = 0
    rate = 0
    for frame in _frames(file, limits):
        if cancel is not None and cancel.is_set():
            raise Cancelled("stopped on request", subject=file.name)
        rate = rate or frame.sample_rate
        waiting.append(_mono(frame))
        held += len(waiting[-1])
        frames += len(waiting[-1])
        if held >= _BLOCK:
            whole, rest = _whole(np.concatenate(waiting), rate)
            found.append(whole)
            waiting, held = [rest], len(rest)
    if held:
        whole, rest = _whole(np.concatenate(waiting), rate)
        found.append(whole)
        if len(rest):  # what the last column lacks is less than a hundredth of a second
            found.append(_columns(rest[np.newaxis]))
    values = np.concatenate(found) if found else np.zeros((0, 2), np.int8)
    return values, frames / (rate or 1)


def _whole(samples: Samples, rate: int) -> tuple[Peaks, Samples]:
    """Return the columns that are whole, and the samples that are left."""
    width = max(1, rate // _COLUMNS)
    count = len(samples) // width * width
    return _columns(samples[:count].reshape(-1, width)), samples[count:]


def _columns(rows: Samples) -> Peaks:
    if not rows.size:
        return np.zeros((0, 2), np.int8)
    ends = np.stack([rows.min(axis=1), rows.max(axis=1)], axis=1) * 127
    return np.asarray(ends.clip(-127, 127).round(), np.int8)


def _frames(file: Path, limits: Limits) -> Iterator[Any]:
    import av

    with opened(file, limits) as container:
        if not container.streams.audio:
            raise MediaError("has no sound", subject=str(file))
        try:
            yield from container.decode(container.streams.audio[0])
        except av.FFmpegError as error:
            raise MediaError("its sound cannot be decoded", subject=str(file)) from error


def _cache() -> FileCache:
    return FileCache(cache_folder() / "outlines", suffix=".peaks", limit=_LIMIT)


def _name(file: Path) -> str:
    with file.open("rb") as stream:
        content = hashlib.file_digest(stream, "sha256").hexdigest()
    return key({"outline": content, "columns": _COLUMNS})


def _kept(name: str) -> Outline | None:
    path = _cache().get(name)
    if path is None:
        return None
    try:
        data = path.read_bytes()
    except OSError:  # removed since it was looked at
        return None
    head = struct.calcsize(_HEAD)
    values = np.frombuffer(data[head:], np.int8).reshape(-1, 2)
    return Outline(values=values, duration=struct.unpack(_HEAD, data[:head])[0])
