from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from workbench.audio import Audio
from workbench.errors import Cancelled
from workbench.production.rebuild_cause import never_exact
from workbench.production.rebuild_compare import difference

if TYPE_CHECKING:
    from pathlib import Path

SRT = "1\n00:00:00,000 --> 00:00:01,000\nOne.\n\n2\n00:00:01,500 --> 00:00:02,000\nTwo.\n"


def _pair(folder: Path, suffix: str, one: str | bytes, other: str | bytes) -> str:
    paths = (folder / f"one{suffix}", folder / f"other{suffix}")
    for path, data in zip(paths, (one, other), strict=True):
        path.write_bytes(data.encode() if isinstance(data, str) else data)
    return difference(*paths)


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        (b"", b"", ""),
        (b"abc", b"abc", ""),
        (b"abc", b"abd", "other bytes from 2 on"),
        (b"abc", b"abcd", "other bytes from 3 on"),
        (b"", b"a", "other bytes from 0 on"),
        (b"x" * 3_000_000 + b"a", b"x" * 3_000_000 + b"b", "other bytes from 3,000,000 on"),
    ],
)
def test_the_first_byte_that_differs_is_told(tmp_path: Path, one: bytes, other: bytes, told: str):
    assert _pair(tmp_path, ".bin", one, other) == told


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (SRT.replace("Two", "Three"), "cue 2 at 1.500 s says something else"),
        (SRT.replace("01,500", "01,250"), "cue 2 is at 1.500-2.000 s, and now at 1.250-2.000 s"),
        (SRT[: SRT.index("2\n00")], "cue 2 is only in the old one"),
        (SRT + "\n3\n00:00:03,000 --> 00:00:04,000\nThree.\n", "cue 3 is only in the new one"),
        (SRT + "\n\n", "the same cues, written otherwise"),
        ("nothing", "they cannot be compared further"),
    ],
)
def test_captions_differ_by_a_cue(tmp_path: Path, other: str, told: str):
    assert told in _pair(tmp_path, ".srt", SRT, other)


def _tone(*, at: int = 0, by: float = 0.0, frames: int = 24_000) -> Audio:
    samples = np.sin(np.arange(frames, dtype=np.float32) / 20).reshape(-1, 1) * 0.5
    samples[at : at + 10] += by
    return Audio(samples=samples.astype(np.float32), rate=24_000)


@pytest.mark.media
def test_sounds_differ_from_a_time_on(tmp_path: Path):
    one = _tone().encode(".wav")
    changed = _tone(at=12_000, by=0.25).encode(".wav")
    told = _pair(tmp_path, ".wav", one, changed)
    assert "sound differs from 0.500 s on, by at most 0.25 (-12 dB)" in told
    longer = _pair(tmp_path, ".wav", one, _tone(frames=30_000).encode(".wav"))
    assert longer.endswith("; the new one goes on after 1.000 s")
    both = _pair(tmp_path, ".wav", _tone(at=0, by=0.1, frames=30_000).encode(".wav"), one)
    assert "sound differs from 0.000 s on" in both
    assert both.endswith(", and the old one goes on after 1.000 s")
    # The same samples behind another header.
    flac = _tone().encode(".flac")
    (tmp_path / "a.flac").write_bytes(flac)
    assert _pair(tmp_path, ".flac", flac, flac.replace(b"libFLAC", b"libFLOC")).endswith(
        "; the same samples"
    )


def test_pictures_differ_by_their_pixels(tmp_path: Path):
    for name, size, level in (("a", (8, 8), 0), ("b", (8, 8), 1), ("c", (9, 8), 0)):
        Image.new("RGB", size, (level, 0, 0)).save(tmp_path / f"{name}.png")
    Image.new("RGB", (8, 8), 0).save(tmp_path / "d.png", compress_level=0)
    a = tmp_path / "a.png"
    assert difference(a, a) == ""
    assert difference(a, tmp_path / "b.png").endswith("; PSNR 52.9 dB")
    assert difference(a, tmp_path / "c.png").endswith("; 8x8, and now 9x8")
    assert difference(a, tmp_path / "d.png").endswith("; the same pixels")


def test_animations_differ_from_a_time_on(tmp_path: Path):
    for name, levels in (("a", (0, 90, 180)), ("b", (0, 90, 200)), ("c", (0, 90))):
        frames = [Image.new("RGB", (8, 8), (level, level, level)) for level in levels]
        frames[0].save(
            tmp_path / f"{name}.gif", save_all=True, append_images=frames[1:], duration=100
        )
    a = tmp_path / "a.gif"
    assert "pictures differ from 0.200 s on, PSNR" in difference(a, tmp_path / "b.gif")
    assert difference(a, tmp_path / "c.gif").endswith("after 2 frames the new one ends")


@pytest.mark.media
def test_videos_differ_in_pictures_and_in_sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from workbench.media.colours import parse_background
    from workbench.media.video import Video

    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    paths = []
    for name, last in (("a", "navy"), ("b", "red")):
        video = Video("64x64", fps=10).scene(parse_background("colour:navy"), duration=0.5)
        video = video.scene(parse_background(f"colour:{last}"), duration=0.5)
        paths.append(tmp_path / f"{name}.mp4")
        video.render(paths[-1], preset="draft", progress=lambda done: None)
    told = difference(*paths)
    assert "; pictures differ from 0.500 s on, PSNR " in told
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        difference(*paths, cancel=cancel)


@pytest.mark.parametrize(
    ("receipt", "told"),
    [
        ({}, ()),
        ({"takes": [{"voice": "chatterbox:en", "seed": 0, "device": "cpu"}]}, ()),
        ({"takes": [{"voice": "chatterbox:en", "seed": None}]}, ("without a seed",)),
        ({"takes": [{"voice": "espeak:en", "seed": None, "device": "cpu"}]}, ()),
        ({"a": [[{"device": "cuda:0"}], {"device": "cuda:0"}]}, ("last bits are not exact",)),
        ({"encoder": {"name": "x264"}}, ()),
        ({"encoder": {"name": "hevc_nvenc"}}, ("hardware encoder",)),
        ({"file": "a.OGG"}, ()),
    ],
)
def test_what_never_repeats_is_told(receipt: dict[str, object], told: tuple[str, ...]):
    found = never_exact(receipt)
    assert len(found) == len(told)
    assert all(part in note for part, note in zip(told, found, strict=True))
