"""How loud a sound is, and the same sound at a named loudness."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.audio import Audio
from workbench.errors import ParameterError
from workbench.media.envelope import laid
from workbench.media.master import (
    CODED_PEAK,
    MAX_GAIN,
    QUIET,
    TARGETS,
    TOLERANCE,
    TRUE_PEAK,
    master,
    peak_level,
    target_level,
)
from workbench.media.meter import LONG, Loudness, loudness
from workbench.progress import bar

if TYPE_CHECKING:
    import threading

    from workbench.progress import Report

__all__ = [
    "CODED_PEAK",
    "MAX_GAIN",
    "QUIET",
    "TARGETS",
    "TOLERANCE",
    "TRUE_PEAK",
    "Loudness",
    "Normalized",
    "loudness",
    "normalize",
    "target_level",
]

_FIRST = 0.3  # of the work is measuring what there is


@dataclass(frozen=True, kw_only=True)
class Normalized:
    """A sound at its target, and how it got there.

    Parameters
    ----------
    audio
        The sound.
    before, after
        Its loudness, measured.
    gain_db
        The linear gain.
    limited
        Decibels the limiter takes off the highest peak; 0 where it did not act.
    warnings
        What stood in the way of the target.
    """

    audio: Audio
    before: Loudness
    after: Loudness
    gain_db: float
    limited: float
    warnings: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return all but the sound as plain values: what a receipt records."""
        return {
            "before": self.before.to_dict(),
            "after": self.after.to_dict(),
            "gain_db": round(self.gain_db, 2),
            "limited_db": round(self.limited, 2),
            "warnings": list(self.warnings),
        }


def normalize(
    audio: Audio,
    target: str | float,
    *,
    true_peak: float = TRUE_PEAK,
    progress: Report | None = None,
    cancel: threading.Event | None = None,
) -> Normalized:
    """Return a sound at a loudness, its peaks under a ceiling.

    It is measured, given one gain, limited where a peak would pass the ceiling, and measured
    again; the gain makes up for what the limiter takes. Silence and noise (quieter than `QUIET`)
    are left as they are, and nothing is raised by more than `MAX_GAIN`.

    Parameters
    ----------
    audio
        At most 8 channels, 8,000 to 192,000 Hz.
    target
        A name of `TARGETS`, or LUFS from -40 to -5.
    true_peak
        Highest one, -9 to 0 dBTP; `CODED_PEAK` for what is to be coded as AAC or MP3.
    progress
        Called with the part that is done, 0 to 1; by default a bar is shown for a minute or more.
    cancel
        Set it from another thread to stop.

    Raises
    ------
    ParameterError
        When the target is not one, or the sound cannot be measured at its rate.
    Cancelled, FfmpegError
        When it was stopped, or the meter failed.

    Examples
    --------
    >>> import numpy as np
    >>> tone = np.sin(2 * np.pi * 440 * np.arange(48_000) / 48_000) * 0.01
    >>> done = normalize(Audio(samples=tone, rate=48_000), "podcast")
    >>> round(done.after.integrated, 1), done.limited, done.warnings
    (-16.0, 0.0, ())
    """
    level, ceiling = target_level(target), peak_level(true_peak)
    if not isinstance(audio, Audio):
        raise ParameterError(f"must be an Audio, not {type(audio).__name__}", subject="audio")
    if not 8_000 <= audio.rate <= 192_000:  # noqa: PLR2004 - what the meter takes
        raise ParameterError(
            f"has a rate of {audio.rate} Hz, and 8000 to 192000 can be normalized",
            subject="audio",
            cure="resample it",
        )
    shown = nullcontext(progress) if progress or audio.duration < LONG else bar("loudness")
    with shown as report:
        before = loudness(
            audio, progress=lambda done: report(_FIRST * done) if report else None, cancel=cancel
        )
        made = master(
            audio.samples,
            audio.rate,
            before=before,
            target=level,
            true_peak=ceiling,
            progress=report and (lambda done: report(_FIRST + (1 - _FIRST) * done)),
            cancel=cancel,
        )
        if report is not None:
            report(1.0)
    result = audio
    if made.gain != 1.0 or made.envelope is not None:
        result = Audio.owning(laid(audio.samples, made.gain, made.envelope), audio.rate)
    return Normalized(
        audio=result,
        before=before,
        after=made.after,
        gain_db=made.gain_db,
        limited=made.limited,
        warnings=made.warnings,
    )
