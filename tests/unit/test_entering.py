"""Clips that are entered in their middle: MPEG-TS has no index, and may have one key frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from lavfi import counter, pixels, samples
from PIL import Image, ImageSequence

from workbench.errors import MediaError
from workbench.media.animation import gif
from workbench.media.extract import frames_at, frames_evenly
from workbench.media.frames import frame_at
from workbench.media.probe import probe
from workbench.media.sheet import contact_sheet
from workbench.media.trimming import trim

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

pytestmark = pytest.mark.media

TIMES = [0.0, 0.1, 0.55, 1.0, 2.5, 3.71, 3.95, 99.0]
THERE = [0, 1, 5, 10, 25, 37, 39, 39]


def quiet(_: float) -> None:
    """Show no bar."""


def numbers(pictures: Iterable[np.ndarray]) -> list[int]:
    return [round((picture.mean() - 18.3) / 5) for picture in pictures]


@pytest.fixture(scope="module", params=["ts-1000", "ts-10", "mkv-1000", "mp4-1000"])
def clip(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds at 10 fps, with a key frame every so many frames."""
    suffix, keyed = request.param.split("-")
    return counter(tmp_path_factory.mktemp("clip") / f"a.{suffix}", keyed=int(keyed))


def test_every_frame_is_found(clip: Path):
    """Of MPEG-TS, ``frames_at`` gave frame 10 for the time 0, as a seek to the start passes over
    the first key frame; where that is the only one, it said that there are no frames."""
    assert numbers(frames_at(clip, TIMES, progress=quiet)) == THERE
    for seconds, number in zip(TIMES, THERE, strict=True):  # each entered by itself
        assert numbers(frames_at(clip, [seconds], progress=quiet)) == [number]
        assert numbers([frame_at(clip, seconds)]) == [number]
    assert numbers(frames_evenly(clip, 4, progress=quiet)) == [5, 15, 25, 35]
    assert contact_sheet(clip, count=4, width=200, progress=quiet).shape[1] == 200


@pytest.mark.parametrize(("start", "first"), [(0.0, 0), (2.55, 25)])
def test_a_gif_begins_with_the_frame_that_is_seen_there(
    clip: Path, tmp_path: Path, start: float, first: int
):
    """It failed for want of a palette; and elsewhere began with the frame after the one seen."""
    made = gif(clip, tmp_path / "a.gif", start=start, duration=1.0, progress=quiet)
    assert made.frames == 10
    with Image.open(made.path) as image:
        shown = [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(image)]
    assert numbers(shown) == list(range(first, first + 10))


def test_a_cut_by_copying_begins_at_the_key_frame(clip: Path, tmp_path: Path):
    """There was "no frame to copy", or ffmpeg wrote a file that was not what was asked for."""
    made = trim(clip, tmp_path / "cut.mkv", 2.5, 3.5, precise=False, progress=quiet)
    shown = numbers(pixels(made.path))
    assert made.copied
    assert made.start == (2.0 if clip.suffix == ".ts" and shown[0] == 20 else 0.0)
    assert shown[0] == round(made.start * 10)
    assert shown == list(range(shown[0], shown[0] + len(shown)))
    assert shown[-1] >= 34


def test_a_precise_cut_is_exact_late_in_the_clip(clip: Path, tmp_path: Path):
    """Decoding began a second before the cut, where MPEG-TS shows nothing until a key frame."""
    made = trim(clip, tmp_path / "cut.mp4", 2.5, 3.5, progress=quiet)
    assert numbers(pixels(made.path)) == list(range(25, 35))
    heard = np.abs(samples(made.path)).max(axis=1) > 0.2
    assert np.flatnonzero(heard)[0] / 48_000 == pytest.approx(0.5, abs=0.02)  # the beep at 3 s


@pytest.mark.faults
@pytest.mark.parametrize("name", ["truncated_faststart.mp4", "moov_missing.mp4"])
def test_what_is_damaged_is_refused_by_all_of_them(media: Path, tmp_path: Path, name: str):
    """Of a clip of 13 s with 3 s left, the last frame there stood for all that are missing."""
    path = media / "broken" / name
    for use in (
        lambda: frames_at(path, [0.5, 9.0], progress=quiet),
        lambda: frame_at(path, 9.0),
        lambda: gif(path, tmp_path / "a.gif", duration=1, progress=quiet),
        lambda: contact_sheet(path, tmp_path / "a.png", count=2, progress=quiet),
    ):
        with pytest.raises(MediaError, match=name):
            use()
    assert not list(tmp_path.iterdir())


def test_a_stretched_frame_is_shown_as_it_is_seen(tmp_path: Path):
    """`frame_at` returned stored pixels: a picture of 64x64 where a viewer sees 128x64."""
    from lavfi import clip as one_colour

    path = one_colour(tmp_path / "wide.mp4", filters="setsar=2", tone=None)
    seen = probe(path).video
    assert seen is not None
    assert (seen.width, seen.height) == (128, 64)
    assert frame_at(path).shape == (64, 128, 3)
