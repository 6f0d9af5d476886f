"""Any recording as sound: a path, bytes, a file object, an array, or what was spoken here.

What is decoded is told: how many seconds the file declares, how many there were, and a warning
where the two differ. Nothing but the file itself is ever read; see `workbench.formats`.
"""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.audio import Audio
from workbench.disk import storage_error
from workbench.engines.decode.container import read_container
from workbench.errors import (
    MediaError,
    MediaNotFound,
    MediaTooLarge,
    ParameterError,
    StorageError,
)
from workbench.formats import LONGEST
from workbench.paths import user_path

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.engines.decode.container import Sound

__all__ = ["Decoded", "Source", "decode", "existing"]

Source = Any
"""A path, ``bytes``, a binary file object, an Audio, a float array, a Take or a Narration."""

_WHOLE = 0.98  # of the declared seconds; encoders round to frames of their own
_HEAD = 65_536  # bytes; pictures and notes may stand before the sound of a WAV file
_SHORT = 0.1  # seconds that may always be missing: the padding of a short MP3 or AAC file


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """The sound of a recording, and how much of it there was.

    Parameters
    ----------
    audio
        The sound. What could not be decoded is silence in it, so that times stay what they were.
    declared
        Seconds the file says it has; None where it says nothing.
    decoded
        Seconds of sound that could be decoded.
    name
        What it is called: the file's name, or ``bytes``, ``array`` …
    warnings
        What a listener should know of it.
    """

    audio: Audio
    decoded: float
    name: str
    declared: float | None = None
    warnings: tuple[str, ...] = ()


def decode(
    source: Source,
    *,
    rate: int | None = 16_000,
    mono: bool = True,
    array_rate: int | None = None,
    stream: int | None = None,
    longest: float = LONGEST,
) -> Decoded:
    """Return the sound of a recording.

    Parameters
    ----------
    source
        The path of a sound or video file, its bytes, a binary file object (read from where it
        stands), an `Audio`, a Take or Narration, or a float array of shape ``(frames,)`` or
        ``(frames, channels)``, full scale ±1.
    rate
        Frames per second of the result; None for the recording's own.
    mono
        Whether to mix the channels; of a 5.1 file, so that the centre is heard.
    array_rate
        Frames per second of an array, which cannot say it itself.
    stream
        Which audio stream of a file, from 0; by default the one marked as default, else the first.
    longest
        Seconds it may last, above 0.

    Raises
    ------
    MediaNotFound
        When there is no such file.
    MediaError
        When it is no sound or video, has no sound, or none of its sound can be decoded. Playlists
        are refused whatever they are called.
    MediaTooLarge
        When it lasts longer than `longest`, or has more samples than memory should hold.
    ParameterError
        When the source is of another kind: text, whole numbers, an array without a rate.

    Examples
    --------
    >>> wav = Audio(samples=np.zeros((8_000, 2)), rate=8_000).encode(".wav")
    >>> heard = decode(wav)
    >>> heard.audio, heard.declared, heard.decoded
    (Audio(1.000 s, 16000 Hz, mono), 1.0, 1.0)
    >>> decode(wav[:8_044], rate=None).warnings
    ('decoded 0.2 of 1.0 s: it is damaged or cut short',)
    """
    if isinstance(source, np.ndarray) or hasattr(source, "__array__"):
        return _plain(_array(source, array_rate), "array", rate, longest, mono=mono)
    if array_rate is not None:
        raise ParameterError("is for an array, and this is none", subject="array_rate")
    audio = getattr(source, "audio", source)  # a take or a narration has its sound with it
    if isinstance(audio, Audio):
        if stream is not None:
            raise ParameterError("is for a file with several audio streams", subject="stream")
        return _plain(audio, "audio", rate, longest, mono=mono)
    name = _name(source)
    try:
        opened, head = _opened(source, name)
        sound = read_container(
            opened, name, rate=rate, mono=mono, stream=stream, longest=longest, head=head
        )
        audio = Audio(samples=sound.samples, rate=sound.rate)
    except ParameterError as error:
        if error.subject == "stream":
            raise
        raise MediaError(error.problem, subject=name) from error  # NaN in a float file, an odd rate
    except OSError as error:  # a disk or a file object that fails while it is read
        raise storage_error(error, name) from error
    return Decoded(
        audio=audio,
        declared=sound.declared,
        decoded=sound.decoded,
        name=name,
        warnings=_warnings(sound),
    )


def _name(source: Source) -> str:
    """Return what to call a source.

    Raises
    ------
    ParameterError
        When it is none.
    """
    if isinstance(source, str | os.PathLike):
        return str(source)
    if isinstance(source, bytes | bytearray | memoryview):
        return "bytes"
    if not callable(getattr(source, "read", None)):
        raise ParameterError(
            f"must be a path, bytes, a file object, an Audio or a float array, "
            f"not {type(source).__name__}",
            subject="source",
        )
    given = getattr(source, "name", None)
    name = given if isinstance(given, str) else type(source).__name__
    if isinstance(source, io.TextIOBase):
        raise ParameterError("is opened as text", subject=name, cure="open it with mode 'rb'")
    return name


def _opened(source: Source, name: str) -> tuple[Any, bytes]:
    """Return what ffmpeg is to read, never a name it could take for a protocol; how it begins."""
    if isinstance(source, str | os.PathLike):
        file = existing(source)
        with file.open("rb") as begin:
            head = begin.read(_HEAD)
        return f"file:{file.absolute()}", head
    if isinstance(source, bytes | bytearray | memoryview):
        return _file_object(io.BytesIO(source), name)
    return _file_object(source, name)


def _file_object(source: Any, name: str) -> tuple[Any, bytes]:
    """Return a file object that begins where its media does, and how it begins."""
    try:
        if not source.seekable():
            return source, b""
        if source.tell():  # ffmpeg counts from where a file begins, not from where it stands
            source = io.BytesIO(source.read())
        head = source.read(_HEAD)
        source.seek(0)
    except (AttributeError, TypeError):  # less of a file object, yet one that can be read
        return source, b""
    except (OSError, ValueError) as error:  # closed, or not opened for reading
        raise StorageError(
            f"cannot be read ({error})", subject=name, cure="open it again"
        ) from error
    if not head:
        raise MediaError("is empty, 0 bytes", subject=name, cure="make or fetch it again")
    return source, head


def existing(path: str | os.PathLike[str]) -> Path:
    """Return the file at a path, which is there, a plain one and not empty.

    Raises
    ------
    MediaNotFound, MediaError
        When it is not.
    """
    file = user_path(path)
    try:
        found, plain = file.exists(), file.is_file()
        size = file.stat().st_size if plain else 0
    except OSError:  # a name longer than the file system allows
        found, plain, size = False, False, 0
    if not found:
        raise MediaNotFound("there is no such file", subject=str(path), cure="check the path")
    if not plain:
        raise MediaNotFound("is not a plain file", subject=str(path), cure="give the file itself")
    if not size:
        raise MediaError("is empty, 0 bytes", subject=str(path), cure="make or fetch it again")
    return file


def _array(source: Any, rate: int | None) -> Audio:
    samples = np.asarray(source)
    if rate is None:
        raise ParameterError(
            "needs to be given with an array: frames per second", subject="array_rate"
        )
    try:
        return Audio(samples=samples, rate=rate)
    except ParameterError as error:
        raise ParameterError(error.problem, subject="array", cure=error.cure) from error


def _plain(audio: Audio, name: str, rate: int | None, longest: float, *, mono: bool) -> Decoded:
    if not audio.frames:
        raise MediaError("has no samples", subject=name)
    if audio.duration > longest:
        raise MediaTooLarge(
            f"lasts {audio.duration:,.0f} s, over the limit of {longest:,.0f} s",
            subject=name,
            cure="cut it into parts",
        )
    seconds = audio.duration
    audio = audio.mono() if mono else audio
    audio = audio if rate is None else audio.resample(rate)
    return Decoded(audio=audio, declared=seconds, decoded=seconds, name=name)


def _warnings(sound: Sound) -> tuple[str, ...]:
    if sound.declared is not None:
        missing = sound.declared - sound.decoded
        if sound.decoded < _WHOLE * sound.declared and missing > _SHORT:
            seconds = f"decoded {sound.decoded:.1f} of {sound.declared:.1f} s"
            return (f"{seconds}: it is damaged or cut short",)
    if sound.errors:
        packets = f"{sound.errors} packet{'s' if sound.errors > 1 else ''}"
        return (f"{packets} of its sound could not be decoded",)
    return ()
