"""Where somebody speaks and where they pause, by level; and how quiet it is where nobody speaks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from workbench.speech.blocks import blocks
from workbench.timing import Span

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from workbench.audio import Audio

__all__ = ["PAUSE", "Levels", "levels"]

PAUSE = 0.25
"""Seconds of silence from which on it is a pause. Goldman-Eisler (*Psycholinguistics*, 1968) drew
the line there, and de Jong and Bosker ("Choosing a threshold for silent pauses to measure second
language fluency", DiSS 2013) found 0.25 to 0.3 s to tell fluency best: what is shorter is the
closure of a stop."""

_FRAME = 0.01  # seconds
_AT_ONCE = 10  # seconds
_FLOOR = -120.0  # dBFS, what digital silence counts as
_LOUD = 95  # per cent of the frames are quieter than the loud ones
# Speech is at most this far below the loud frames: the silence threshold of de Jong and Wempe
# ("Praat script to detect syllable nuclei", Behavior Research Methods 41, 2009).
_BELOW = 25.0
_QUIETEST = -70.0  # dBFS; nothing is heard below, as in BS.1770's absolute gate
# In a noisy recording pauses are louder than that: then speech is what stands out of the floor.
_ABOVE, _LEAST, _RESTING = 6.0, 12.0, 5
_CLICK = 4  # frames; a click is shorter than any sound of speech

_LONGER = 2  # frames over which noise is measured
_QUIET = 5  # per cent of them are quieter than the floor
_ENOUGH = 25  # of them, half a second
_NOISELESS = -96.0  # dBFS: below the last of 16 bits


@dataclass(frozen=True, kw_only=True, eq=False)
class Levels:
    """The levels of a sound, every 10 ms, about its mean.

    Parameters
    ----------
    means, squares
        The mean of each frame's samples, and of their squares; over all channels.
    frame
        Seconds of a frame.

    Examples
    --------
    >>> from workbench.audio import Audio
    >>> rng = np.random.default_rng(0)
    >>> said, hush = rng.normal(0, 0.1, 8_000), rng.normal(0, 0.0001, 4_000)
    >>> found = levels(Audio(samples=np.concatenate([said, hush, said]), rate=8_000))
    >>> found.extent, found.pauses
    (Span(start=0.0, end=2.5), (Span(start=1.0, end=1.5),))
    >>> round(found.noise_floor())
    -80
    """

    means: NDArray[np.float64]
    squares: NDArray[np.float64]
    frame: float

    @cached_property
    def decibels(self) -> NDArray[np.float64]:
        """The level of each frame in dBFS, the sound's constant offset left out."""
        if not len(self.means):
            return np.zeros(0)
        middle = self.means.mean()
        return _decibels(self.squares - 2 * middle * self.means + middle**2)

    @cached_property
    def speaking(self) -> NDArray[np.bool_]:
        """Whether there is speech, or any other sound as loud, in each frame.

        At most 25 dB below the loud frames; in a noisy recording, 6 dB above the noise.
        """
        db = self.decibels
        if not len(db):
            return np.zeros(0, np.bool_)
        loud, resting = np.percentile(db, _LOUD), np.percentile(db, _RESTING)
        above = min(resting + _ABOVE, loud - _LEAST)
        on = db > max(loud - _BELOW, above, _QUIETEST)
        first, last = _runs(on)
        for click in np.flatnonzero(last - first < min(_CLICK, len(on))):
            on[first[click] : last[click]] = False
        return on

    @cached_property
    def extent(self) -> Span | None:
        """From the first speech to the last, in seconds; None where there is none."""
        on = np.flatnonzero(self.speaking)
        if not len(on):
            return None
        return Span(start=on[0] * self.frame, end=(on[-1] + 1) * self.frame)

    @cached_property
    def pauses(self) -> tuple[Span, ...]:
        """The silences of `PAUSE` and more between the first speech and the last."""
        first, last = _runs(self.speaking)
        starts, ends = last[:-1] * self.frame, first[1:] * self.frame
        # A hair less: 25 frames of 10 ms are not quite 0.25 in binary.
        long = ends - starts >= PAUSE - self.frame / 100
        return tuple(
            Span(start=a, end=b)
            for a, b in zip(starts[long].tolist(), ends[long].tolist(), strict=True)
        )

    def noise_floor(self, within: Sequence[Span] = ()) -> float | None:
        """Return the level in dBFS that a twentieth of the sound stays under.

        Power is the variance over windows of 20 ms, as in NIST's ``stnr`` (Speech Quality Assurance
        package), and the quiet ones tell the noise between the words, as in ACX Check (W. McCown,
        2015); that takes the quietest half second in one piece, which a take of one line has not.
        A line without a rest tells no more than that the noise is no louder than this.

        Parameters
        ----------
        within
            Where to look; everywhere when empty.

        Returns
        -------
        float or None
            None where that twentieth is digital silence (below -96 dBFS), which has no noise,
            and for less than 0.5 s.
        """
        windows = len(self.means) // _LONGER
        shape = windows, _LONGER
        means = self.means[: windows * _LONGER].reshape(shape).mean(axis=1)
        squares = self.squares[: windows * _LONGER].reshape(shape).mean(axis=1)
        db = _decibels(squares - means**2)
        if within:
            starts = np.arange(windows) * _LONGER * self.frame
            inside = np.zeros(windows, np.bool_)
            for span in within:
                end = span.end - _LONGER * self.frame
                inside[np.searchsorted(starts, span.start) : np.searchsorted(starts, end)] = True
            db = db[inside]
        if len(db) < _ENOUGH:
            return None
        floor = float(np.percentile(db, _QUIET))
        return floor if floor > _NOISELESS else None


def levels(audio: Audio, *, cancel: threading.Event | None = None) -> Levels:
    """Return the levels of a sound.

    Parameters
    ----------
    audio
        Any rate; the power of its channels is averaged, so that none is cancelled by another.
    cancel
        Set it from another thread to stop.
    """
    size = max(1, round(audio.rate * _FRAME))
    whole = audio.frames // size
    means, squares = np.zeros(whole), np.zeros(whole)
    for first, piece in blocks(audio, size * round(_AT_ONCE / _FRAME), cancel):
        count = len(piece) // size
        at = slice(first // size, first // size + count)
        for channel in range(audio.channels):
            frames = piece[: count * size, channel].reshape(count, size)
            means[at] += frames.mean(axis=1)
            squares[at] += np.einsum("ij,ij->i", frames, frames) / size
    return Levels(
        means=means / audio.channels, squares=squares / audio.channels, frame=size / audio.rate
    )


def _decibels(power: NDArray[np.float64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = 10 * np.log10(np.maximum(power, 10 ** (_FLOOR / 10)))
    return found


def _runs(on: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the first and the one past the last of each run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], on, [False]]).astype(np.int8)))
    return edges[::2], edges[1::2]
