"""How two files differ: in words a person understands, and not only as bytes."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.errors import Cancelled, WorkbenchError

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["ANIMATIONS", "CAPTIONS", "PICTURES", "SOUNDS", "VIDEOS", "difference"]

SOUNDS = frozenset({".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a", ".m4b", ".aac"})
VIDEOS = frozenset({".mp4", ".mov", ".mkv", ".webm"})
ANIMATIONS = frozenset({".gif"})
PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp"})
CAPTIONS = frozenset({".srt", ".vtt", ".ass", ".ttml", ".dfxp"})

_BLOCK = 1 << 20
_PEAK = 255.0


def difference(there: Path, made: Path, *, cancel: threading.Event | None = None) -> str:
    """Return how a file that was made again differs from the one that is there; empty when not.

    Sounds, videos and pictures are decoded and compared by what is heard and seen, captions by
    their cues: other bytes may carry the same.

    Parameters
    ----------
    there, made
        The two files.
    cancel
        Set it from another thread to stop.

    Raises
    ------
    Cancelled
        When it was stopped.
    """
    first = _first_byte(there, made)
    if first is None:
        return ""
    told = f"other bytes from {first:,} on"
    suffix = there.suffix.lower()
    kinds = (
        (CAPTIONS, _cues),
        (PICTURES, _picture),
        (VIDEOS, _video),
        (ANIMATIONS, _frames),
        (SOUNDS, _samples),
    )
    compare = next((compare for suffixes, compare in kinds if suffix in suffixes), None)
    if compare is None:
        return told
    try:
        return f"{told}; {compare(there, made, cancel)}"
    except Cancelled:
        raise
    except (WorkbenchError, OSError, ValueError) as error:
        return f"{told}; they cannot be compared further ({error})"


def _first_byte(there: Path, made: Path) -> int | None:
    """Return where two files first differ; None when they do not."""
    done = 0
    with there.open("rb") as one, made.open("rb") as other:
        while True:
            a, b = one.read(_BLOCK), other.read(_BLOCK)
            if a != b:
                short = min(len(a), len(b))
                unlike = np.frombuffer(a[:short], np.uint8) != np.frombuffer(b[:short], np.uint8)
                return done + (int(unlike.argmax()) if unlike.any() else short)
            if not a:
                return None
            done += len(a)


def _cues(there: Path, made: Path, cancel: threading.Event | None) -> str:  # noqa: ARG001 - as the others
    from workbench.captions.cues import Cues

    pairs = zip_longest(Cues.read(there), Cues.read(made))
    for number, (one, other) in enumerate(pairs, 1):
        if one is None or other is None:
            return f"cue {number} is only in the {'new' if one is None else 'old'} one"
        if (one.start, one.end) != (other.start, other.end):
            return (
                f"cue {number} is at {one.start:.3f}-{one.end:.3f} s, and now at "
                f"{other.start:.3f}-{other.end:.3f} s"
            )
        if one != other:
            return f"cue {number} at {one.start:.3f} s says something else"
    return "the same cues, written otherwise"


def _picture(there: Path, made: Path, cancel: threading.Event | None) -> str:  # noqa: ARG001 - as above
    from workbench.media.stills import load

    one, other = np.asarray(load(there)), np.asarray(load(made))
    if one.shape != other.shape:
        return f"{_size(one)}, and now {_size(other)}"
    error = _squared(one, other)
    return f"PSNR {_psnr(error)}" if error else "the same pixels"


def _video(there: Path, made: Path, cancel: threading.Event | None) -> str:
    seen, heard = _frames(there, made, cancel), _heard(there, made, cancel)
    return f"{seen}; {heard}" if heard else seen


def _frames(there: Path, made: Path, cancel: threading.Event | None) -> str:
    """Return how the pictures of two videos differ."""
    first, worst, total, count = -1.0, 0.0, 0.0, 0
    for one, other in zip_longest(_shown(there, cancel), _shown(made, cancel)):
        if one is None or other is None:
            return f"after {count} frames the {'old' if one is None else 'new'} one ends"
        if one[1].shape != other[1].shape:
            return f"{_size(one[1])}, and now {_size(other[1])}"
        error = _squared(one[1], other[1])
        if error and first < 0:
            first = one[0]
        count, total, worst = count + 1, total + error, max(worst, error)
    if not worst:
        return f"the same {count} frames"
    return (
        f"pictures differ from {first:.3f} s on, PSNR {_psnr(total / count)}, "
        f"at worst {_psnr(worst)}"
    )


def _shown(path: Path, cancel: threading.Event | None) -> Iterator[tuple[float, Any]]:
    """Yield the pictures of a video with their times in seconds."""
    from workbench.media.containers import opened, shown_stream

    if path.suffix.lower() in ANIMATIONS:
        yield from _animated(path)
        return
    with opened(path) as container:
        for frame in container.decode(shown_stream(container)):
            if cancel is not None and cancel.is_set():
                raise Cancelled("stopped on request", subject=str(path))
            yield float(frame.time or 0.0), frame.to_ndarray(format="rgb24")


def _animated(path: Path) -> Iterator[tuple[float, Any]]:
    from PIL import Image

    seconds = 0.0
    with Image.open(path, formats=["GIF"]) as image:
        for index in range(getattr(image, "n_frames", 1)):
            image.seek(index)
            yield seconds, np.asarray(image.convert("RGB"))
            seconds += float(image.info.get("duration", 0)) / 1000


def _heard(there: Path, made: Path, cancel: threading.Event | None) -> str:
    """Return how the sound of two videos differs; empty where there is none."""
    from workbench.media.probe import probe

    sounding = [probe(path).audio is not None for path in (there, made)]
    if sounding[0] != sounding[1]:
        return f"the {'old' if sounding[0] else 'new'} one alone has sound"
    return _samples(there, made, cancel) if all(sounding) else ""


def _samples(there: Path, made: Path, cancel: threading.Event | None) -> str:
    """Return how two sounds differ."""
    from workbench.media.recording import stream_sound

    first, most, done, rate, longer = -1, 0.0, 0, 1, ""
    pairs = zip_longest(stream_sound(there, cancel=cancel), stream_sound(made, cancel=cancel))
    for one, other in pairs:
        if one is None or other is None:
            longer = "new" if one is None else "old"
            break
        if one.rate != other.rate or one.channels != other.channels:
            return f"{one.rate} Hz, {one.channels} channels, and now {other.rate}, {other.channels}"
        rate, short = one.rate, min(one.frames, other.frames)
        apart = np.abs(one.samples[:short] - other.samples[:short]).reshape(short, -1)
        if apart.size and apart.max() > 0:
            if first < 0:
                first = done + int(np.flatnonzero(apart.max(axis=1))[0])
            most = max(most, float(apart.max()))
        done += short
        if one.frames != other.frames:
            longer = "old" if one.frames > other.frames else "new"
            break
    told = []
    if first >= 0:
        level = f"{20 * np.log10(most):.0f} dB"
        told.append(f"sound differs from {first / rate:.3f} s on, by at most {most:.2g} ({level})")
    if longer:
        told.append(f"the {longer} one goes on after {done / rate:.3f} s")
    return ", and ".join(told) or "the same samples"


def _squared(one: Any, other: Any) -> float:
    return float(np.mean((one.astype(np.float32) - other.astype(np.float32)) ** 2))


def _psnr(error: float) -> str:
    return f"{10 * np.log10(_PEAK**2 / error):.1f} dB" if error else "infinite"


def _size(pixels: Any) -> str:
    return f"{pixels.shape[1]}x{pixels.shape[0]}"
