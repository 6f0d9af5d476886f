"""What is laid on a sound to bring it to a loudness: one gain, and a limiter where peaks need it.

A linear gain keeps what ducking and speech have made; a dynamic loudness filter would undo it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.errors import ParameterError, suggest
from workbench.media.envelope import scaled
from workbench.media.limiter import RELEASES, Peaks, limiter, true_peaks
from workbench.media.limits import number
from workbench.media.meter import Loudness, measure
from workbench.media.weighting import block_gains, block_power, gated

if TYPE_CHECKING:
    import threading

    import numpy as np
    from numpy.typing import NDArray

    from workbench.audio import Samples
    from workbench.media.envelope import Envelope
    from workbench.progress import Report

__all__ = [
    "CODED_PEAK",
    "MAX_GAIN",
    "QUIET",
    "TARGETS",
    "TOLERANCE",
    "TRUE_PEAK",
    "Master",
    "hold",
    "master",
    "peak_level",
    "target_level",
]

TARGETS = {"shorts": -14.0, "podcast": -16.0, "audiobook": -20.0}
"""Integrated loudness in LUFS: what short-video platforms play at, what podcasts are delivered at
(AES TD1008), and the middle of what audiobook shops take (ACX: -23 to -18 dB RMS)."""

TRUE_PEAK = -1.0
"""Highest true peak in dBTP (EBU R 128): room for what lossy coding adds."""

CODED_PEAK = -2.0
"""Highest true peak in dBTP of what is to be coded with loss, for -1 after it: ffmpeg's AAC added
up to 0.4 dB at 160 kbit/s and 0.6 dB at 128 to eighteen mixes of speech and music."""

MAX_GAIN = 30.0
"""Decibels a quiet sound is raised by at most: beyond, its noise is what would be heard."""

QUIET = -55.0
"""LUFS; what is quieter is silence or noise, and is left as it is."""

TOLERANCE = 0.25
"""LU within which a target is met; a delivery may be 0.5 off."""

_DELIVERY = 0.5  # LU a delivery may be off its target (EBU R 128): less is not worth a word

_RANGE = (-40.0, -5.0)  # LUFS that may be asked for
_CLOSE = 0.15  # LU at which looking for a better gain ends
_ROUNDS = 6
_GUESSES = 8
_FLAT = 0.2  # the least by which a louder input is taken to be louder at the output
_HEADROOM = 10.0  # dB a gain may be raised by to make up for what the limiter takes
_LAST = 2  # rounds at the end in which only the ceiling moves
_HEAVY = 12.0  # dB of limiting from which it is worth a warning
_FAR = 100.0  # what a peak that is too high counts for
_ROOM = 0.02  # dB that a ceiling is lowered below what the meter found too much


def target_level(target: str | float) -> float:
    """Return the LUFS of a named target, or of a number from -40 to -5.

    Raises
    ------
    ParameterError
        When it is neither.

    Examples
    --------
    >>> target_level("podcast"), target_level(-18)
    (-16.0, -18.0)
    """
    if isinstance(target, str):
        if target not in TARGETS:
            raise ParameterError(
                f"{target!r} is not a loudness",
                subject="loudness",
                cure=suggest(target, TARGETS) or f"use {', '.join(TARGETS)} or LUFS",
            )
        return TARGETS[target]
    return number("loudness", target, *_RANGE, unit="LUFS")


def peak_level(true_peak: float) -> float:
    """Return a highest true peak of -9 to 0 dBTP; raise `ParameterError` for another value."""
    return number("true_peak", true_peak, -9, 0, unit="dBTP")


@dataclass(frozen=True, kw_only=True, eq=False)
class Master:
    """What is to be laid on a sound: a gain and, where needed, a limiter's envelope.

    Parameters
    ----------
    gain
        Linear factor.
    envelope
        The limiter's gains beside it; None where it does not act.
    after
        The loudness that results, measured.
    warnings
        What stood in the way.
    """

    gain: float
    envelope: Envelope | None
    after: Loudness
    warnings: tuple[str, ...]

    @property
    def gain_db(self) -> float:
        """The gain in decibels."""
        return 20 * math.log10(self.gain)

    @property
    def limited(self) -> float:
        """Decibels the limiter takes off the highest peak."""
        return 0.0 if self.envelope is None else -self.envelope.deepest


def master(
    samples: Samples,
    rate: int,
    *,
    before: Loudness,
    target: float,
    true_peak: float = TRUE_PEAK,
    prefer: float | None = None,
    progress: Report | None = None,
    cancel: threading.Event | None = None,
) -> Master:
    """Return the gain and the limiter that bring a sound to a loudness.

    Parameters
    ----------
    samples
        Shape ``(frames, channels)``.
    rate
        Frames per second.
    before
        Their loudness.
    target
        LUFS.
    true_peak
        Highest one, dBTP.
    prefer
        A gain in dB to be kept as near to as the target's tolerance allows.
    progress
        Called with the part that is done, 0 to 1, as far as it can be known: how often the result
        has to be measured shows on the way.
    cancel
        Set it from another thread to stop.
    """
    if before.integrated < QUIET:
        level = "silent or too short to measure"
        if math.isfinite(before.integrated):
            level = f"as quiet as noise ({before.integrated:.1f} LUFS)"
        note = f"the sound is {level}: it was not brought to {target:g} LUFS"
        if before.true_peak <= true_peak:
            return Master(gain=1.0, envelope=None, after=before, warnings=(note,))
        return hold(
            samples, rate, before=before, true_peak=true_peak, warnings=(note,), cancel=cancel
        )
    wanted = target - before.integrated
    if prefer is not None:
        wanted = min(max(prefer, wanted - TOLERANCE), wanted + TOLERANCE)
    gain = min(wanted, MAX_GAIN)
    notes = []
    if gain < wanted:
        notes.append(
            f"the sound is so quiet ({before.integrated:.1f} LUFS) that {target:g} LUFS would "
            f"raise it by {wanted:.1f} dB: it was raised by {MAX_GAIN:g} dB"
        )
    aim = before.integrated + gain
    made = _limited(
        samples, rate, before, gain, true_peak=true_peak, progress=progress, cancel=cancel
    )
    off = abs(made.after.integrated - target)
    if abs(made.after.integrated - aim) > TOLERANCE and off > _DELIVERY:
        notes.append(
            f"{target:g} LUFS cannot be reached under {true_peak:g} dBTP: "
            f"it is at {made.after.integrated:.1f} LUFS"
        )
    if made.limited > _HEAVY:
        notes.append(
            f"the limiter takes {made.limited:.0f} dB off the highest peak: {target:g} LUFS is "
            "much for this sound; where it sounds pressed, take a lower loudness"
        )
    return Master(gain=made.gain, envelope=made.envelope, after=made.after, warnings=tuple(notes))


def hold(
    samples: Samples,
    rate: int,
    *,
    before: Loudness,
    true_peak: float = TRUE_PEAK,
    warnings: tuple[str, ...] = (),
    cancel: threading.Event | None = None,
) -> Master:
    """Return what holds the peaks of a sound under the ceiling and leaves the rest as it is."""
    made = _limited(samples, rate, before, 0.0, true_peak=true_peak, make_up=False, cancel=cancel)
    return Master(gain=1.0, envelope=made.envelope, after=made.after, warnings=warnings)


def _limited(
    samples: Samples,
    rate: int,
    before: Loudness,
    wanted: float,
    *,
    true_peak: float,
    cancel: threading.Event | None,
    make_up: bool = True,
    progress: Report | None = None,
) -> Master:
    """Look for the gain and the envelope whose *measured* result is `wanted` dB louder.

    An estimate finds the gain, the meter says how far off that was; the best of what was measured
    is taken.
    """
    ahead = 1.0  # the part that is not done; each measuring takes half of it

    def measured(gain: float, envelope: Envelope | None) -> Loudness:
        nonlocal ahead
        begun, ahead = 1 - ahead, ahead / 2
        pieces = scaled(samples, 10 ** (gain / 20), envelope)
        return measure(
            pieces,
            rate,
            samples.shape[1],
            frames=len(samples),
            progress=progress and (lambda done: progress(begun + ahead * done)),
            cancel=cancel,
        )

    aim, ceiling = before.integrated + wanted, true_peak
    if before.true_peak + wanted <= true_peak:
        after = measured(wanted, None)
        if after.true_peak <= true_peak:
            return Master(gain=10 ** (wanted / 20), envelope=None, after=after, warnings=())
    above = 10 ** ((true_peak - wanted - _HEADROOM) / 20)
    search = _Search(
        peaks=true_peaks(samples, rate, above=above, cancel=cancel),
        power=block_power(samples, rate),
        rate=rate,
    )
    goal = wanted
    releases: tuple[float, ...] = RELEASES
    found: list[tuple[float, Master]] = []
    for left in reversed(range(_ROUNDS)):
        level = 10 ** (ceiling / 20)
        gain, release = wanted, releases[0]
        if make_up:
            gain, release = search.gain(goal, level, wanted + _HEADROOM, releases)
            releases = releases[releases.index(release) :]
        envelope = search.limited(gain, level, release)
        after = measured(gain, envelope)
        made = Master(gain=10 ** (gain / 20), envelope=envelope, after=after, warnings=())
        over = after.true_peak - true_peak
        missing = aim - after.integrated if make_up else 0.0
        far = abs(missing) + (_FAR if over > 0 else 0.0)
        found.append((far, made))
        if not left or far <= _CLOSE:
            break
        if over > 0:
            ceiling -= over + _ROOM
        if left > _LAST and math.isfinite(missing):
            goal += missing
    return min(found, key=lambda one: one[0])[1]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Search:
    """What is known of a sound while its gain is looked for."""

    peaks: Peaks
    power: NDArray[np.float64]
    rate: int

    def limited(self, gain: float, ceiling: float, release: float) -> Envelope | None:
        """Return the limiter's envelope at a gain in dB."""
        return limiter(
            self.peaks, self.rate, gain=10 ** (gain / 20), ceiling=ceiling, release=release
        )

    def louder(self, gain: float, envelope: Envelope | None) -> float:
        """Return about how many decibels louder a gain in dB and an envelope make it."""
        power = self.power * 10 ** (gain / 10)
        if envelope is not None and len(power):
            power = power * block_gains(envelope, self.rate, len(power))
        change = gated(power) - gated(self.power)
        return change if math.isfinite(change) else gain

    def gain(
        self, goal: float, ceiling: float, most: float, releases: tuple[float, ...]
    ) -> tuple[float, float]:
        """Return the gain in dB at which it is `goal` dB louder, and the release that does it.

        A limiter that comes back slowly cannot make everything that loud; then a quicker one is
        taken.
        """
        for release in releases:
            gain, slope = min(goal, most), 1.0
            last: tuple[float, float] | None = None
            for _ in range(_GUESSES):
                missing = goal - self.louder(gain, self.limited(gain, ceiling, release))
                if abs(missing) <= _CLOSE / 2 or (gain >= most and missing > 0):
                    break
                if last is not None and gain != last[0]:
                    slope = min(max((last[1] - missing) / (gain - last[0]), _FLAT), 1.0)
                last = gain, missing
                gain = min(gain + missing / slope, most)
            if missing <= TOLERANCE / 2:
                break
        return gain, release
