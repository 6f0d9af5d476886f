"""Numbers that are none and words that are code: refused by name, before a process starts.

The old system passed NaN through to a 500, ffmpeg takes ``-ss -5``, and ``color=green:0.1:0.1,
drawtext=textfile=…`` drew a secret file into the film (spec/faults.md, F2, F16, E2).
"""

from __future__ import annotations

import ast
import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import workbench as wb
from workbench.captions.styles import Style
from workbench.errors import ParameterError, WorkbenchError
from workbench.media import ffmpeg
from workbench.media.backdrop import backdrop
from workbench.media.frames import clip_frames, clip_sound, frame_at
from workbench.media.graph import Canvas
from workbench.media.limits import number

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [pytest.mark.faults, pytest.mark.media]

SMALL = Canvas(width=16, height=16, fps=5)
ODD = [
    float("nan"), float("inf"), float("-inf"), -1, -1e-9, -5.0, 1e9, 1e308, 10**400, -(10**4000),
    True, False, "5", "", "nan", "1;drawtext=text=x", b"5", None, [], [5], (5,), {}, {"a": 1},
    object(), 1j, np.nan, np.float32("inf"), np.float64(-3), np.array([1, 2]), np.bool_(1),
    Decimal("NaN"), Decimal(5), Fraction(-1, 3), print, int,
]  # fmt: skip

# Each numeric argument: what gives it a value, the name it must be called by, and what it may be.
NUMBERS: dict[str, tuple[Callable[[Path, object], object], str, list[object]]] = {
    "fps": (lambda _, v: wb.Video(fps=v), "fps", []),
    "duration": (lambda p, v: wb.Video().scene(p, duration=v), "duration", [None]),
    "start": (lambda p, v: wb.Video().scene(p, start=v), "start", []),
    "volume": (lambda p, v: wb.Video().scene(p, volume=v), "volume", [None]),
    "frame_at": (frame_at, "seconds", []),
    "clip_sound": (clip_sound, "seconds", []),
    "clip_sound start": (lambda p, v: clip_sound(p, 1.0, start=v), "start", []),
    "clip_frames": (lambda p, v: list(clip_frames(p, SMALL, "cover", v)), "count", []),
    "clip_frames start": (
        lambda p, v: list(clip_frames(p, SMALL, "cover", 1, start=v)),
        "start",
        [],
    ),
    **{
        name: (lambda _, v, name=name: wb.Video().captions(**{name: v}), name, [])
        for name in ("size", "outline_width", "shadow", "margin", "letters", "lines")
    },
}


@pytest.fixture
def starts(monkeypatch) -> list[object]:
    """Return the list of what the launcher was asked to start."""
    asked: list[object] = []
    launch = ffmpeg._launcher.start
    monkeypatch.setattr(ffmpeg._launcher, "start", lambda s: (asked.append(s), launch(s))[1])
    return asked


@pytest.mark.parametrize("argument", NUMBERS)
def test_each_odd_number_is_refused_by_name(argument, made, starts):
    give, name, fine = NUMBERS[argument]
    for value in ODD:
        if value is None and fine:
            continue
        with pytest.raises(ParameterError) as caught:
            give(made["clip.mp4"], value)
        assert str(caught.value).startswith(f"{name}: "), value
        assert isinstance(caught.value, ValueError)
        assert len(str(caught.value)) < 700
    assert starts == []


def test_numbers_of_any_kind_that_are_numbers_are_taken(made):
    """A test that refused all would pass above."""
    for value in (1, 1.0, np.float32(1), np.int64(1), Fraction(1)):
        assert number("x", value, 0, 2) == 1.0
    for value in ("a" * 10**6, 10**5000):
        with pytest.raises(ParameterError) as caught:
            number("x", value, 0, 2)
        assert len(str(caught.value)) < 200


SIZES = ["", "0x0", "16x", "17x16", "16x15", "1e3x16", "-16x16", "99999x16", "16x16\n", "16 x 16"]
SIZES += ["16x16;drawtext", "9:16\0", "iw:ih", "$(id)", "16x16,movie=a", "0x10x16"]
CODE = [
    "green:0.1:0.1,drawtext=textfile=/etc/passwd:x=0,colorkey=green",
    "black[x];movie=other.mp4[y];[x][y]overlay",
    "red,movie=/etc/passwd",
    "0xff0000@0.5:enable='1'",
    "red\n",
    "red\0",
    "'red'",
    "#fff;",
    "#ffff\u0660\u0660",
    "#12345",
    "rgb(1,2,3)",
    "{\\p1}m 0 0 l 9 9",
    "&H0000FF&",
    "red\\,geq=0",
    "\u202ered",
    "-y",
    "$(touch pwned)",
    "`id`",
    "%s%n",
    "x" * 10_000,
    "../../../etc/passwd",
    "cover,drawtext",
    "zoom-in:zoom=1",
    "bottom\nDialogue: 0,0:00:00.00,9:00:00.00,Default,,0,0,0,,pwned",
]
WORDS: dict[str, Callable[[str], object]] = {
    "size": wb.Video,
    "motion": lambda text: wb.Video().scene(backdrop(1, width=32, height=32), motion=text),
    "fit": lambda text: wb.Video().scene(backdrop(1, width=32, height=32), fit=text),
    "style": lambda text: wb.Video().captions(text),
    "position": lambda text: wb.Video().captions(position=text),
    "colour": lambda text: wb.Video().captions(colour=text),
    "active": lambda text: wb.Video().captions(active=text),
    "outline": lambda text: wb.Video().captions(outline=text),
}


def test_200_hostile_words_are_refused(starts):
    """Colours, places, motions, sizes, names: none is passed on as it is written."""
    tried = 0
    for name, give in WORDS.items():
        for text in [*CODE, *(SIZES if name == "size" else [])]:
            try:
                give(text)
            except WorkbenchError as error:
                told = str(error)
            else:
                pytest.fail(f"{name}={text!r} is taken")
            assert "\n" not in told
            assert len(told) < 1500
            tried += 1
        for odd in (None, 5, b"red", ["red"], True):
            if name == "style" and odd is None:
                continue  # no captions at all
            with pytest.raises((WorkbenchError, TypeError)):
                give(odd)
    assert tried >= 200
    assert starts == []


FONTS = [
    "a,b",
    "x\\",
    "{\\fs200}",
    "Sans:charenc=x",
    "a'b",
    "a;b[c]",
    "%{pts}",
    "-y",
    "…",
    "a" * 300,
]


def test_what_is_taken_as_text_changes_no_graph(tmp_path, monkeypatch, starts):
    """A font's name and a style's are text: the arguments of ffmpeg are the same with any."""
    seen: list[list[str]] = []
    command = ffmpeg.command
    monkeypatch.setattr(ffmpeg, "command", lambda a: (seen.append(list(a)), command(a))[1])
    cues = tmp_path / "a.srt"
    cues.write_text("1\n00:00:00,000 --> 00:00:00,400\nHello\n")
    video = wb.Video("32x32", fps=5).scene(backdrop(1, width=32, height=32), duration=0.4)

    def graphs(style: Style) -> list[str]:
        seen.clear()
        video.captions(style, cues=cues).render(
            tmp_path / "a.mp4", progress=lambda _: None, cache=False
        )
        told = [" ".join(arguments) for arguments in seen]
        assert not any("textfile" in text or "movie" in text for text in told)
        return [a for args in seen for k, a in enumerate(args) if args[k - 1] == "-filter_complex"]

    plain = graphs(Style())
    assert plain
    for text in FONTS:
        try:
            style = Style(font=text, name=text)
        except ParameterError:
            continue
        with pytest.warns(wb.WorkbenchWarning, match="no font") as _:
            assert graphs(style) == plain
        assert not any(text in argument for arguments in seen for argument in arguments)


ROOT = Path(wb.__file__).parent
_BUILDERS = {"filter", "filter_", "filter_multi_output", "overlay", "concat", "drawtext"}


def test_only_typed_values_are_written_into_graphs():
    """By the source: no filter of a graph is a string with an unchecked value in it.

    In an argument of a filter an f-string may hold a number in a number's format, a constant, or
    seconds that `spelled` has written. No module writes graphs out as text for ffmpeg's options.
    """
    graphs = {"-vf", "-af", "-filter_complex", "-lavfi", "-filter:v", "-filter:a", "-/filter"}
    found = 0
    for file in ROOT.rglob("*.py"):
        tree = ast.parse(file.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert node.value not in graphs, f"{file}:{node.lineno}"
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if node.func.attr not in _BUILDERS or "media" not in file.parts:
                continue
            for part in ast.walk(node):
                if isinstance(part, ast.FormattedValue):
                    found += 1
                    assert _typed(part), f"{file}:{part.lineno} writes an unchecked value"
    assert found >= 3


def _typed(part: ast.FormattedValue) -> bool:
    value = part.value
    if part.format_spec is not None:
        written = [p.value for p in ast.walk(part.format_spec) if isinstance(p, ast.Constant)]
        return len(written) == 1 and written[0][-1] in "fdx"
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Name) and value.func.id == "spelled"
    return isinstance(value, ast.Name) and (value.id.isupper() or value.id == "offset")


def test_the_parameters_of_the_hostile_set_are_no_options(media):
    for values in json.loads((media / "hostile" / "parameters.json").read_text()):
        if isinstance(values, dict):
            with pytest.raises((WorkbenchError, TypeError)):
                Style.build(values)
