"""Read the sound of any recording or video."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from workbench.audio import Audio
from workbench.errors import Cancelled, MediaError
from workbench.media.ffmpeg import Failed, read
from workbench.media.intact import check_intact
from workbench.media.limits import DEFAULT_LIMITS, Limits, existing
from workbench.media.nodes import source
from workbench.media.probe import probe
from workbench.storage.atomic import workspace

if TYPE_CHECKING:
    import os
    import threading
    from collections.abc import Iterator
    from pathlib import Path

    from workbench.audio import Samples
    from workbench.media.probe import MediaInfo

__all__ = ["read_sound", "stream_sound"]

_PATIENCE = 120.0  # seconds a decoder may take before its first sample is in doubt
_LAYOUTS = 8  # channels; what has more is no layout that can be mixed down by its places
_CHANNELS = 32
_FRAMES = 1 << 14  # that are read at a time


def read_sound(
    path: str | os.PathLike[str],
    *,
    limits: Limits = DEFAULT_LIMITS,
    cancel: threading.Event | None = None,
) -> Audio:
    """Return the sound of any recording or video, at its own rate.

    Parameters
    ----------
    path
        A file with sound; its first sound stream is read.
    limits
        What it may be at most.
    cancel
        Set it from another thread to stop.

    Returns
    -------
    Audio
        Mono and stereo as they are. What has more channels is mixed down to stereo as ITU-R BS.775
        has it: a voice in the centre is heard on both sides at -3 dB. Beyond 8 channels, the mean.

    Raises
    ------
    MediaError
        When there is no such file, it has no sound, is damaged or over the limits.
    """
    info = _looked_at(path, limits)
    data = bytearray()
    for piece in _read(path, info, limits, cancel):
        data += piece
    sound = _mixed(np.frombuffer(data, "<f4"), info)
    if not sound.frames:
        raise _empty(path)
    return sound


def stream_sound(
    path: str | os.PathLike[str],
    *,
    limits: Limits = DEFAULT_LIMITS,
    cancel: threading.Event | None = None,
) -> Iterator[Audio]:
    """Yield the sound of any recording or video in pieces, for what need not be held at once.

    Parameters
    ----------
    path, limits, cancel
        As for `read_sound`.

    Yields
    ------
    Audio
        One after the other; joined, they are what `read_sound` returns.

    Raises
    ------
    MediaError
        As `read_sound`: when the first piece is asked for, and for damage, when it is come to.
    """
    info = _looked_at(path, limits)
    some = False
    for piece in _read(path, info, limits, cancel):
        some = True
        yield _mixed(np.frombuffer(bytes(piece), "<f4"), info)
    if not some:
        raise _empty(path)


def _looked_at(path: str | os.PathLike[str], limits: Limits) -> MediaInfo:
    info = probe(path, limits=limits)
    if info.audio is None:
        raise MediaError("has no sound", subject=str(path))
    if info.audio.channels > _CHANNELS:
        raise MediaError(
            f"has {info.audio.channels} channels, more than {_CHANNELS}", subject=str(path)
        )
    check_intact(existing(path), limits=limits)
    return info


def _read(
    path: str | os.PathLike[str],
    info: MediaInfo,
    limits: Limits,
    cancel: threading.Event | None,
) -> Iterator[memoryview]:
    """Yield the sound of a file as bytes of floats, whole frames at a time."""
    if cancel is not None and cancel.is_set():  # a short run is over before its watcher looks
        raise Cancelled("stopped on request", subject=str(path))
    with workspace() as folder:
        pieces = read(
            _reading(existing(path), info, limits),
            _FRAMES * 4 * _given(info),
            folder=folder,
            limit=_PATIENCE + (info.duration or limits.seconds),
            memory=limits.memory,
            cancel=cancel,
        )
        try:
            yield from pieces
        except Failed as error:
            raise MediaError(
                f"is damaged ({error.problem})", subject=str(path), cure="make or fetch it again"
            ) from error


def _given(info: MediaInfo) -> int:
    """Return how many channels come from the decoder."""
    assert info.audio is not None  # noqa: S101 - looked at by the caller
    channels = info.audio.channels
    return channels if channels > _LAYOUTS else min(channels, 2)


def _mixed(samples: Samples, info: MediaInfo) -> Audio:
    assert info.audio is not None  # noqa: S101 - looked at by the caller
    sound = Audio.owning(samples.reshape(-1, _given(info)), info.audio.rate)
    return sound.with_channels(min(info.audio.channels, 2))


def _empty(path: str | os.PathLike[str]) -> MediaError:
    return MediaError("has no sound in it", subject=str(path), cure="make or fetch it again")


def _reading(file: Path, info: MediaInfo, limits: Limits) -> list[str]:
    """Return the arguments that put the sound of a file on standard output, as floats."""
    import ffmpeg

    assert info.audio is not None  # noqa: S101 - looked at by the caller
    sound = source(file)["a:0"]
    form = {"sample_fmts": "flt"}
    if info.audio.channels <= _LAYOUTS:
        form["channel_layouts"] = "mono" if info.audio.channels == 1 else "stereo"
    # By default the whole matrix is turned down for what cannot happen to floats: a clipped sum.
    sound = sound.filter("aresample", info.audio.rate, rematrix_maxval=1000)
    sound = sound.filter("aformat", **form)
    out = ffmpeg.output(sound, "pipe:1", format="f32le", t=f"{limits.seconds:.6f}")
    return ["-xerror", *out.get_args()]
