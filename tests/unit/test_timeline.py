"""Scenes fill the narration exactly, and change where a line begins."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.audio import Audio
from workbench.errors import ParameterError
from workbench.media.timeline import Scene, place
from workbench.script import Line
from workbench.take import Narration, Part, Take
from workbench.voice import Voice

VOICE = Voice(engine="fake", name="one")


def scene(name: str = "a", **about: object) -> Scene:
    return Scene(path=Path(f"{name}.png"), sha256=name, kind="image", **about)


def narration(*lengths: float, gap: float = 0.0) -> Narration:
    parts, time = [], 0.0
    for number, seconds in enumerate(lengths, start=1):
        audio = Audio(samples=np.zeros(max(1, round(seconds * 1000))), rate=1000)
        take = Take(text="x", audio=audio, words=(), voice=VOICE)
        parts.append(Part(line=Line(text="x", number=number), take=take, start=time))
        time += take.duration + gap
    return Narration(parts=tuple(parts), duration=time - gap)


def test_one_scene_a_line():
    shots = place((scene("a"), scene("b"), scene("c")), narration(1, 2, 3), 30).shots
    assert [(s.first, s.count) for s in shots] == [(0, 30), (30, 60), (90, 90)]


def test_uneven_lines_still_change_at_their_own_starts():
    shots = place((scene("a"), scene("b"), scene("c")), narration(0.5, 0.5, 9), 30).shots
    assert [s.first for s in shots] == [0, 15, 30]


def test_fewer_scenes_than_lines_change_at_the_nearest_start():
    shots = place((scene("a"), scene("b")), narration(1, 1, 1, 1.2), 10).shots
    assert [s.first for s in shots] == [0, 20]


def test_more_scenes_than_lines_share_equally():
    shots = place(tuple(scene(n) for n in "abcd"), narration(4), 10).shots
    assert [s.count for s in shots] == [10, 10, 10, 10]


def test_durations_are_kept_and_the_last_takes_the_rest():
    shots = place((scene("a", duration=0.5), scene("b", duration=99)), narration(1, 2), 30).shots
    assert [s.count for s in shots] == [15, 75]


def test_without_a_narration_clips_last_as_long_as_they_are():
    clip = Scene(path=Path("c.mp4"), sha256="c", kind="video", natural=2.5, start=0.5)
    shots = place((scene("a"), clip, scene("b", duration=1)), None, 30).shots
    assert [s.count for s in shots] == [120, 60, 30]


def test_what_cannot_be_placed_is_refused():
    with pytest.raises(ParameterError, match="no scenes"):
        place((), narration(1), 30)
    with pytest.raises(ParameterError, match="shorten their durations"):
        place((scene("a", duration=5), scene("b")), narration(1, 1), 30)
    with pytest.raises(ParameterError, match="less than a frame"):
        place(tuple(scene(str(i)) for i in range(40)), narration(1), 30)


@given(
    lengths=st.lists(st.floats(0.2, 8), min_size=1, max_size=9),
    count=st.integers(1, 9),
    fps=st.sampled_from([24, 25, 30, 60]),
)
def test_no_gap_no_overlap_nothing_cut(lengths, count, fps):
    spoken = narration(*lengths, gap=0.1)
    try:
        shots = place(tuple(scene(str(i)) for i in range(count)), spoken, fps).shots
    except ParameterError:
        assert count > 1
        return
    assert shots[0].first == 0
    for before, after in pairwise(shots):
        assert before.first + before.count == after.first
    total = shots[-1].first + shots[-1].count
    assert spoken.duration - 1e-6 <= total / fps < spoken.duration + 1 / fps + 1e-6
    if count == len(lengths):
        starts = [round(part.start * fps) for part in spoken.parts]
        assert [s.first for s in shots] == starts
