"""An ffmpeg of another build: what it lacks is told, and what Debian has had since 12 works."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from lavfi import clip, counter, samples

import workbench as wb
from workbench import doctor
from workbench.audio import Audio
from workbench.errors import FfmpegError
from workbench.media import binaries, join
from workbench.media.animation import gif
from workbench.media.merging import merge
from workbench.media.probe import probe
from workbench.media.trimming import trim

HOME = Path(wb.__file__).parent
DEBIAN = Path("/usr/bin/ffmpeg")
FAKE = """#!/bin/sh
case "$*" in
  *-version*) echo "ffmpeg version 5.0" ;;
  *-filters*) printf '%s' "{filters}" ;;
  *-encoders*) printf '%s' "{encoders}" ;;
  *filter=xfade*) printf '     fade            0            ..FV....... fade\\n' ;;
esac
"""


def quiet(_: float) -> None:
    """Show no bar."""


@pytest.fixture
def foreign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return what makes a program that says it has some filters and encoders, and names it."""

    def make(without: set[str]) -> Path:
        filters = "".join(
            f" T.. {name} V->V x\n" for name in binaries._FILTERS if name not in without
        )
        names = [*binaries._ENCODERS, *binaries._FURTHER]
        encoders = "".join(f" V....D {name} x\n" for name in names if name not in without)
        path = tmp_path / f"ffmpeg{len(without)}"
        path.write_text(FAKE.format(filters=filters, encoders=encoders))
        path.chmod(0o755)
        monkeypatch.setenv(binaries.VARIABLE, str(path))
        return path

    return make


def test_every_filter_of_a_graph_is_asked_for():
    """Six were, of 32: an ffmpeg without xfade or ebur128 was taken for a whole one."""
    used = set()
    for path in (HOME / "media").rglob("*.py"):
        text = path.read_text()
        used |= set(re.findall(r"\.filter(?:_multi_output)?\(\s*\"([a-z0-9_]+)\"", text))
        used |= set(re.findall(r"ffmpeg\.filter\(\s*(?:\[[^\]]*\]|\w+),\s*\"([a-z0-9_]+)\"", text))
        used |= {"overlay"} if ".overlay(" in text else set()
    assert {"xfade", "paletteuse", "amix", "split", "ebur128"} <= used
    assert used - {"hwupload"} <= set(binaries._FILTERS)  # that is for a graphics card alone


@pytest.mark.media
@pytest.mark.parametrize("name", ["ebur128", "xfade", "ass", "paletteuse", "mov_text", "gif"])
def test_what_a_named_one_lacks_is_told(foreign, name: str):
    path = foreign({name})
    with pytest.raises(FfmpegError, match=rf"lacks (filter|encoder) {name}") as error:
        binaries.ffmpeg()
    assert str(path) in error.value.subject


@pytest.mark.media
def test_what_only_some_work_needs_is_no_reason_to_refuse(foreign):
    path = foreign({"libmp3lame", "libopus"})
    assert binaries.ffmpeg() == path
    assert binaries.binaries()[0].further == (
        "encoder libmp3lame (.mp3)",
        "encoder libopus (.opus)",
    )
    row = next(f for f in doctor._programs() if f.name == binaries.VARIABLE)
    assert row.state == "ok"
    assert "without encoder libmp3lame (.mp3), encoder libopus (.opus)" in row.detail
    assert re.search(r"without \d+ transitions, such as fadeblack: of ffmpeg 6.1", row.detail)


@pytest.mark.media
def test_a_transition_that_it_does_not_know_is_told_before_anything_runs(foreign):
    """It ended in "Unable to parse option value" after the sound had been mixed."""
    foreign(set())
    binaries.check_transitions(["fade", "fade"])
    binaries.check_transitions([])
    with pytest.raises(FfmpegError, match="does not know the transition coverleft"):
        binaries.check_transitions(["fade", "coverleft"])


@pytest.mark.parametrize("fps", [24, 25, 30, 60, 7])
def test_joined_pieces_last_as_long_as_their_frames(fps: int):
    """ffmpeg 5 took each one's length from its header, in milliseconds: they drifted apart."""
    counts = [46, 31, 97, 1, 2, 7] * 50
    files = [Path(f"/run/{index:05}.mp4") for index in range(len(counts))]
    lines = join._listed(files, counts, fps).splitlines()
    assert lines[:2] == ["file 00000.mp4", f"duration {46 / fps:.6f}"]
    lasts = [float(line.split()[1]) for line in lines[1::2]]
    ends = np.cumsum(counts) / fps
    assert np.abs(np.cumsum(lasts) - ends).max() < 1e-6


@pytest.mark.media
@pytest.mark.skipif(not DEBIAN.is_file(), reason="there is no ffmpeg of the system")
def test_the_system_s_own_renders_merges_cuts_and_draws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """With Debian's 5.1 a render was refused as out of its time, and a merge lost half its sound:
    there, the last picture ends the other streams of a file."""
    monkeypatch.setenv(binaries.VARIABLE, str(DEBIAN))
    tone = Audio(samples=np.sin(np.arange(48_000) / 9) * 0.2, rate=48_000)
    red, blue = (clip(tmp_path / f"{c}.mp4", c, seconds=2.0) for c in ("red", "blue"))
    video = wb.Video("64x64", fps=30).scene(red)
    video = video.scene(blue, transition="fade", transition_duration=0.4)
    video = video.narrate("One two three.\nFour five six.").music(tone).captions()
    made = video.render(tmp_path / "out.mp4", cache=False, progress=quiet)
    assert probe(made.path).audio is not None
    joined = merge([red, blue], tmp_path / "m.mp4", size=(32, 64), progress=quiet)
    assert len(samples(joined.path)) == pytest.approx(4 * 48_000, abs=2048)
    count = counter(tmp_path / "count.mp4")
    cut = trim(count, tmp_path / "t.mp4", 1.0, 3.0, progress=quiet)
    assert len(samples(cut.path)) == pytest.approx(2 * 48_000, abs=2048)
    assert gif(count, tmp_path / "g.gif", start=1, duration=1, progress=quiet).frames == 10
