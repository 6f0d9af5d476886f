"""What holds after each abuse: no process, no work folder and no half file is left."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from faults.processes import gone

from workbench.media.ffmpeg import encode

if TYPE_CHECKING:
    from collections.abc import Iterator


def _work() -> set[str]:
    mark = f"workbench-{os.getpid()}-"
    return {p.name for p in Path(tempfile.gettempdir()).iterdir() if p.name.startswith(mark)}


@pytest.fixture(autouse=True)
def _nothing_is_left(tmp_path: Path) -> Iterator[None]:
    """Fail a test that leaves a decoder, a folder of work, or a file under a temporary name."""
    before = _work()
    yield
    assert gone(), "an ffmpeg still runs"
    assert _work() <= before, "a folder of work is left"
    assert not list(tmp_path.rglob(f".wb-{os.getpid()}-*")), "half a file is left"


@pytest.fixture(scope="session")
def names(media: Path) -> list[str]:
    """Return 24 names with quotes, colons, percent signs, newlines, dashes, spaces at the end."""
    found: list[str] = json.loads((media / "hostile" / "filenames.json").read_text())
    assert len(found) == 24
    return found


PICTURE = ("-f", "lavfi", "-i", "testsrc2=s=64x48:r=10:d=1")
TONE = ("-f", "lavfi", "-i", "sine=frequency=440:duration=1:sample_rate=48000")
MADE = {
    "clip.mp4": (*PICTURE, *TONE, "-c:v", "libx264", "-g", "5", "-c:a", "aac"),
    "clip.mov": (*PICTURE, *TONE, "-c:v", "mpeg4", "-c:a", "pcm_s16le"),
    "clip.webm": (*PICTURE, *TONE, "-c:v", "libvpx", "-c:a", "libopus"),
    "clip.mkv": (*PICTURE, *TONE, "-c:v", "libx264", "-c:a", "flac"),
    "clip.ts": (*PICTURE, *TONE, "-c:v", "libx264", "-c:a", "aac"),
    "tone.wav": TONE,
    "tone.mp3": TONE,
    "tone.flac": TONE,
    "tone.ogg": (*TONE, "-c:a", "libvorbis"),
    "tone.m4a": (*TONE, "-c:a", "aac"),
}


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return whole small files by name: a second of a moving test picture and a tone of 440 Hz."""
    folder = tmp_path_factory.mktemp("made")
    for name, arguments in MADE.items():
        encode([*arguments, f"file:{folder / name}"], folder=folder, limit=60)
    return {name: folder / name for name in MADE}
