"""How loud a sound is, how high its peaks are, and whether they are cut off.

What `workbench.media.loudness` asks of ffmpeg, without a process: a take is measured in
milliseconds, each time a slider has moved.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from workbench.speech.blocks import blocks, stop

if TYPE_CHECKING:
    import threading

    from numpy.typing import NDArray

    from workbench.audio import Audio

__all__ = ["clipped", "loudness", "true_peak"]

# ITU-R BS.1770-5, annex 1, tables 1 and 2: numerator and denominator of the two filters at 48 kHz.
_SHELF = (
    (1.53512485958697, -2.69169618940638, 1.19839281085285),
    (1.0, -1.69065929318241, 0.73248077421585),
)
_HIGH_PASS = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))
_RATE = 48_000
_OFFSET = -0.691  # dB, as above: 997 Hz at full scale in one channel is -3.01 LUFS
_ABSOLUTE, _RELATIVE = -70.0, -10.0  # LUFS, LU
_STEPS = 10  # a second: gating blocks of 0.4 s overlap by three quarters
_WINDOW = 4  # steps
_SETTLED = 0.05  # seconds; by then the weighting has faded to -104 dB
# Channels by number, in the order of WAV and of ffmpeg: the low one is not heard, and those at the
# sides and behind count 1.5 dB more (annex 1, table 3).
_CHANNELS = {
    1: (1.0,),
    2: (1.0, 1.0),
    3: (1.0, 1.0, 0.0),
    4: (1.0, 1.0, 1.0, 1.41),
    5: (1.0, 1.0, 1.0, 1.41, 1.41),
    6: (1.0, 1.0, 1.0, 0.0, 1.41, 1.41),
    7: (1.0, 1.0, 1.0, 0.0, 1.41, 1.41, 1.41),
    8: (1.0, 1.0, 1.0, 0.0, 1.41, 1.41, 1.41, 1.41),
}

_OVERSAMPLED, _FINE = 4, 192_000  # BS.1770-5, annex 2: four times at least, 192 kHz
_BLOCK = 4_096  # frames
_MARGIN = 64  # frames on either side of a block, so that the filter has settled in it
# What lies between the samples is hardly ever this much above them: 3 dB for a tone at a quarter
# of the rate.
_BETWEEN = 2.0
_SILENT = 1e-10

_FULL = np.float32(32_767 / 32_768)
"""What counts as full scale: the highest that 16 bits hold."""
_RUN = 3  # samples, where Audacity's "Find Clipping" begins to count too
_LONG = 1 << 18  # frames


def loudness(audio: Audio, *, cancel: threading.Event | None = None) -> float | None:
    """Return the integrated loudness in LUFS.

    The K-weighted, twice gated mean of ITU-R BS.1770-5, annex 1, which EBU R 128 takes over. The
    weighting is the frequency response of the standard's own filter at 48 kHz, laid on the spectrum
    of the sound at whatever rate it has; so it is the same at all rates. (ffmpeg's meter is up to
    0.2 LU too high at 8 kHz and agrees from 44.1 kHz on.)

    Parameters
    ----------
    audio
        Any rate; one channel counts once.
    cancel
        Set it from another thread to stop.

    Returns
    -------
    float or None
        None below 0.4 s, where nothing is louder than -70 LUFS, and for more than 8 channels.

    Examples
    --------
    >>> from workbench.audio import Audio
    >>> tone = np.sin(2 * np.pi * 997 * np.arange(48_000) / 48_000)
    >>> round(loudness(Audio(samples=tone, rate=48_000)), 2)
    -3.01
    """
    if audio.channels not in _CHANNELS:
        return None
    power = _step_power(audio, cancel)
    if len(power) < _WINDOW:
        return None
    means = np.convolve(power, np.full(_WINDOW, 1 / _WINDOW), mode="valid")
    loud = means > 10 ** ((_ABSOLUTE - _OFFSET) / 10)
    if not loud.any():
        return None
    loud &= means > means[loud].mean() * 10 ** (_RELATIVE / 10)
    return _OFFSET + 10 * math.log10(means[loud].mean())


def _step_power(audio: Audio, cancel: threading.Event | None) -> NDArray[np.float64]:
    """Return the weighted power of each tenth of a second, its channels together."""
    rate = audio.rate
    edges = np.arange(audio.frames * _STEPS // rate + 1) * rate // _STEPS
    margin = math.ceil(_SETTLED * rate)
    size = 1 << math.ceil(math.log2(rate + 2 * margin))
    at_once = (size - 2 * margin) * _STEPS // rate
    weights = _weighting(np.fft.rfftfreq(size, 1 / rate)).astype(np.float32)
    channels = np.array(_CHANNELS[audio.channels])
    found = np.zeros(len(edges) - 1)
    for first in range(0, len(found), at_once):
        last = min(first + at_once, len(found))
        begin, end = int(edges[first]), int(edges[last])
        before = min(begin, margin)
        wide = audio.samples[begin - before : end + margin].T
        spectra = np.fft.rfft(wide, size) * weights
        heard = np.fft.irfft(spectra, size)[:, before : before + end - begin]
        sums = np.add.reduceat(heard**2, edges[first:last] - begin, axis=1)
        found[first:last] = channels @ sums
        stop(cancel)
    return found / np.diff(edges)


def _weighting(hertz: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the factors of level at these frequencies; above 24 kHz, that of 24 kHz."""
    turn = np.exp(-2j * np.pi * np.minimum(hertz / _RATE, 0.5))
    response = np.ones_like(turn)
    for top, bottom in (_SHELF, _HIGH_PASS):
        response *= np.polyval(top[::-1], turn) / np.polyval(bottom[::-1], turn)
    return np.asarray(np.abs(response))


def true_peak(audio: Audio, *, cancel: threading.Event | None = None) -> float | None:
    """Return the highest level between and at the samples in dBTP.

    ITU-R BS.1770-5, annex 2: what a converter would make of the samples, read at four times their
    rate or more, at least at 192 kHz. Only blocks whose samples come within 6 dB of the highest
    peak are looked at that closely, the highest first.

    Parameters
    ----------
    audio
        Any rate and number of channels.
    cancel
        Set it from another thread to stop.

    Returns
    -------
    float or None
        None for digital silence.

    Examples
    --------
    A tone at a quarter of the rate, sampled beside its peaks:

    >>> from workbench.audio import Audio
    >>> tone = np.sin(np.pi / 2 * np.arange(8_000) + np.pi / 4) * np.hanning(8_000)
    >>> sound = Audio(samples=tone, rate=8_000)
    >>> round(20 * np.log10(np.abs(sound.samples).max())), round(true_peak(sound))
    (-3, 0)
    """
    import soxr

    samples = audio.samples
    highest = np.array([np.abs(piece).max() for _, piece in blocks(audio, _BLOCK, cancel)])
    best = float(highest.max(initial=0.0))
    if best < _SILENT:
        return None
    factor = max(_OVERSAMPLED, math.ceil(_FINE / audio.rate))
    for block in np.argsort(-highest):
        if highest[block] * _BETWEEN <= best:
            break
        stop(cancel)
        first = int(block) * _BLOCK
        before = min(first, _MARGIN)
        wide = samples[first - before : first + _BLOCK + _MARGIN]
        fine = soxr.resample(wide, audio.rate, audio.rate * factor, "MQ")
        inner = fine[before * factor :][: _BLOCK * factor]
        best = max(best, float(inner.max()), -float(inner.min()))
    return 20 * math.log10(best)


def clipped(audio: Audio, *, cancel: threading.Event | None = None) -> int | None:
    """Return how many samples stand at full scale, three and more in a row.

    Full scale is the highest that 16 bits hold, and what lies beyond: both come out flat where the
    sound is played. Three in a row is where Audacity's *Find Clipping* begins to count: a single
    one is a peak that just fits.

    Parameters
    ----------
    audio
        Each channel is looked at by itself.
    cancel
        Set it from another thread to stop.

    Returns
    -------
    int or None
        None where there is no sample.

    Examples
    --------
    >>> from workbench.audio import Audio
    >>> clipped(Audio(samples=np.array([0, 1, 1, 1, 0, 1, 1, 0, -1, -1, -1, -1.0]), rate=8_000))
    7
    """
    if not audio.frames:
        return None
    found = 0
    for first, piece in blocks(audio, _LONG, cancel):
        if piece.max() < _FULL and piece.min() > -_FULL:
            continue
        before = min(first, _RUN - 1)
        wide = audio.samples[first - before : first + len(piece) + _RUN - 1]
        full = np.abs(wide) >= _FULL
        padded = np.pad(full, ((_RUN - 1, _RUN - 1), (0, 0)))
        runs = np.asarray(sliding_window_view(padded, _RUN, axis=0).all(axis=-1))
        inside = sliding_window_view(runs, _RUN, axis=0)[before : before + len(piece)]
        found += int(np.count_nonzero(inside.any(axis=-1)))
    return found
