"""One recording through the library: where speech is, in what language, and what is said.

The library can find speech itself. It is done here because it then has to be done once for both of
its modes, because the library guesses a language where nobody speaks, and because it makes one
picture of all the speech, a gigabyte for twenty minutes: here that is done for ten at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from workbench.audio import Samples
    from workbench.engines.whisper.options import WhisperOptions

__all__ = ["RATE", "detect", "hear", "joined", "speech"]

RATE = 16_000
"""Frames per second that Whisper and its VAD take."""

_BLOCK = 600 * RATE  # frames of speech that are pictured at once
_SEARCH = 0.1  # of a block: the part at its end where a longer stretch is cut
_QUIET = round(0.3 * RATE)  # frames of silence that are looked for there
_SHORTEST = RATE  # frames; below 0.1 s the library fails
_WINDOWS = 4  # of 30 s that are asked for the language, until one is sure
_SURE = 0.5

Chunk = dict[str, int]
"""A stretch of speech: ``start`` and ``end`` in frames."""


def speech(samples: Samples, options: WhisperOptions) -> list[Chunk]:
    """Return where somebody speaks; all of it when the options say not to look.

    In the batched mode a stretch is at most a window long.
    """
    if not options.vad:
        return [{"start": 0, "end": len(samples)}]
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    if not samples.any():  # the VAD has been seen to hear something in digital silence
        return []
    longest = float(options.chunk_length) if options.batch_size else float("inf")
    found = get_speech_timestamps(samples, VadOptions(**options.for_vad(longest=longest)))
    return [{"start": int(one["start"]), "end": int(one["end"])} for one in found]


def joined(samples: Samples, chunks: Sequence[Chunk]) -> Samples:
    """Return the stretches one after the other, at least a second long."""
    parts = [samples[chunk["start"] : chunk["end"]] for chunk in chunks]
    whole = np.concatenate(parts) if parts else samples[:0]
    return np.pad(whole, (0, max(0, _SHORTEST - len(whole))))


def detect(model: Any, samples: Samples, chunks: Sequence[Chunk]) -> tuple[str, float]:
    """Return the code of the language and how likely it is.

    Whisper itself looks at the first 30 s, whatever is in them (SYSTRAN/faster-whisper#265); here
    the first 30 s of speech are looked at, and more while no language is likely.
    """
    wanted: list[Chunk] = []
    left = _WINDOWS * 30 * RATE
    for chunk in chunks:
        start, end = chunk["start"], min(chunk["end"], chunk["start"] + left)
        wanted.append({"start": start, "end": end})
        left -= end - start
        if not left:
            break
    language, probability, _ = model.detect_language(
        audio=joined(samples, wanted),
        language_detection_segments=_WINDOWS,
        language_detection_threshold=_SURE,
    )
    return str(language), float(probability)


def hear(
    model: Any,
    samples: Samples,
    chunks: Sequence[Chunk],
    *,
    language: str,
    options: WhisperOptions,
    batch: int,
) -> Iterator[Any]:
    """Yield the library's segments, their times those of the recording.

    Parameters
    ----------
    model
        The library's, see `whisper.model.own`.
    samples
        One dimension, at `RATE`.
    chunks
        Where somebody speaks.
    language
        A code that the model knows.
    options
        How to listen.
    batch
        How many windows at once; 0 for one after the other.
    """
    from faster_whisper.transcribe import restore_speech_timestamps

    call = {**options.for_library(), "language": language}
    for block in _blocks(_cut(samples, chunks, _BLOCK), _BLOCK):
        sound = joined(samples, block)
        if batch:
            windows = _windows(block, options.chunk_length * RATE)
            segments = _batched(model, sound, windows, call, batch)
        else:
            segments, _ = model.transcribe(sound, vad_filter=False, **call)
        yield from restore_speech_timestamps(segments, block, RATE)


def _batched(
    model: Any, sound: Samples, windows: list[dict[str, float]], call: dict[str, Any], batch: int
) -> Iterator[Any]:
    from faster_whisper import BatchedInferencePipeline

    pipeline = BatchedInferencePipeline(model)  # it remembers where speech ended: one for each call
    call = {name: value for name, value in call.items() if name != "condition_on_previous_text"}
    segments, _ = pipeline.transcribe(
        sound,
        vad_filter=False,
        clip_timestamps=windows,
        batch_size=batch,
        without_timestamps=False,  # else a window is one segment of 30 s
        **call,
    )
    yield from segments


def _windows(chunks: Sequence[Chunk], longest: int) -> list[dict[str, float]]:
    """Return which parts of the joined stretches go together into a window, in seconds."""
    windows: list[list[int]] = []
    end = 0
    for chunk in chunks:
        start, end = end, end + chunk["end"] - chunk["start"]
        if windows and end - windows[-1][0] <= longest:
            windows[-1][1] = end
        else:
            windows.append([start, end])
    return [{"start": first / RATE, "end": last / RATE} for first, last in windows]


def _cut(samples: Samples, chunks: Iterable[Chunk], most: int) -> Iterator[Chunk]:
    """Yield the stretches, one of more than `most` frames in parts, cut where it is quietest."""
    for chunk in chunks:
        start, end = chunk["start"], chunk["end"]
        while end - start > most:
            place = _quietest(samples, start + most - round(most * _SEARCH), start + most)
            yield {"start": start, "end": place}
            start = place
        yield {"start": start, "end": end}


def _quietest(samples: Samples, first: int, last: int) -> int:
    """Return the middle of the quietest 0.3 s between two frames; `last` where it is shorter."""
    if last - first <= _QUIET:
        return last
    energy = np.cumsum(np.square(samples[first:last], dtype=np.float64))
    return first + int((energy[_QUIET:] - energy[:-_QUIET]).argmin()) + _QUIET // 2


def _blocks(chunks: Iterable[Chunk], most: int) -> Iterator[list[Chunk]]:
    """Yield the stretches, none of them longer than `most` frames, in groups of at most as many."""
    block: list[Chunk] = []
    total = 0
    for chunk in chunks:
        length = chunk["end"] - chunk["start"]
        if block and total + length > most:
            yield block
            block, total = [], 0
        block.append(chunk)
        total += length
    if block:
        yield block
