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
    from pathlib import Path

    from workbench.media.probe import MediaInfo

__all__ = ["read_sound"]

_PATIENCE = 120.0  # seconds a decoder may take before its first sample is in doubt
_LAYOUTS = 8  # channels; what has more is no layout that can be mixed down by its places
_CHANNELS = 32


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
    info = probe(path, limits=limits)
    if info.audio is None:
        raise MediaError("has no sound", subject=str(path))
    if info.audio.channels > _CHANNELS:
        raise MediaError(
            f"has {info.audio.channels} channels, more than {_CHANNELS}", subject=str(path)
        )
    file = existing(path)
    check_intact(file, limits=limits)
    if cancel is not None and cancel.is_set():  # a short run is over before its watcher looks
        raise Cancelled("stopped on request", subject=str(path))
    data = bytearray()
    with workspace() as folder:
        pieces = read(
            _reading(file, info, limits),
            1 << 16,
            folder=folder,
            limit=_PATIENCE + (info.duration or limits.seconds),
            memory=limits.memory,
            cancel=cancel,
        )
        try:
            for piece in pieces:
                data += piece
        except Failed as error:
            raise MediaError(
                f"is damaged ({error.problem})", subject=str(path), cure="make or fetch it again"
            ) from error
    channels = info.audio.channels
    given = channels if channels > _LAYOUTS else min(channels, 2)
    samples = np.frombuffer(data, "<f4").reshape(-1, given)
    sound = Audio.owning(samples, info.audio.rate).with_channels(min(channels, 2))
    if not sound.frames:
        raise MediaError("has no sound in it", subject=str(path), cure="make or fetch it again")
    return sound


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
