"""What all tools promise: how far they are, an end on request, nothing half-written."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from lavfi import clip, counter

from workbench import media as toolbox
from workbench.audio import Audio
from workbench.errors import Cancelled
from workbench.media.audiobook import audiobook
from workbench.media.outputs import reporting

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.media

TONE = Audio(samples=np.sin(np.arange(48_000) / 9) * 0.2, rate=48_000)
PCM = np.zeros(24_000, "<i2").tobytes()

# Each is called with what there is, and the keywords that all have.
TOOLS: dict[str, Callable[..., Any]] = {
    "frames_at": lambda g, **k: toolbox.frames_at(g.clip, [0, 1, 2], **k),
    "frames_evenly": lambda g, **k: toolbox.frames_evenly(g.clip, 3, **k),
    "save_frames": lambda g, **k: toolbox.save_frames(g.clip, g.out / "frames", count=3, **k),
    "contact_sheet": lambda g, **k: toolbox.contact_sheet(g.clip, g.out / "a.png", count=3, **k),
    "gif": lambda g, **k: toolbox.gif(g.clip, g.out / "a.gif", duration=1, **k),
    "merge": lambda g, **k: toolbox.merge([g.clip, g.clip], g.out / "a.mp4", copy=False, **k),
    "merge, copied": lambda g, **k: toolbox.merge([g.clip, g.clip], g.out / "a.mp4", **k),
    "trim": lambda g, **k: toolbox.trim(g.clip, g.out / "a.mp4", 1, 2, **k),
    "trim, copied": lambda g, **k: toolbox.trim(g.clip, g.out / "a.mp4", 1, 2, precise=False, **k),
    "trim a sound": lambda g, **k: toolbox.trim(g.sound, g.out / "a.mp3", 0.2, 0.8, **k),
    "extract_audio": lambda g, **k: toolbox.extract_audio(g.clip, g.out / "a.m4a", **k),
    "extract_audio, anew": lambda g, **k: toolbox.extract_audio(g.clip, g.out / "a.wav", **k),
    "pcm_to_wav": lambda g, **k: toolbox.pcm_to_wav(PCM, g.out / "a.wav", **k),
    "waveform_picture": lambda g, **k: toolbox.waveform_picture(g.sound, g.out / "a.png", **k),
    "spectrum_picture": lambda g, **k: toolbox.spectrum_picture(g.sound, g.out / "a.png", **k),
    "waveform_video": lambda g, **k: toolbox.waveform_video(
        g.sound, g.out / "a.mp4", size=(64, 64), fps=5, **k
    ),
    "mix": lambda _, **k: toolbox.mix_tracks(
        [toolbox.Track(name="a", audio=TONE)], 1.0, loudness=-16, **k
    ),
    "audiobook": lambda g, **k: audiobook(g.out / "a.m4b", TONE, **k),
    "normalize": lambda _, **k: toolbox.normalize(TONE, -16, **k),
    "change_speed": lambda _, **k: toolbox.change_speed(TONE, 1.5, **k),
}


@dataclass(frozen=True)
class Given:
    clip: Path
    sound: Path
    out: Path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("given")
    return counter(folder / "count.mp4"), TONE.write(folder / "tone.wav")


@pytest.fixture
def given(made: tuple[Path, Path], tmp_path: Path) -> Given:
    return Given(*made, out=tmp_path)


@pytest.mark.parametrize("name", TOOLS)
def test_it_tells_how_far_it_is(name: str, given: Given):
    """Copying told -0.5 % and went back whenever the sound lay before the picture in the file;
    some tools never told that they were done."""
    told: list[float] = []
    TOOLS[name](given, progress=told.append)
    assert told == sorted(told)
    assert told[0] >= 0
    assert told[-1] == 1


@pytest.mark.parametrize("name", TOOLS)
def test_it_stops_on_request_and_leaves_nothing(name: str, given: Given):
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        TOOLS[name](given, progress=lambda _: None, cancel=stop)
    assert not [path for path in given.out.rglob("*") if path.is_file()]


def test_what_is_told_is_held_to_its_range():
    told: list[float] = []
    with reporting(told.append, "working") as report:
        for done in (-0.5, 0.2, 0.1, 0.2, 0.7, 1.5):
            report(done)
    assert told == [0.0, 0.2, 0.7, 1.0]


def test_what_fails_is_not_told_to_be_done():
    told: list[float] = []

    def fail() -> None:
        with reporting(told.append, "working") as report:
            report(0.5)
            raise ValueError("stopped")

    with pytest.raises(ValueError, match="stopped"):
        fail()
    assert told == [0.5]


@pytest.mark.faults
@pytest.mark.skipif(sys.platform == "win32", reason="no RLIMIT_FSIZE")
@pytest.mark.parametrize("precise", [True, False])
def test_a_full_disk_is_told_as_one(tmp_path: Path, *, precise: bool):
    """A cut by copying called the clip unfit: "cannot be copied into mp4; cut it precisely"."""
    path = clip(tmp_path / "noise.mp4", seconds=4, filters="noise=alls=60:allf=t")
    code = (
        "import resource, sys; import av; from workbench.media.trimming import trim\n"
        "from workbench.errors import StorageFull\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))\n"
        "try:\n"
        f"    trim({str(path)!r}, {str(tmp_path / 'out.mp4')!r}, 0, 3, precise={precise})\n"
        "except StorageFull as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "no space left" in done.stdout
    assert "-part" not in done.stdout
    assert [each.name for each in tmp_path.iterdir()] == ["noise.mp4"]
