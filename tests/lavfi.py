"""Clips and sounds that tests make: colours, tones and flashes that are known to the frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from workbench.media.ffmpeg import encode, read
from workbench.storage.atomic import workspace

if TYPE_CHECKING:
    from pathlib import Path

RATE = 48_000


def clip(
    path: Path,
    colour: str = "red",
    *,
    size: str = "64x64",
    fps: str = "10",
    seconds: float = 1.0,
    tone: float | None = 440.0,
    level: float = 0.2,
    channels: int = 2,
    rate: int = RATE,
    sound_seconds: float | None = None,
    filters: str = "null",
    options: tuple[str, ...] = (),
    inputs: tuple[str, ...] = (),
) -> Path:
    """Write a clip of one colour and one tone; no `tone`, no sound."""
    picture = f"color={colour}:s={size}:r={fps}:d={seconds},format=yuv420p"
    arguments = ["-f", "lavfi", *inputs, "-i", picture]
    if tone is not None:
        length = sound_seconds or seconds
        spelt = f"aevalsrc={level}*sin(2*PI*{tone}*t):s={rate}:d={length}"
        layout = f",aformat=channel_layouts={'mono' if channels == 1 else 'stereo'}"
        pan = "" if channels == 1 else ",pan=stereo|c0=c0|c1=c0"
        arguments += ["-f", "lavfi", "-i", spelt + pan + layout]
    tags = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709")
    convert = f"scale=out_color_matrix=bt709:out_range=tv,{filters}"
    with workspace() as folder:
        encode(
            [*arguments, "-vf", convert, "-c:v", "libx264", *tags, *options, f"file:{path}"],
            folder=folder,
            limit=60,
        )
    return path


def counter(
    path: Path, *, fps: int = 10, frames: int = 40, sound: bool = True, keyed: int | None = None
) -> Path:
    """Write a clip whose frame n is as bright as ``20 + 5 n``, and a beep of 0.1 s at every
    whole second.

    It has a key frame every `keyed` frames, one a second by default.
    """
    rows = [np.full((64, 64), 20 + 5 * n, np.uint8).tobytes() for n in range(frames)]
    raw = ["-f", "rawvideo", "-pix_fmt", "gray", "-video_size", "64x64", "-framerate", str(fps)]
    arguments = [*raw, "-i", "pipe:0"]
    if sound:
        click = f"aevalsrc=0.5*sin(6283*t)*lt(mod(t\\,1)\\,0.1):s=48000:d={frames / fps}"
        arguments += ["-f", "lavfi", "-i", click]
    grey = "scale=in_range=full:out_range=tv:out_color_matrix=bt709,format=yuv420p"
    key = ["-g", str(keyed or fps), "-sc_threshold", "0", "-crf", "12"]
    with workspace() as folder:
        encode(
            [*arguments, "-vf", grey, "-c:v", "libx264", *key, f"file:{path}"],
            rows,
            folder=folder,
            limit=60,
        )
    return path


def pixels(path: Path, size: str = "64x64") -> np.ndarray:
    """Return all frames of a video as RGB, ``(frames, height, width, 3)``, turned for display."""
    width, height = map(int, size.split("x"))
    with workspace() as folder:
        data = b"".join(
            bytes(part)
            for part in read(
                ["-i", f"file:{path}", "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"],
                1 << 20,
                folder=folder,
                limit=60,
            )
        )
    return np.frombuffer(data, np.uint8).reshape(-1, height, width, 3)


def numbers(path: Path, size: str = "64x64") -> list[int]:
    """Return which frame of a `counter` each frame of a video is."""
    grey = pixels(path, size).mean(axis=(1, 2, 3))
    return [round((value - 18.3) / 5) for value in grey]


def samples(path: Path, rate: int = RATE, channels: int = 2) -> np.ndarray:
    """Return all samples of a file's sound, ``(frames, channels)``."""
    with workspace() as folder:
        data = b"".join(
            bytes(part)
            for part in read(
                [
                    "-i",
                    f"file:{path}",
                    "-f",
                    "f32le",
                    "-ac",
                    str(channels),
                    "-ar",
                    str(rate),
                    "pipe:1",
                ],
                1 << 20,
                folder=folder,
                limit=60,
            )
        )
    return np.frombuffer(data, "<f4").reshape(-1, channels)


def pitch(sound: np.ndarray, rate: int = RATE) -> float:
    """Return the frequency in Hz that is loudest in a sound."""
    mono = sound.mean(axis=1) * np.hanning(len(sound))
    return float(np.argmax(np.abs(np.fft.rfft(mono))) * rate / len(mono))


def loudness(sound: np.ndarray) -> float:
    """Return the root of the mean square in dB of full scale."""
    return float(10 * np.log10(max(1e-12, np.mean(np.square(sound, dtype=np.float64)))))


def beeps(sound: np.ndarray, rate: int = RATE) -> list[float]:
    """Return when sound begins after silence, in seconds to 5 ms."""
    step = rate // 200
    parts = sound[: len(sound) // step * step].mean(axis=1).reshape(-1, step)
    loud = np.abs(parts).max(axis=1) > 0.1
    return [round(n / 200, 3) for n in range(len(loud)) if loud[n] and (n == 0 or not loud[n - 1])]
