"""An exit code of 0 is no verdict: what is empty, short, missing or of another kind is an error.

ffmpeg answers 0 for a frame past the end and writes no picture, for a cut past the end and writes
0.000 s; the old system answered 200 with ids of files that do not exist (spec/faults.md, F10).
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest

import workbench as wb
from workbench.errors import FfmpegError, MediaError, ParameterError, WorkbenchError
from workbench.media.backdrop import backdrop
from workbench.media.binaries import VARIABLE
from workbench.media.binaries import ffmpeg as program
from workbench.media.ffmpeg import encode
from workbench.media.frames import clip_frames, clip_sound, frame_at
from workbench.media.graph import Canvas
from workbench.media.merging import merge
from workbench.media.trimming import trim
from workbench.media.verdict import judge

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = [pytest.mark.faults, pytest.mark.media]

SMALL = Canvas(width=16, height=16, fps=5)


def test_a_frame_past_the_end_is_the_last_one(made):
    last = frame_at(made["clip.mp4"], 0.95)
    np.testing.assert_array_equal(frame_at(made["clip.mp4"], 3000.0), last)
    assert np.abs(frame_at(made["clip.mp4"], 0.0).astype(int) - last).max() > 50


PAST: dict[str, Callable[[Path, Path], object]] = {
    "a scene from past the end": lambda clip, _: wb.Video().scene(clip, start=50),
    "a scene of no time": lambda clip, _: wb.Video().scene(clip, duration=0),
    "a cut past the end": lambda clip, out: trim(clip, out, 50, 51),
    "a cut of nothing": lambda clip, out: trim(clip, out, 0.5, 0.5),
    "a cut that ends before it starts": lambda clip, out: trim(clip, out, 0.8, 0.2),
    "a copy past the end": lambda clip, out: trim(clip, out, 50, 51, precise=False),
    "a film of nothing": lambda _, out: wb.Video("16x16").render(out),
    "clips of nothing": lambda _, out: merge([], out),
}


@pytest.mark.parametrize("name", PAST)
def test_past_the_end_there_is_an_error_and_no_file(name, made, tmp_path):
    with pytest.raises((MediaError, ParameterError)):
        PAST[name](made["clip.mp4"], tmp_path / "a.mp4")
    assert list(tmp_path.iterdir()) == []


def test_past_the_end_a_clip_has_begun_again(made):
    """Picture and sound alike: never a silence, or the first frame, of the right length."""
    sound = clip_sound(made["clip.mp4"], 0.5, start=7.2)
    assert sound.duration == 0.5
    assert abs(sound.samples).max() > 0.05
    for start in (0.4, 7.4):
        late, early = (
            [bytes(f) for f in clip_frames(made["clip.mp4"], SMALL, "cover", 7, start=s)]
            for s in (start, 0.4)
        )
        assert late == early
        assert late[0] != late[2]


# What is asked of a clip of 1.0 s, 64x48, with sound, that it is not.
FALSE = {
    "too short": ({"seconds": 2.0}, r"wrote 1\.0. s where 2\.00 s were planned"),
    "too long": ({"seconds": 0.5, "fps": 10}, r"wrote 1\.0. s where 0\.50 s"),
    "another size": ({"size": (48, 64)}, r"another size"),
    "sound": ({"sound": False}, r"sound that was not asked for"),
}


@pytest.mark.parametrize("name", FALSE)
def test_what_was_written_is_held_to_what_was_asked(name, made):
    asked, told = FALSE[name]
    with pytest.raises(FfmpegError, match=told):
        judge(made["clip.mp4"], **asked)


def test_what_was_asked_and_written_passes(made):
    judge(made["clip.mp4"], seconds=1.0, size=(64, 48), fps=10, sound=True)


@pytest.mark.parametrize("content", [b"", b"text", None, "silent", "picture"])
def test_what_is_no_film_is_not_judged_one(content, made, tmp_path):
    path = tmp_path / "a.mp4"
    if content == "silent":
        encode(
            ["-i", f"file:{made['clip.mp4']}", "-an", "-c:v", "copy", f"file:{path}"],
            folder=tmp_path,
            limit=60,
        )
    elif content == "picture":
        shutil.copyfile(made["tone.wav"], path)
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(FfmpegError):
        judge(path, seconds=1.0, size=(64, 48), sound=True)


# What a broken program does with each file it was to write, before it ends with 0.
LIES = {
    "writes nothing": 'rm -f "$out"',
    "empties it": ': > "$out"',
    "cuts it": 'truncate -s 400 "$out"',
    "writes something else": 'echo text > "$out"',
}


@pytest.mark.parametrize("lie", LIES)
def test_a_program_that_ends_with_0_is_not_believed(lie, tmp_path, monkeypatch):
    """The film is checked under its temporary name: the older one stays as it was."""
    real = program()
    fake = tmp_path / "ffmpeg"
    fake.write_text(
        f'#!/bin/bash\nout=""\nfor a in "$@"; do case "$a" in file:*) p="${{a#file:}}"; '
        f'[ -e "$p" ] || out="$p";; esac; done\n"{real}" "$@"\ncode=$?\n'
        f'if [ -n "$out" ]; then {LIES[lie]}; exit 0; fi\nexit $code\n'
    )
    fake.chmod(0o755)
    monkeypatch.setenv(VARIABLE, str(fake))
    target = tmp_path / "out" / "a.mp4"
    target.parent.mkdir()
    target.write_bytes(b"the older film")
    video = wb.Video("32x32", fps=5)
    for seed in (1, 2):
        video = video.scene(backdrop(seed, width=32, height=32), duration=0.4)
    with pytest.raises(WorkbenchError):
        video.render(target)
    assert [p.name for p in target.parent.iterdir()] == ["a.mp4"]
    assert target.read_bytes() == b"the older film"


def test_a_crash_names_the_clip_that_caused_it(made, tmp_path, monkeypatch):
    """A signal that a program sends itself is about its input; one from outside is not."""
    real = program()
    fake = tmp_path / "ffmpeg"
    fake.write_text(
        f'#!/bin/bash\ncase "$*" in *clip.mp4*) kill -$KILLED $$;; *) exec "{real}" "$@";; esac\n'
    )
    fake.chmod(0o755)
    monkeypatch.setenv(VARIABLE, str(fake))
    monkeypatch.setenv("KILLED", "SEGV")
    with pytest.raises(MediaError, match=r"clip\.mp4: makes ffmpeg fail .*signal 11"):
        list(clip_frames(made["clip.mp4"], SMALL, "cover", 1))
    monkeypatch.setenv("KILLED", "KILL")
    with pytest.raises(FfmpegError, match=r"^ffmpeg: was ended by signal 9"):
        list(clip_frames(made["clip.mp4"], SMALL, "cover", 1))
