"""Sound into a WAV file of 16 bits, which is what every client of the old server expects."""

from __future__ import annotations

import wave
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.audio import Audio

__all__ = ["write_wav"]

_FULL = 32_767.0


def write_wav(path: Path, sound: Audio) -> None:
    """Write a sound as 16-bit PCM; what is beyond full scale is clipped."""
    samples = np.clip(sound.samples, -1.0, 1.0)
    np.multiply(samples, _FULL, out=samples)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(sound.channels)
        file.setsampwidth(2)
        file.setframerate(sound.rate)
        file.writeframes(np.rint(samples, out=samples).astype("<i2").tobytes())
