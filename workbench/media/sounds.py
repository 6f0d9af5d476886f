"""What is done to one sound or several: read, trim, join, change speed, fade."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.audio import Audio
from workbench.errors import Cancelled, ParameterError
from workbench.media.envelope import fade_gains, scaled
from workbench.media.ffmpeg import encode
from workbench.media.limits import number
from workbench.media.meter import LONG
from workbench.media.recording import read_sound
from workbench.progress import bar
from workbench.storage.atomic import workspace

if TYPE_CHECKING:
    import threading

    from workbench.audio import Samples
    from workbench.progress import Report

__all__ = ["change_speed", "fade", "join", "read_sound", "trim_silence"]

_LONGEST = 3_600.0  # seconds of a pause or a fade
_LOOK = 0.01  # seconds over which a level is taken
_SILENT = 1e-4  # -80 dBFS: silence whatever is loud beside it
_SEAM = 0.005  # seconds over which two sides of a cut are blended
_SPEEDS = (0.25, 4.0)
_ATEMPO = (0.5, 2.0)  # beyond, the filter skips samples instead of blending them
_OUT = "sound.f32"
_PATIENCE = 120.0  # seconds


def trim_silence(
    audio: Audio, threshold_db: float = -45.0, keep: float = 0.1, inside: float | None = None
) -> Audio:
    """Return a sound without the silence at its ends and, if wanted, with shorter pauses.

    Parameters
    ----------
    audio
        The sound.
    threshold_db
        What is quieter than this, in dB against the loudest hundredth of a second, is silence;
        -90 to -3.
    keep
        Seconds of it that stay at each end, 0 to 60.
    inside
        Seconds to which longer pauses within the sound are cut, 0.02 to 60; None leaves them.

    Returns
    -------
    Audio
        Of a sound that is silent altogether (-80 dBFS), its first `keep` seconds.

    Raises
    ------
    ParameterError
        When a number is out of range, or this is not a sound.

    Examples
    --------
    >>> parts = [Audio.silence(1, 8000), Audio(samples=np.full(8000, 0.5), rate=8000)]
    >>> trim_silence(Audio.join([*parts, *parts]), keep=0.2, inside=0.5)
    Audio(2.700 s, 8000 Hz, mono)
    """
    _sound("audio", audio)
    threshold = 10 ** (number("threshold_db", threshold_db, -90, -3, unit="dB") / 20)
    keep = number("keep", keep, 0, 60, unit="s")
    longest = None if inside is None else number("inside", inside, 0.02, 60, unit="s")
    look = max(1, round(audio.rate * _LOOK))
    if not audio.frames:
        return audio
    squares = np.einsum("fc,fc->f", audio.samples, audio.samples) / np.float32(audio.channels)
    edges = np.arange(0, audio.frames, look)
    lengths = np.minimum(look, audio.frames - edges)
    levels = np.sqrt(np.add.reduceat(squares, edges) / lengths)
    heard = np.flatnonzero(levels > max(float(levels.max()) * threshold, _SILENT))
    spare = round(keep * audio.rate)
    if not len(heard):
        return Audio(samples=audio.samples[:spare], rate=audio.rate)
    first = max(0, int(heard[0]) * look - spare)
    last = min(audio.frames, (int(heard[-1]) + 1) * look + spare)
    if longest is None:
        return Audio(samples=audio.samples[first:last], rate=audio.rate)
    spans, place, half = [], first, round(longest * audio.rate / 2)
    for before, after in pairwise(heard.tolist()):
        begins, ends = (before + 1) * look, after * look
        if ends - begins > 2 * half:
            spans.append((place, begins + half))
            place = ends - half
    spans.append((place, last))
    return Audio.owning(_cut(audio.samples, spans, audio.rate), audio.rate)


def _cut(samples: Samples, spans: list[tuple[int, int]], rate: int) -> Samples:
    """Return stretches of a sound end to end, each blended out of what followed the one before."""
    blend = round(_SEAM * rate)
    ramp = fade_gains(np.arange(1, blend + 1) / (blend + 1)).astype(np.float32)[:, np.newaxis]
    parts = [samples[slice(*spans[0])]]
    for (_, left), (first, last) in pairwise(spans):
        part = samples[first:last].copy()
        count = min(blend, len(part), len(samples) - left)
        rise = ramp[:count]
        part[:count] = samples[left : left + count] * (1 - rise) + part[:count] * rise
        parts.append(part)
    return np.concatenate(parts)


def join(
    parts: Sequence[Audio], pause: float | Sequence[float] = 0.0, crossfade: float = 0.0
) -> Audio:
    """Return sounds one after the other, at the rate and channels of the first.

    Parameters
    ----------
    parts
        At least one.
    pause
        Seconds of silence between two, 0 to 3600: one number for all, or one for each gap.
    crossfade
        Seconds over which one goes over into the next, 0 to 3600; not together with a pause.

    Raises
    ------
    ParameterError
        When a number is out of range, there are not as many pauses as gaps, or a part is shorter
        than its crossfades.

    Examples
    --------
    >>> one, two = Audio.silence(1, 8000), Audio.silence(2, 8000)
    >>> join([one, two], pause=0.5).duration, join([one, two], crossfade=0.25).duration
    (3.5, 2.75)
    """
    if not isinstance(parts, list | tuple) or not parts:
        raise ParameterError("must be a list of at least one sound", subject="parts")
    for index, part in enumerate(parts):
        _sound(f"parts[{index}]", part)
    gaps = _gaps(pause, len(parts) - 1)
    crossfade = number("crossfade", crossfade, 0, _LONGEST, unit="s")
    if crossfade and any(gaps):
        raise ParameterError(
            "cannot be used together with a pause",
            subject="crossfade",
            cure="leave one of them out",
        )
    if crossfade:
        return _crossfaded(parts, crossfade)
    row: list[Audio] = []
    for part, gap in zip(parts, [*gaps, 0.0], strict=True):
        row.append(part)
        if gap:
            row.append(Audio.silence(gap, parts[0].rate, parts[0].channels))
    return Audio.join(row)


def _crossfaded(parts: Sequence[Audio], seconds: float) -> Audio:
    rate, channels = parts[0].rate, parts[0].channels
    same = [part.resample(rate).with_channels(channels).samples for part in parts]
    over = max(1, round(seconds * rate))
    for index, samples in enumerate(same):
        if len(samples) < over * ((index > 0) + (index < len(same) - 1)):
            raise ParameterError(
                f"of {seconds:g} s is longer than sound {index + 1} allows "
                f"({len(samples) / rate:.2f} s)",
                subject="crossfade",
            )
    whole = np.zeros((sum(map(len, same)) - over * (len(same) - 1), channels), np.float32)
    ramp = fade_gains((np.arange(over) + 0.5) / over).astype(np.float32)[:, np.newaxis]
    place = 0
    for index, samples in enumerate(same):
        faded = samples.copy()
        if index > 0:
            faded[:over] *= ramp
        if index < len(same) - 1:
            faded[-over:] *= ramp[::-1]
        whole[place : place + len(faded)] += faded
        place += len(faded) - over
    return Audio.owning(whole, rate)


def _gaps(pause: float | Sequence[float], count: int) -> list[float]:
    if not isinstance(pause, Sequence) or isinstance(pause, str):
        return [number("pause", pause, 0, _LONGEST, unit="s")] * count
    if len(pause) != count:
        raise ParameterError(
            f"has {len(pause)} values for {count} gaps", subject="pause", cure="give one for each"
        )
    return [number(f"pause[{i}]", gap, 0, _LONGEST, unit="s") for i, gap in enumerate(pause)]


def change_speed(
    audio: Audio,
    factor: float,
    *,
    progress: Report | None = None,
    cancel: threading.Event | None = None,
) -> Audio:
    """Return a sound faster or slower at the same pitch (ffmpeg's atempo).

    Parameters
    ----------
    audio
        The sound.
    factor
        0.25 to 4; 2 lasts half as long.
    progress
        Called with the part that is done, 0 to 1; by default a bar is shown for a minute or more.
    cancel
        Set it from another thread to stop.

    Raises
    ------
    ParameterError
        When the factor is out of range, or this is not a sound.
    Cancelled, FfmpegError
        When it was stopped, or ffmpeg failed.

    Examples
    --------
    >>> change_speed(Audio.silence(3, 8000), 1.5)
    Audio(2.000 s, 8000 Hz, mono)
    """
    _sound("audio", audio)
    factor = number("factor", factor, *_SPEEDS)
    frames = round(audio.frames / factor)
    if factor == 1 or not frames:
        return audio
    if cancel is not None and cancel.is_set():  # a short run is over before its watcher looks
        raise Cancelled("stopped on request", subject="speed")
    # The filter keeps back what is in its window at the end: silence pushes it out.
    tail = np.zeros((audio.rate // 2, audio.channels), np.float32)

    shown = nullcontext(progress) if progress or audio.duration < LONG else bar("changing speed")
    with shown as report, workspace() as folder:

        def fed() -> Iterator[memoryview]:
            done = 0
            for part in (audio.samples, tail):
                for piece in scaled(part, 1.0):
                    yield piece.data
                    done += len(piece)
                    if report is not None:
                        report(min(1.0, done / audio.frames))

        encode(
            _stretching(audio, factor),
            fed(),
            folder=folder,
            limit=_PATIENCE + audio.duration + audio.duration / factor,
            cancel=cancel,
        )
        samples = np.fromfile(folder / _OUT, "<f4").reshape(-1, audio.channels)[:frames]
    missing = frames - len(samples)
    if missing:
        samples = np.pad(samples, ((0, missing), (0, 0)))
    return Audio.owning(samples, audio.rate)


def _stretching(audio: Audio, factor: float) -> list[str]:
    """Return the arguments that change the speed of raw floats from standard input."""
    import ffmpeg

    sound: Any = ffmpeg.input("pipe:0", format="f32le", ar=audio.rate, ac=audio.channels)["a:0"]
    low, high = _ATEMPO
    turns = 1 if low <= factor <= high else 2
    for _ in range(turns):
        sound = sound.filter("atempo", f"{factor ** (1 / turns):.9f}")
    return list(ffmpeg.output(sound, _OUT, format="f32le").get_args())


def fade(audio: Audio, fade_in: float = 0.0, fade_out: float = 0.0) -> Audio:
    """Return a sound that comes up at its start and goes down at its end.

    Parameters
    ----------
    audio
        The sound.
    fade_in, fade_out
        Seconds, 0 to 3600, as far as the sound is that long.

    Raises
    ------
    ParameterError
        When a number is out of range, or this is not a sound.

    Examples
    --------
    >>> tone = Audio(samples=np.ones(8000), rate=8000)
    >>> fade(tone, fade_in=0.5).samples[[0, 2000, 6000], 0].round(2).tolist()
    [0.0, 0.5, 1.0]
    """
    _sound("audio", audio)
    rising = number("fade_in", fade_in, 0, _LONGEST, unit="s") * audio.rate
    falling = number("fade_out", fade_out, 0, _LONGEST, unit="s") * audio.rate
    samples = audio.samples.copy()
    up = min(audio.frames, math.ceil(rising))
    if up:
        samples[:up] *= fade_gains(np.arange(up) / rising).astype(np.float32)[:, np.newaxis]
    down = min(audio.frames, math.ceil(falling))
    if down:
        gains = fade_gains(np.arange(down) / falling).astype(np.float32)
        samples[-down:] *= gains[::-1, np.newaxis]
    return Audio.owning(samples, audio.rate)


def _sound(name: str, value: object) -> None:
    if not isinstance(value, Audio):
        raise ParameterError(f"must be an Audio, not {type(value).__name__}", subject=name)
