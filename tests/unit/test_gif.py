"""GIFs of parts of videos, judged frame by frame."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest
from lavfi import clip, counter
from PIL import Image, ImageSequence

from workbench.audio import Audio
from workbench.errors import Cancelled, MediaError, MediaNotFound, ParameterError
from workbench.media.animation import gif

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.media

BAD = [float("nan"), float("inf"), -float("inf"), -1, True, "1", [], 10**9]


def quiet(_: float) -> None:
    """Show no bar."""


@pytest.fixture(scope="module")
def count(tmp_path_factory) -> Path:
    return counter(tmp_path_factory.mktemp("gif") / "count.mp4")


def look(path: Path) -> tuple[list[np.ndarray], list[int], dict[str, object]]:
    """Return the frames of a GIF, how long each is seen in ms, and what the file says."""
    with Image.open(path) as image:
        info = dict(image.info)
        frames, times = [], []
        for frame in ImageSequence.Iterator(image):
            times.append(frame.info["duration"])
            frames.append(np.asarray(frame.convert("RGB")))
    return frames, times, info


def numbers(frames: list[np.ndarray]) -> list[int]:
    return [round((frame.mean() - 18.3) / 5) for frame in frames]


def test_the_part_that_was_asked_for_is_shown_at_its_rate(count, tmp_path):
    """With ffmpeg's palette of what changes, the last frame was that before it."""
    made = gif(count, tmp_path / "a.gif", start=1, duration=1.5, fps=10, progress=quiet)
    frames, times, info = look(made.path)
    assert numbers(frames) == list(range(10, 25))
    assert times == [100] * 15
    assert info["loop"] == 0
    assert (made.frames, made.duration, made.width, made.height) == (15, 1.5, 64, 64)
    assert made.size == made.path.stat().st_size
    assert made.to_dict()["size"] == made.size
    made = gif(count, tmp_path / "b.gif", start=3.5, fps=5, progress=quiet)
    assert numbers(look(made.path)[0])[0] in (35, 36)
    assert (made.frames, made.duration) == (2, 0.4)
    whole = gif(count, tmp_path / "c.gif", progress=quiet)
    assert (whole.frames, whole.duration) == (40, 4)


def test_the_width_is_a_limit_and_shapes_are_kept(media, tmp_path):
    wide = clip(tmp_path / "w.mp4", "red", size="80x40", filters="setsar=2")
    made = gif(wide, tmp_path / "a.gif", width=100, fps=5, progress=quiet)
    assert (made.width, made.height) == (100, 25)
    assert look(made.path)[0][0].mean(axis=(0, 1)) == pytest.approx((251, 0, 0), abs=8)
    made = gif(wide, tmp_path / "a.gif", width=1000, fps=5, progress=quiet)
    assert (made.width, made.height) == (160, 40)
    made = gif(media / "odd/phone_rotated90.mov", tmp_path / "b.gif", width=64, progress=quiet)
    assert (made.width, made.height) == (64, 114)


def test_colours_dither_and_loop_act(media, tmp_path):
    film = media / "speech/en_nasa_webb_2v2a2s.mp4"
    seen, sizes = {}, {}
    ways = {"base": {}, "few": {"colours": 8}, "plain": {"dither": "none"}}
    for name, how in (ways | {"fine": {"dither": "sierra"}}).items():
        made = gif(
            film, tmp_path / f"{name}.gif", start=6, duration=0.5, width=160, progress=quiet, **how
        )
        frame = look(made.path)[0][0]
        seen[name], sizes[name] = len(np.unique(frame.reshape(-1, 3), axis=0)), made.size
    assert seen["few"] <= 8
    assert 100 < seen["base"] <= 256
    assert sizes["few"] < sizes["base"]
    assert len({sizes["base"], sizes["plain"], sizes["fine"]}) == 3
    once = gif(film, tmp_path / "o.gif", duration=0.3, width=32, loop=False, progress=quiet)
    assert "loop" not in look(once.path)[2]


def test_a_part_past_the_end_is_refused(count, tmp_path):
    for start, duration in ((4, None), (5, 1), (3, 2), (0, 4.2)):
        with pytest.raises(ParameterError, match="past the end"):
            gif(count, tmp_path / "a.gif", start=start, duration=duration, progress=quiet)
    assert not list(tmp_path.iterdir())


def test_arguments_are_checked_before_anything_runs(count, tmp_path, monkeypatch):
    monkeypatch.setattr("workbench.media.outputs.encode", lambda *_, **__: pytest.fail("it ran"))
    out = tmp_path / "a.gif"
    for value in BAD:
        for name in ("start", "duration", "fps", "width", "colours"):
            with pytest.raises(ParameterError, match=name):
                gif(count, out, progress=quiet, **{name: value})
    for value in ("bayer:x", "", None, 1):
        with pytest.raises(ParameterError, match="dither"):
            gif(count, out, dither=value, progress=quiet)
    with pytest.raises(ParameterError, match=r"must end in \.gif"):
        gif(count, tmp_path / "a.mp4", progress=quiet)
    tone = Audio.silence(1, 8000).write(tmp_path / "a.wav")
    with pytest.raises(ParameterError, match="is audio, not a video"):
        gif(tone, out, progress=quiet)
    with pytest.raises(MediaNotFound):
        gif(tmp_path / "none.mp4", out, progress=quiet)
    monkeypatch.setattr("workbench.media.animation._MOST", 1000)
    with pytest.raises(ParameterError, match="too much"):
        gif(count, out, progress=quiet)


def test_damage_is_named_progress_told_and_a_request_to_stop_obeyed(media, count, tmp_path):
    for name in ("truncated_faststart.mp4", "bitflips_seed7.mp4", "text_named.mp4"):
        with pytest.raises(MediaError, match=name):
            gif(media / "broken" / name, tmp_path / "a.gif", progress=quiet)
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        gif(count, tmp_path / "a.gif", progress=quiet, cancel=stop)
    assert not list(tmp_path.iterdir())
    told: list[float] = []
    gif(count, tmp_path / "a.gif", progress=told.append)
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1, abs=0.05)


def test_any_name_is_a_name(media, count, tmp_path):
    names = json.loads((media / "hostile/filenames.json").read_text())
    for name in names[::3]:  # tests/faults/test_names.py takes all of them
        source = tmp_path / name
        source.write_bytes(count.read_bytes())
        made = gif(source, tmp_path / f"{name}.gif", duration=0.2, width=16, progress=quiet)
        assert numbers(look(made.path)[0]) == [0, 1]
