"""Read the samples of a sound file, as libsndfile knows it, within limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.errors import MediaError, MediaNotFound, MediaTooLarge
from workbench.formats import LONGEST

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["read_samples"]

_UNKNOWN = 2**62  # frames: libsndfile says 2**63 - 1 where a file does not tell its length
_WHOLE = 0.98  # of the frames that a file declares; encoders round to frames of their own


def read_samples(file: Path) -> tuple[NDArray[np.float32], int]:
    """Return the samples of a WAV, FLAC, MP3 or Ogg file, and how many make a second.

    Returns
    -------
    samples
        Shape ``(frames, channels)``.
    rate
        Frames per second.

    Raises
    ------
    MediaNotFound, MediaError
        When there is no such file, it is not sound, or a good part of it is missing. A FLAC file
        that does not say how long it is, as one from a pipe, is for
        `workbench.media.recording.read_sound`.
    MediaTooLarge
        When it lasts longer than 4 hours, or there is no memory for it.
    """
    import soundfile

    if not file.is_file():
        raise MediaNotFound("there is no such file", subject=str(file), cure="check the path")
    try:
        with soundfile.SoundFile(file) as stream:
            declared, rate = stream.frames, stream.samplerate
            _check_length(file, declared, rate)
            samples = stream.read(dtype="float32", always_2d=True)
    except soundfile.SoundFileError as error:
        reason = getattr(error, "error_string", str(error)).strip().rstrip(".")
        raise MediaError(
            f"cannot be read as sound ({reason})",
            subject=str(file),
            cure="use a whole WAV, FLAC, MP3 or Ogg file",
        ) from error
    except MemoryError as error:
        raise MediaTooLarge(
            "needs more memory than there is", subject=str(file), cure="cut it into parts"
        ) from error
    if len(samples) < _WHOLE * declared:
        raise MediaError(
            f"is damaged: {len(samples) / rate:.1f} of {declared / rate:.1f} s can be read",
            subject=str(file),
            cure="use a whole file",
        )
    return samples, rate


def _check_length(file: Path, frames: int, rate: int) -> None:
    if frames > _UNKNOWN:
        raise MediaError(
            "does not say how long it is",
            subject=str(file),
            cure="read it with workbench.media.recording.read_sound, or write it again",
        )
    if frames > LONGEST * rate:
        raise MediaTooLarge(
            f"lasts {frames / rate:,.0f} s, over the limit of {LONGEST:,.0f} s",
            subject=str(file),
            cure="cut it into parts",
        )
