"""Pictures, frames, music and the measuring of processes, the same for every variant."""

from __future__ import annotations

import resource
import subprocess
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import IO

    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]

ZOOM = 1.15  # from the first frame of a scene to its last


def noise_still(seed: int, width: int = 1080, height: int = 1920, *, slope: float = 1.0) -> Picture:
    """Return a picture that is hard to encode: noise that falls with frequency, shapes, text."""
    chance = np.random.default_rng(seed)
    across, down = np.fft.rfftfreq(width), np.fft.fftfreq(height)
    frequency = np.maximum(np.hypot(down[:, np.newaxis], across), 1 / max(width, height))
    planes = []
    for _ in range(3):
        turn = chance.uniform(0, 2 * np.pi, frequency.shape)
        plane = np.fft.irfft2(np.exp(1j * turn) / frequency**slope, (height, width))
        planes.append(plane / plane.std() * 38)
    grey = planes[0]
    colours = [0.8 * grey + 0.35 * plane + level for plane, level in zip(planes, (120, 110, 100))]  # noqa: B905
    picture = np.clip(np.stack(colours, axis=-1), 0, 255).astype(np.uint8)
    for _ in range(12):
        centre = tuple(int(chance.uniform(0, side)) for side in (width, height))
        colour = tuple(int(c) for c in chance.integers(0, 256, 3))
        cv2.circle(picture, centre, int(chance.uniform(20, width / 8)), colour, -1, cv2.LINE_AA)
    for line in range(4):
        place = (width // 12, height // 8 + line * height // 5)
        cv2.putText(
            picture,
            f"picture {seed}.{line}",
            place,
            cv2.FONT_HERSHEY_SIMPLEX,
            width / 400,
            (255, 255, 255),
            max(1, width // 180),
            cv2.LINE_AA,
        )
    return picture


def zooming(picture: Picture, width: int, height: int, count: int) -> Iterator[Picture]:
    """Yield RGB frames of a zoom into a picture of the same aspect, to a fraction of a pixel."""
    rows, columns = picture.shape[:2]
    for index in range(count):
        side = 1 - (1 - 1 / ZOOM) * index / max(1, count - 1)
        step = side * columns / width
        left = (1 - side) / 2 * columns + step / 2 - 0.5
        top = (1 - side) / 2 * rows + step / 2 - 0.5
        yield cv2.warpAffine(
            picture,
            np.array([[step, 0, left], [0, step, top]]),
            (width, height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )


def music(seconds: float = 20.0, rate: int = 48_000) -> NDArray[np.float32]:
    """Return slow chords in stereo, shape ``(frames, 2)``, peaks at 0.5."""
    time = np.arange(round(seconds * rate)) / rate
    both = np.zeros((len(time), 2))
    for number, chord in enumerate(((220, 277, 330), (196, 247, 294), (175, 220, 262))):
        swell = np.sin(np.pi * ((time / 2 + number / 3) % 1)) ** 2
        for note in chord:
            both[:, 0] += swell * np.sin(2 * np.pi * note * time)
            both[:, 1] += swell * np.sin(2 * np.pi * note * 1.003 * time)
    return (both / np.abs(both).max() / 2).astype(np.float32)


def cpu(
    command: Sequence[str],
    *,
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
    stdout: IO[str] | None = None,
) -> float:
    """Run a process; return user and system seconds of it and of all that it started.

    Its messages are shown when it fails.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        command,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL if stdout is None else stdout,
        stderr=subprocess.PIPE,
        cwd=cwd,
        env=env,
        text=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))[:500]}\n{done.stderr[-3000:]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
