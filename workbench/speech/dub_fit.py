"""One line of speech, made to last no longer than there is time."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.audio import Audio

if TYPE_CHECKING:
    import threading

    from workbench.options import Option
    from workbench.speech.speaker import Speaker
    from workbench.take import Take

__all__ = ["FASTEST", "SLOWEST", "Fitted", "Fitter", "Stretch", "cut_take"]

Stretch = Callable[[Audio, float], Audio]
"""Makes a sound faster by a factor, at the same pitch."""

FASTEST, SLOWEST = 3.0, 0.5
_PACES = ("speed", "rate")  # what engines call the option that sets how fast they speak
_ATTEMPTS = 3
_CLOSE = 0.01  # seconds too long that nobody hears
_EXACT = 1.002  # of a limit of the pace: what is nearer is at the limit
_QUIET = 10 ** (-50 / 20)  # of the peak: what is softer at the end is no speech
_TAIL = 0.02  # seconds kept after the last sound


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """A take, and how many times as fast as usual it is spoken."""

    take: Take
    tempo: float


class Fitter:
    """A voice that speaks as fast as it must, within limits.

    Parameters
    ----------
    speaker
        The voice at its usual pace.
    fastest, slowest
        How many times as fast as usual it may speak.
    stretch
        What makes a sound faster where the engine cannot speak so.
    """

    def __init__(
        self, speaker: Speaker, *, fastest: float, slowest: float, stretch: Stretch | None
    ) -> None:
        self._speaker, self._fastest, self._slowest = speaker, fastest, slowest
        self._stretch = stretch
        told = {one.name: one for one in type(speaker.options).describe()}
        self._pace = next((told[name] for name in _PACES if name in told), None)

    def say(self, text: str, room: float, cancel: threading.Event | None) -> Fitted:
        """Return a line that lasts at most `room` seconds, or as short as it may be made."""
        usual = _trimmed(self._speaker.say(text, cancel=cancel))
        wanted = self._bounded(usual.duration / room if room > 0 else self._fastest)
        if abs(wanted - 1) < _CLOSE and usual.duration <= room + _CLOSE:
            return Fitted(take=usual, tempo=1.0)
        best = usual
        for _ in range(_ATTEMPTS):
            best = self._at(wanted, usual, text, cancel)
            over = best.duration - room
            if over <= _CLOSE or wanted >= self._fastest:
                break
            wanted = self._bounded(wanted * best.duration / max(room, _CLOSE))
        return Fitted(take=best, tempo=round(usual.duration / best.duration, 3))

    def _bounded(self, tempo: float) -> float:
        return min(self._fastest, max(self._slowest, tempo))

    def _at(self, tempo: float, usual: Take, text: str, cancel: threading.Event | None) -> Take:
        """Return the line at a pace: by the engine as far as it goes, and by stretching."""
        take = usual
        if self._pace is not None:
            take = self._told(
                self._pace, text, tempo, math.ceil if tempo > 1 else math.floor, cancel
            )
            told = tempo
            for _ in range(_ATTEMPTS):  # engines do not keep exactly to the pace they are told
                reached = usual.duration / take.duration
                if self._slowest / _EXACT <= reached <= self._fastest * _EXACT:
                    break
                told *= self._bounded(reached) / reached
                whole = math.ceil if reached < self._slowest else math.floor
                take = self._told(self._pace, text, told, whole, cancel)
        reached = usual.duration / take.duration
        if self._stretch is None or tempo / reached < 1 + _CLOSE or tempo <= 1:
            return take
        return _stretched(take, self._stretch, tempo / reached)

    def _told(
        self,
        pace: Option,
        text: str,
        tempo: float,
        whole: Callable[[float], int],
        cancel: threading.Event | None,
    ) -> Take:
        """Return the line as the engine speaks it when it is told a pace."""
        values = self._speaker.options.to_dict()
        usual: Any = values[pace.name]
        value = float(usual) * tempo
        value = value if pace.minimum is None else max(pace.minimum, value)
        value = value if pace.maximum is None else min(pace.maximum, value)
        options = {**values, pace.name: whole(value) if pace.kind is int else value}
        return _trimmed(_with(self._speaker, options).say(text, cancel=cancel))


def _with(speaker: Speaker, options: dict[str, Any]) -> Speaker:
    """Return the same voice with other options."""
    from copy import copy

    other = copy(speaker)
    other.options = speaker.engine.options.build(options)
    return other


def _trimmed(take: Take) -> Take:
    """Return a take without the silence that engines leave at the end."""
    sound = take.audio
    level = np.abs(sound.samples).max(axis=1, initial=0.0)
    heard = np.flatnonzero(level > _QUIET * level.max(initial=0.0))
    if not len(heard):
        return take
    end = (int(heard[-1]) + 1) / sound.rate + _TAIL
    if take.words:  # a take never ends within its last word
        end = max(end, take.words[-1].start + _TAIL)
    if end >= sound.duration:
        return take
    words = tuple(replace(w, end=min(w.end, end), start=min(w.start, end)) for w in take.words)
    return replace(take, audio=sound.cut(0, end), words=words)


def cut_take(take: Take, seconds: float) -> Take:
    """Return what of a take is heard in its first seconds; of its words those heard by half."""
    if take.duration <= seconds:
        return take
    words = tuple(
        replace(w, end=min(w.end, seconds)) for w in take.words if (w.start + w.end) / 2 < seconds
    )
    about = {**take.about, "cut_at": round(seconds, 4)}
    return replace(take, audio=take.audio.cut(0, seconds), words=words, about=about)


def _stretched(take: Take, stretch: Stretch, factor: float) -> Take:
    audio = stretch(take.audio, factor)
    words = tuple(
        replace(
            w,
            start=min(w.start / factor, audio.duration),
            end=min(w.end / factor, audio.duration),
        )
        for w in take.words
    )
    about = {**take.about, "stretched": round(factor, 4)}
    return replace(take, audio=audio, words=words, about=about)
