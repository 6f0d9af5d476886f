"""The spectrum of what plays, as a picture that the page draws under the waveform."""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING

import numpy as np

from workbench.audio import Audio
from workbench.errors import MediaError, ParameterError
from workbench.media.spectrum import spectrum_picture

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.media.stills import Picture
    from workbench.widgets.clip import Clip

__all__ = ["HEIGHTS", "HIGHEST", "WIDTHS", "spectrum_png"]

WIDTHS = (32, 2_000)
"""Pixels that a picture may be wide."""

HEIGHTS = (32, 320)
"""Pixels that it may be high."""

HIGHEST = 8_000
"""Hz at the top: hardly anything of speech lies above."""

_MOMENT = 0.040  # seconds in one spectrum: harmonics of a voice are lines, syllables are apart
_LARGEST = 8_192  # pixels of a picture that is drawn whole, to cut a part out of it
_READ = 600.0  # seconds of a long file that are read at once
_FLOOR = -85.0  # dB of full scale that is drawn as silence
_COLOURS = 128
_one = threading.Lock()  # drawing takes all of a core: a page that asks for more waits


def spectrum_png(
    clip: Clip,
    *,
    start: float = 0.0,
    end: float | None = None,
    width: int = 1_200,
    height: int = 128,
) -> bytes:
    r"""Return the spectrum of a part of a clip as a PNG.

    Pitch goes up on the mel scale from 40 to 8,000 Hz; the colours are matplotlib's magma, whose
    lightness rises evenly, so that it reads on light and on dark pages and without colour.

    Parameters
    ----------
    clip
        Sound, or a video with sound.
    start, end
        Seconds; the end of None is that of the clip.
    width, height
        Pixels, 32 to 2,000 and 32 to 320. An hour takes no more columns than a second.

    Raises
    ------
    ParameterError
        When the part is empty or a size is out of range.
    MediaError
        When there is no sound in it, or the file cannot be read.

    Examples
    --------
    >>> from workbench.widgets.clip import Clip
    >>> tone = Audio(samples=np.sin(np.arange(8000) / 5), rate=8000)
    >>> spectrum_png(Clip.of(tone), end=0.5)[:4]
    b'\x89PNG'
    """
    for name, value, (low, high) in (("width", width, WIDTHS), ("height", height, HEIGHTS)):
        if not low <= value <= high:
            raise ParameterError(f"must be {low} to {high} pixels, not {value!r}", subject=name)
    last = clip.duration if end is None else min(end, clip.duration or end)
    if not 0 <= start < last:
        raise ParameterError(f"there is nothing from {start:g} to {last:g} s", subject="spectrum")
    with _one:
        return _png(_picture(clip, start, last, width, height))


def _picture(clip: Clip, start: float, end: float, width: int, height: int) -> Picture:
    if clip.audio is not None:
        return _drawn(clip.audio.cut(start, end), clip.audio.rate, width, height)
    if clip.path is None or clip.silent:
        raise MediaError("has no sound", subject=clip.text)
    part = _read(clip.path, start, end) if end - start <= _READ else None
    if part is not None:
        return _drawn(part, part.rate, width, height)
    # What cannot be entered in the middle is drawn whole, so finely that the part is left to see.
    share = (end - start) / clip.duration
    whole = _drawn(clip.path, 48_000, min(_LARGEST, max(width, round(width / share))), height)
    first, last = (round(seconds / clip.duration * whole.shape[1]) for seconds in (start, end))
    return whole[:, first : max(first + 1, last)]


def _drawn(sound: Audio | Path, rate: int, width: int, height: int) -> Picture:
    window = 1 << max(8, round(np.log2(rate * _MOMENT)))
    return spectrum_picture(
        sound,
        width=width,
        height=height,
        highest=HIGHEST,
        window=min(window, 16_384),
        floor=_FLOOR,
        axes=False,
        progress=lambda _: None,
    )


def _read(path: Path, start: float, end: float) -> Audio | None:
    """Return a part of a file that libsndfile knows, None for one that it does not."""
    import soundfile

    try:
        with soundfile.SoundFile(path) as stream:
            rate = stream.samplerate
            stream.seek(min(round(start * rate), stream.frames))
            samples = stream.read(round((end - start) * rate), dtype="float32", always_2d=True)
    except soundfile.SoundFileError:
        return None
    return Audio.owning(samples, rate) if len(samples) else None


def _png(picture: Picture) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    flat = Image.fromarray(picture).quantize(_COLOURS, dither=Image.Dither.NONE)
    flat.save(buffer, "PNG")
    return buffer.getvalue()
