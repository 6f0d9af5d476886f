"""Where a video is cut into segments, and what a segment's key depends on."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.media.graph import Canvas
from workbench.media.motion import Move
from workbench.media.segments import LONGEST, cut, keep, segment_key
from workbench.media.timeline import Scene, place
from workbench.storage.cache import FileCache

CANVAS = Canvas(width=64, height=64, fps=30)


def scene(name: str = "a", seconds: float = 5.0, **about: object) -> Scene:
    return Scene(path=Path(f"{name}.png"), sha256=name, kind="image", duration=seconds, **about)


def faded(name: str = "b", seconds: float = 5.0, over: float = 0.5) -> Scene:
    return scene(name, seconds, transition="fade", transition_duration=over)


@given(
    lengths=st.lists(st.floats(0.5, 30), min_size=1, max_size=6),
    over=st.floats(0.05, 0.2),
    fps=st.sampled_from([24, 25, 30, 60]),
)
def test_every_frame_is_in_one_segment(lengths, over, fps):
    """Whatever the scenes and transitions: no gap, no overlap, none longer than agreed."""
    scenes = [scene("first", lengths[0])]
    scenes += [faded(str(i), seconds, over) for i, seconds in enumerate(lengths[1:])]
    timeline = place(scenes, None, fps)
    segments = cut(timeline)
    assert segments[0].first == 0
    assert segments[-1].last == timeline.frames
    for before, after in pairwise(segments):
        assert before.last == after.first
    for segment in segments:
        assert 1 <= segment.count <= max(round(LONGEST * fps), round(over * fps) + 1)
        assert len(segment.shots) == 1 + bool(segment.transition)
        for shot in segment.shots:
            assert shot.first <= segment.first
            assert segment.last <= shot.last


def test_a_change_does_not_move_the_other_scenes_cuts():
    """Where a scene is cut depends on its own length: the others keep their segments."""

    def pieces(first: float) -> list[int]:
        found = cut(place([scene("a", first), scene("b", 9.0)], None, 30))
        return [s.count for s in found if s.shots[0].scene.sha256 == "b"]

    assert pieces(2.0) == pieces(7.0) == [135, 135]


def test_uneven_clips_are_not_cut():
    clip = Scene(path=Path("a.mp4"), sha256="a", kind="video", natural=60.0, steady=False)
    assert [s.count for s in cut(place([clip], None, 10))] == [600]


def key(*scenes: Scene, index: int = 0, captions: str = "", **about: object) -> str:
    segment = cut(place(scenes, None, 30))[index]
    given_ = {"overlays": (), "fonts": (), "encoder": {"crf": 20}, "tools": {"ffmpeg": "9"}}
    return segment_key(segment, CANVAS, captions=captions, **{**given_, **about})


def test_a_key_depends_on_what_is_seen_and_on_nothing_else():
    moving = Move(name="zoom-in")
    plain = key(scene("a", 3.0))
    assert key(scene("a", 3.0)) == plain
    assert key(scene("z", 2.0), scene("a", 3.0), index=1) == plain, "later in the video"
    assert key(scene("a", 3.0, volume=0.5, role="intro")) == plain, "not seen"
    others = {
        "content": key(scene("b", 3.0)),
        "length": key(scene("a", 3.5)),
        "fit": key(scene("a", 3.0, fit="blur")),
        "motion": key(scene("a", 3.0, move=moving)),
        "captions": key(scene("a", 3.0), captions="x"),
        "font": key(scene("a", 3.0), captions="x", fonts=("f",)),
        "encoder": key(scene("a", 3.0), encoder={"crf": 21}),
        "program": key(scene("a", 3.0), tools={"ffmpeg": "8"}),
        "transition": key(scene("a", 3.0), faded(), index=1),
        "other transition": key(
            scene("a", 3.0), scene("b", transition="dissolve", transition_duration=0.5), index=1
        ),
        "first piece": key(scene("a", 9.0, move=moving), index=0),
        "second piece": key(scene("a", 9.0, move=moving), index=1),
    }
    assert len({plain, *others.values()}) == len(others) + 1
    assert key(scene("a", 9.0), index=0) == key(scene("a", 9.0), index=1), "a still picture"


def test_a_file_has_a_second_name_or_a_copy(tmp_path, monkeypatch):
    source = tmp_path / "a"
    source.write_bytes(b"whole")
    keep(source, tmp_path / "b")
    assert (tmp_path / "b").stat().st_ino == source.stat().st_ino

    def refused(*_: object, **__: object) -> None:
        raise OSError

    monkeypatch.setattr(Path, "hardlink_to", refused)
    keep(source, tmp_path / "c")
    assert (tmp_path / "c").read_bytes() == b"whole"
    assert (tmp_path / "c").stat().st_ino != source.stat().st_ino


def test_the_least_used_go_first(tmp_path):
    cache = FileCache(tmp_path, suffix=".bin", limit=10_000_000)
    for index in range(12):
        path = cache.put(f"{index:064}", bytes([index]) * 1_000)
        os.utime(path, (1_000 + index, 1_000 + index))
    assert cache.get("0".zfill(64)) is not None  # used now: the youngest
    small = FileCache(tmp_path, suffix=".bin", limit=10_000)
    assert small.trim() == 4
    left = {index for index in range(12) if cache.get(f"{index:064}") is not None}
    assert left == {0, *range(5, 12)}
    assert small.trim() == 0


def test_an_entry_is_what_it_was_or_none(tmp_path):
    cache = FileCache(tmp_path, suffix=".bin", limit=10_000)
    path = cache.put("a" * 64, b"whole")
    assert cache.get("a" * 64) == path
    assert cache.get("b" * 64) is None
    path.write_bytes(b"other")
    assert cache.get("a" * 64) is None
    assert not path.exists()


def test_what_is_half_written_is_no_entry(tmp_path):
    cache = FileCache(tmp_path, suffix=".bin", limit=10_000)
    path = cache.put("a" * 64, b"whole")
    half = path.with_name(f".wb-1-{'0' * 8}-{'0' * 8}-part.bin")
    path.rename(half)
    assert cache.get("a" * 64) is None
    with pytest.raises(FileNotFoundError):
        path.stat()
