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
from workbench.media.timeline import BREATH, Scene, Timeline, place
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


# -- transitions ------------------------------------------------------------------------------


def faded(name: str, seconds: float = 0.5, **about: object) -> Scene:
    return scene(name, transition="fade", transition_duration=seconds, **about)


def test_without_a_voice_scenes_overlap_by_their_transition():
    timeline = place((scene("a", duration=2), faded("b", duration=3)), None, 10)
    assert [(s.first, s.count, s.enter, s.leave) for s in timeline.shots] == [
        (0, 20, 0, 5),
        (15, 30, 5, 0),
    ]
    assert timeline.duration == 4.5


def test_with_a_voice_a_transition_stands_around_the_change():
    spoken = narration(2, 3)
    plain = place((scene("a"), scene("b")), spoken, 10)
    timeline = place((scene("a"), faded("b")), spoken, 10)
    assert [(s.first, s.count, s.enter) for s in timeline.shots] == [(0, 23, 0), (18, 32, 5)]
    assert timeline.frames == plain.frames == 50
    assert timeline.narration == plain.narration
    assert timeline.lead == plain.lead == 0


def test_an_intro_fades_into_the_voice_without_moving_it():
    scenes = (
        scene("i", role="intro", duration=2),
        faded("a"),
        faded("o", role="outro", duration=2),
    )
    timeline = place(scenes, narration(3), 10)
    assert timeline.lead == 2.0
    assert timeline.voices[0][0] == 2.0
    assert [(s.first, s.last) for s in timeline.shots] == [(0, 23), (18, 53), (48, 70)]
    two = (scene("i", role="intro", duration=2), faded("j", role="intro", duration=2), scene("a"))
    timeline = place(two, narration(3), 10)
    assert timeline.lead == 3.5, "two intros overlap"


@given(
    lengths=st.lists(st.floats(1.2, 6), min_size=2, max_size=6),
    seconds=st.floats(0.05, 0.5),
    fps=st.sampled_from([10, 24, 25, 30]),
    own=st.booleans(),
)
def test_no_word_is_moved_by_any_transition(lengths, seconds, fps, own):
    def made(name: str) -> Timeline:
        scenes = [scene("0", narration=narration(lengths[0]) if own else None)]
        for index, length in enumerate(lengths[1:], 1):
            about = {"narration": narration(length)} if own else {}
            one = (
                faded(str(index), seconds, **about)
                if name == "fade"
                else scene(str(index), **about)
            )
            scenes.append(one)
        return place(scenes, None if own else narration(*lengths), fps)

    plain, smooth = made("cut"), made("fade")
    assert smooth.frames == plain.frames
    assert smooth.narration == plain.narration
    for before, after in pairwise(smooth.shots):
        assert after.first + after.enter == before.last
        assert before.leave == after.enter == max(1, round(seconds * fps))
    for shot, sharp in zip(smooth.shots, plain.shots, strict=True):
        assert shot.first <= sharp.first < sharp.last <= shot.last


def test_transitions_that_do_not_fit_are_refused():
    scenes = (scene("a", duration=2), faded("b", 0.6, duration=1), faded("c", 0.6, duration=2))
    with pytest.raises(ParameterError, match=r"b\.png: is seen for 1\.00 s, and its transitions"):
        place(scenes, None, 10)
    with pytest.raises(ParameterError, match="shorten transition_duration"):
        place((scene("a", duration=0.4), faded("b", duration=2)), None, 10)
    with pytest.raises(ParameterError, match="shorten transition_duration"):
        place((scene("a"), faded("b", 6.0)), narration(1, 2), 10)


# -- narrations of their own ------------------------------------------------------------------


def test_scenes_last_as_long_as_what_is_said_in_them():
    spoken = [narration(1.03), narration(2), narration(0.5)]
    scenes = [scene(str(i), narration=said) for i, said in enumerate(spoken)]
    timeline = place(scenes, None, 10)
    assert [start for start, _ in timeline.voices] == [s.first / 10 for s in timeline.shots]
    for shot, said in zip(timeline.shots, spoken, strict=True):
        assert abs(shot.count / 10 - said.duration - BREATH) <= 0.1
    assert timeline.narration.duration == timeline.voices[-1][0] + 0.5


def test_a_longer_duration_is_kept_and_silent_scenes_stand_between():
    scenes = (scene("a", narration=narration(1), duration=3), scene("b", duration=1),
              scene("c", narration=narration(1)))  # fmt: skip
    timeline = place(scenes, None, 10)
    assert [start for start, _ in timeline.voices] == [0, 4]
    assert timeline.duration == 4 + 1 + BREATH
    with pytest.raises(ParameterError, match="leave out its duration"):
        place((scene("a", narration=narration(2), duration=1),), None, 10)
    with pytest.raises(ParameterError, match="so has the video"):
        place((scene("a", narration=narration(1)),), narration(1), 10)
    with pytest.raises(ParameterError, match="nothing to see"):
        place((scene("a", role="intro"),), narration(1), 10)


# -- clips that are too short -----------------------------------------------------------------


def film(natural: float, **about: object) -> Scene:
    return Scene(path=Path("c.mp4"), sha256="c", kind="video", natural=natural, **about)


def test_a_clip_stands_still_rather_than_begin_again_for_a_glimpse():
    """1.04 s at 10 fps are 10.4 frames: the eleventh was the clip's first one."""
    (shot,) = place((film(1.04),), None, 10).shots
    assert (shot.count, shot.moving(10), shot.heard(10)) == (11, 10, 1.04)
    (shot,) = place((film(1.04, duration=1.2),), None, 10).shots
    assert shot.moving(10) == 10
    (shot,) = place((film(1.04, duration=1.5),), None, 10).shots
    assert (shot.moving(10), shot.heard(10)) == (15, 1.5)
    (shot,) = place((film(1.0, start=0.4, duration=1.8),), None, 10).shots
    assert (shot.count, shot.moving(10)) == (18, 16)
    (shot,) = place((film(3.0, duration=2),), None, 10).shots
    assert (shot.moving(10), shot.heard(10)) == (20, 2.0)
    (shot,) = place((scene("a"),), None, 10).shots
    assert (shot.moving(10), shot.heard(10)) == (40, 4.0)


def test_a_clip_stands_still_while_the_next_scene_comes_in():
    scenes = (film(2.0, role="intro"), faded("a", 1.6))
    intro = place(scenes, narration(3), 10).shots[0]
    assert (intro.count, intro.leave, intro.moving(10), intro.heard(10)) == (28, 16, 20, 2.0)


@given(natural=st.floats(0.02, 5), start=st.floats(0, 0.9), count=st.integers(1, 200))
def test_it_moves_in_the_frames_it_has(natural, start, count):
    (shot,) = place((film(natural, start=start * natural, duration=count / 25),), None, 25).shots
    assert 1 <= shot.moving(25) <= shot.count == count
    assert count - shot.moving(25) <= 6
    assert 0 < shot.heard(25) <= count / 25 + 1e-9
    assert abs(shot.heard(25) - shot.moving(25) / 25) <= 0.04
