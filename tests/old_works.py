"""What the older server's operations make: small real sounds, clips and pictures."""

from __future__ import annotations

import io
import wave
from functools import lru_cache
from pathlib import Path

import numpy as np
from lavfi import clip
from PIL import Image

from workbench.storage.atomic import workspace

__all__ = ["INFO", "VOICES", "content"]

VOICES = (
    "af_heart", "af_alloy", "af_bella", "am_adam", "am_michael", "bf_emma", "bm_george",
    "ef_dora", "em_alex", "ff_siwis", "zf_xiaobei",
)  # fmt: skip
"""Some of the 49 it lists."""

INFO = {
    "video": {
        "duration": 1.0, "width": 96, "height": 64, "fps": "10", "aspect_ratio": "3:2",
        "codec": "h264",
    },
    "audio": {
        "duration": 1.0, "channels": 2, "sample_rate": "24000", "codec": "pcm_s16le",
        "bitrate": "768000",
    },
}  # fmt: skip
"""What it says of the files it makes."""


@lru_cache(maxsize=4)
def _made(extension: str) -> bytes:
    if extension == ".wav":
        sound = (8000 * np.sin(np.arange(24_000) * 0.115)).astype("<i2")
        stream = io.BytesIO()
        with wave.open(stream, "wb") as file:
            file.setnchannels(2)
            file.setsampwidth(2)
            file.setframerate(24_000)
            file.writeframes(np.repeat(sound, 2).tobytes())
        return stream.getvalue()
    if extension == ".mp4":
        with workspace() as folder:
            return Path(clip(folder / "a.mp4", "teal", size="96x64", seconds=1.0)).read_bytes()
    stream = io.BytesIO()
    noise = np.random.default_rng(5).integers(0, 255, (64, 96, 3), dtype=np.uint8)
    Image.fromarray(noise).save(stream, "JPEG", quality=95)
    return stream.getvalue()


def content(file_id: str) -> bytes:
    """What a job writes under an id: a second of a tone, a clip of it, or a picture."""
    return _made(f".{file_id.rpartition('.')[2]}")
