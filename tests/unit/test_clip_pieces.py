"""A clip that is cut into pieces and decoded one by one is, frame for frame, the whole one."""

from __future__ import annotations

import threading
from itertools import pairwise

import numpy as np
import pytest
from lavfi import clip, counter
from painted import film

import workbench as wb
from workbench.errors import MediaError
from workbench.media import frames
from workbench.media.frames import clip_frames
from workbench.media.graph import Canvas
from workbench.media.limits import DEFAULT_LIMITS
from workbench.media.segments import Segment
from workbench.media.shots import Studio

pytestmark = pytest.mark.media

CUTS = (0, 17, 29, 40, 41, 77, 100, 120)


def made(video: wb.Video, first: int, count: int) -> list[bytes]:
    """Return raw frames of the first scene, as a segment's encoder gets them."""
    shots = video.timeline().shots[:1]
    studio = Studio(video.canvas, video.held_pictures(), DEFAULT_LIMITS)
    segment = Segment(first=first, count=count, shots=shots)
    return [bytes(frame) for frame in studio.frames(segment, threading.Event())]


def numbers(raw: list[bytes], size: int = 16) -> list[int]:
    """Return which frame of a `counter` each is."""
    luma = [np.frombuffer(frame, np.uint8)[: size * size].mean() for frame in raw]
    return [round(((value - 16) * 255 / 219 - 20) / 5) for value in luma]


# The clip's own frames a second, how many it has, and where it is begun: of 4 s at 30 fps.
CLIPS = [
    (25, 40, 0.0, "mp4"),  # frames fall unevenly; begun again after 48
    (25, 40, 1.3, "mkv"),  # entered behind a key frame, where ffmpeg's own loop came back to it
    (60, 47, 0.37, "mp4"),  # half a frame over: 0.783 s are 23.5 frames
    (10, 45, 0.5, "mp4"),  # a frame is on for three
    (24, 31, 0.37, "mp4"),
    (30, 3, 0.0, "mp4"),  # begun again forty times
    (25, 40, 0.37, "ts"),  # cannot be entered
]


@pytest.mark.parametrize(("fps", "count", "start", "suffix"), CLIPS)
def test_pieces_hold_the_frames_of_the_whole(tmp_path, fps, count, start, suffix):
    """Pieces of a clip that begins again differed, or failed on ``-ss 1.1102e-16``."""
    path = counter(tmp_path / f"a.{suffix}", fps=fps, frames=count, sound=False)
    video = wb.Video("16x16", fps=30).scene(path, start=start, duration=4)
    whole = made(video, 0, 120)
    pieces = [frame for a, b in pairwise(CUTS) for frame in made(video, a, b - a)]
    assert len(whole) == 120
    assert pieces == whole
    shown = numbers(whole)
    natural = video.scenes[0].natural
    for index, number in enumerate(shown):  # the frame that is on then, or the next
        time = (start + index / 30) % natural
        near = abs(number - time * fps)
        assert min(near, abs(near - count)) <= max(1.0, fps / 30) + 0.02, (
            index,
            number,
            time * fps,
        )


def test_it_is_begun_again_from_its_true_start(tmp_path):
    """ffmpeg's ``-stream_loop`` after a seek: 45, 24, 25 … 45, 21, and the last frame was lost."""
    path = counter(tmp_path / "a.mp4", fps=25, frames=47, sound=False)
    whole = clip_frames(path, Canvas(width=16, height=16, fps=25), "cover", 120, start=1.2)
    shown = numbers([bytes(frame) for frame in whole])
    assert shown == [*range(30, 47), *range(47), *range(47), *range(9)]


def test_a_late_piece_is_entered_there(tmp_path, monkeypatch):
    """It would take longer with every piece to decode all that is before."""
    ran: list[list[str]] = []

    def spied(arguments, *rest, **about):
        ran.append(list(arguments))
        return real(arguments, *rest, **about)

    real = frames.read
    monkeypatch.setattr(frames, "read", spied)
    path = counter(tmp_path / "a.mp4", sound=False)
    canvas = Canvas(width=16, height=16, fps=10)
    (frame,) = clip_frames(path, canvas, "cover", 1, skip=36)
    assert numbers([bytes(frame)]) == [36]
    assert float(ran[0][ran[0].index("-ss") + 1]) == 2.0


def test_a_picture_that_ends_before_the_sound_stands_still(tmp_path):
    """Also where it is entered behind its end."""
    path = clip(tmp_path / "a.mp4", "gray", seconds=1, sound_seconds=3)
    canvas = Canvas(width=16, height=16, fps=10)
    assert wb.probe(path).duration == pytest.approx(3, abs=0.1)
    late = [bytes(f) for f in clip_frames(path, canvas, "cover", 10, start=1.5)]
    assert late == [bytes(f) for f in clip_frames(path, canvas, "cover", 10, skip=15)]
    assert len(set(late)) == 1


def test_a_damaged_piece_is_told(media):
    """Late in the file, where only the last piece is decoded."""
    canvas = Canvas(width=16, height=16, fps=10)
    damaged = media / "broken" / "bitflips_seed7.mp4"

    def pieces() -> None:
        for skip in range(0, 120, 30):
            list(clip_frames(damaged, canvas, "cover", 30, skip=skip))

    with pytest.raises(MediaError, match=r"bitflips_seed7\.mp4: is damaged"):
        pieces()


def test_moving_pictures_in_pieces(tmp_path):
    """A zoom over an array, and a clip that is turned and fitted, whatever the cut."""
    picture = np.random.default_rng(1).integers(0, 255, (40, 60, 3), np.uint8)
    path = film(tmp_path / "a.mp4", np.array([np.roll(picture, n, 1) for n in range(30)]), fps=10)
    for video in (
        wb.Video("32x32", fps=10).scene(picture, motion="zoom-in", duration=3),
        wb.Video("32x32", fps=10).scene(path, fit="blur", duration=3),
    ):
        whole = made(video, 0, 30)
        assert [*made(video, 0, 7), *made(video, 7, 12), *made(video, 19, 11)] == whole
        assert len(set(whole)) == 30
