"""Which encoder a rendering takes, and what it takes when that one fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.errors import FfmpegError
from workbench.media.encoders.presets import PRESETS, RenderPreset, find_preset
from workbench.media.encoders.table import Encoder, find_encoder, settings
from workbench.media.encoders.trial import forget, works

if TYPE_CHECKING:
    import threading

__all__ = ["blamed", "choose", "fallback"]

_SAFE = "libx264"
_QUICK = ("h264_nvenc", "h264_videotoolbox", "h264_qsv", "h264_vaapi", "h264_amf")


def choose(
    preset: str | RenderPreset = "production",
    *,
    width: int,
    height: int,
    encoder: str = "auto",
    cancel: threading.Event | None = None,
) -> Encoder:
    """Return the encoder that a rendering takes, set as the preset says.

    ``auto`` takes x264 for ``production``: the same input then gives the same bytes on every
    machine, at a quality that was measured, which no two graphics cards promise. ``draft`` and
    ``preview`` are thrown away, so they take the first hardware encoder of H.264 that works at this
    size, else x264.

    Parameters
    ----------
    preset
        ``draft``, ``preview`` or ``production``.
    width, height
        Pixels of the encoded frames, that is after `RenderPreset.scaled`.
    encoder
        ``auto``, a short name (``x264``, ``x265``, ``av1``, ``nvenc``, ``videotoolbox``, ``qsv``,
        ``vaapi``, ``amf``), or a name of ffmpeg's. When it does not work here, x264 is returned
        with a note that says why.
    cancel
        Set it from another thread to stop trying encoders.

    Raises
    ------
    ParameterError
        When an argument is not acceptable.
    FfmpegError, Cancelled, StorageFull
        As `workbench.media.encoders.works` does.

    Examples
    --------
    >>> chosen = choose("production", width=1080, height=1920)
    >>> chosen.name, chosen.options["preset"], chosen.note
    ('libx264', 'veryfast', '')
    """
    level = find_preset(preset)
    if encoder == "auto":
        if level.name == "production":
            return settings(_SAFE, level)
        tried = (name for name in _QUICK if not works(name, width, height, cancel=cancel))
        return settings(next(tried, _SAFE), level)
    name = find_encoder(encoder)
    why = "" if name == _SAFE else works(name, width, height, cancel=cancel)
    if why:
        return settings(_SAFE, level, f"{name} does not work here ({why}); {_SAFE} is used")
    return settings(name, level)


def blamed(encoder: Encoder, error: BaseException) -> bool:
    """Return whether a failed run may be the encoder's fault, so that x264 is worth a try.

    A full disk or a request to stop is nobody's fault, and x264 has nothing to fall back to.
    """
    return encoder.name != _SAFE and isinstance(error, FfmpegError)


def fallback(encoder: Encoder, error: BaseException | None = None) -> Encoder:
    """Return x264 in place of an encoder that failed at work, and no longer trust that one.

    A trial cannot see everything: a card takes so many videos at once and no more.

    Parameters
    ----------
    encoder
        What failed.
    error
        How, for the note.

    Examples
    --------
    >>> failed = choose("draft", width=64, height=64, encoder="x265")
    >>> fallback(failed, FfmpegError("out of memory")).note
    'libx265 failed (out of memory); libx264 is used'
    """
    forget(encoder.name)
    why = getattr(error, "problem", str(error or "")).split(" | ")[0]
    told = f" ({why})" if why else ""
    return settings(_SAFE, PRESETS[encoder.preset], f"{encoder.name} failed{told}; {_SAFE} is used")
