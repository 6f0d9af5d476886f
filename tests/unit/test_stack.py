"""Takes with one position: what is taken, how rows are switched, and the static twin."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import traitlets as t

from workbench.audio import Audio
from workbench.errors import ParameterError
from workbench.take import Take
from workbench.voice import Voice
from workbench.widgets import twin as twin_module
from workbench.widgets.stack import Stack, linked_time, told_apart


def tone(seconds: float = 2.0, rate: int = 16_000) -> Audio:
    return Audio(
        samples=(np.sin(np.arange(int(seconds * rate)) / 9) * 0.5).astype(np.float32), rate=rate
    )


@pytest.fixture
def stack() -> Stack:
    return Stack({"slow": tone(4.0), "fast": tone(2.0)})


class Page:
    """What a stack sends, and a way to be its page."""

    def __init__(self, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
        self.stack = stack
        self.sent: list[dict[str, Any]] = []
        monkeypatch.setattr(stack, "send", lambda content, buffers=None: self.sent.append(content))

    def report(self, **state: Any) -> None:
        data = {"method": "update", "state": state, "buffer_paths": []}
        self.stack._handle_msg({"content": {"data": data}, "buffers": []})


def test_rows_by_label_and_by_number(tmp_path: Path) -> None:
    stack = Stack({"slow": tone(4.0), "fast": tone(2.0)}, measures={"fast": "-16 LUFS"})
    assert stack.labels == ("slow", "fast")
    assert [row["measures"] for row in stack.rows] == ["", "-16 LUFS"]
    assert [row["duration"] for row in stack.rows] == [4.0, 2.0]
    path = tone(1.0).write(tmp_path / "a.wav")
    assert Stack([tone(), path]).labels == ("sound", "a.wav")
    assert Stack((one for one in [tone(), tone()]), labels=["a", "b"]).labels == ("a", "b")


def spoken(text: str = "Hello.", voice: str = "espeak:es", **options: Any) -> Take:
    return Take(text=text, audio=tone(0.1), words=(), voice=Voice.parse(voice), options=options)


@pytest.mark.parametrize(
    ("takes", "told"),
    [
        ([spoken(rate=130), spoken(rate=220)], ["rate 130", "rate 220"]),
        (
            [spoken(voice="espeak:en-us", rate=130), spoken(voice="espeak:en-gb", rate=220)],
            ["espeak:en-us, rate 130", "espeak:en-gb, rate 220"],
        ),
        # Of other engines, what only they know is not said.
        (
            [spoken(rate=130), spoken(voice="kokoro:af", speed=1.0)],
            ["espeak:es", "kokoro:af"],
        ),
        ([spoken("One."), spoken("Two.")], ["One.", "Two."]),
        ([spoken("a"), spoken("a 2"), spoken("a")], ["a", "a 2", "a 3"]),
        ([spoken(), spoken("x\n" * 400)], ["Hello.", "x"]),
        ([spoken(), tone(0.1), tone(0.1)], ["Hello.", "sound", "sound 2"]),
        (["/somewhere/a.wav", Path("b.mp3")], ["a.wav", "b.mp3"]),
    ],
)
def test_rows_are_called_by_what_sets_them_apart(takes: list[object], told: list[str]) -> None:
    found = told_apart(takes)
    assert [name[: len(one)] for name, one in zip(found, told, strict=True)] == told
    assert max(map(len, found)) <= 70
    assert "".join(found).isprintable()


def test_the_state_holds_no_media(stack: Stack) -> None:
    for row in stack.get_state()["rows"]:
        assert max(len(v) for v in row.values() if isinstance(v, str | bytes)) == 8_000
        assert len(row["peaks"]) == 8_000


@pytest.mark.parametrize(
    ("takes", "options", "message"),
    [
        ([], {}, "takes: must be 1 to 40, not 0"),
        ([tone(0.1)] * 41, {}, "takes: must be 1 to 40, not 41"),
        ("ab", {}, "takes: must be takes in a list or by label, not str"),
        (tone(0.1), {}, "takes: must be takes in a list or by label, not Audio"),
        ([tone(0.1)], {"labels": ["a", "b"]}, "labels: there are 2 for 1 takes; one for each"),
        ([tone(0.1)] * 2, {"labels": ["a", "a"]}, "labels: 'a' is there twice"),
        ([tone(0.1)], {"lables": ["a"]}, "lables: is not an option; did you mean 'labels'?"),
        ([tone(0.1)], {"align": "shares"}, "align: must not be 'shares'; did you mean 'share'?"),
        ([tone(0.1)], {"speed": 9}, "speed: must be 0.25 to 4, not 9"),
        ({"slow": tone(0.1)}, {"measures": {"slwo": "x"}}, "measures: 'slwo' is no label; did"),
        ([3], {}, "player: int is nothing that plays"),
    ],
)
def test_what_does_not_fit_is_refused(takes: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError) as refused:
        Stack(takes, **options)
    assert str(refused.value).startswith(message)


def test_the_same_second_and_the_same_share() -> None:
    assert linked_time(1.0, 4.0, 2.0, "seconds") == 1.0
    assert linked_time(3.0, 4.0, 2.0, "seconds") == 2.0
    assert linked_time(1.0, 4.0, 2.0, "share") == 0.5
    assert linked_time(9.0, 4.0, 2.0, "share") == 2.0
    assert linked_time(1.0, 0.0, 2.0, "share") == 1.0


@pytest.mark.parametrize(("align", "expected"), [("seconds", 2.0), ("share", 1.5)])
def test_switching_keeps_the_place(stack: Stack, align: str, expected: float) -> None:
    stack.align = align
    stack.seek(3.0)
    stack.solo("fast")
    assert (stack.active, stack.label, stack.position) == (1, "fast", expected)
    with pytest.raises(ParameterError, match="must be 0 to 2 seconds, not 3"):
        stack.seek(3.0)


def test_commands_and_reports(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    page = Page(stack, monkeypatch)
    stack._on_message(stack, {"kind": "hello"}, [])
    stack.play()
    stack.seek(1.0)
    stack.position = 1.5
    stack.playing = True
    assert page.sent == [
        {"kind": "play"},
        {"kind": "seek", "time": 1.0},
        {"kind": "seek", "time": 1.5},
        {"kind": "play"},
    ]
    page.sent.clear()
    page.report(active=1, position=0.75, playing=False, speed=2, align="share")
    assert (stack.active, stack.position, stack.playing) == (1, 0.75, False)
    assert (stack.speed, stack.align, stack.error) == (2.0, "share", "")
    assert page.sent == []  # a report is no command


@pytest.mark.parametrize(
    "state",
    [{"active": 2}, {"active": -1}, {"active": "fast"}, {"align": "x"}, {"rows": []}, {"uid": "x"}],
)
def test_nonsense_from_the_page_changes_nothing_and_is_shown(
    stack: Stack, state: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page(stack, monkeypatch)
    before = stack.get_state()
    page.report(**state)
    assert stack.error
    assert {k for k, v in stack.get_state().items() if v != before[k]} == {"error"}


def test_no_such_row(stack: Stack) -> None:
    with pytest.raises(ParameterError, match="'fats' is no row; did you mean 'fast'"):
        stack.solo("fats")
    for number in (2, -1, True):
        with pytest.raises(ParameterError, match="is no row"):
            stack.solo(number)
    with pytest.raises(t.TraitError, match="active: must be 0 to 1, not 2"):
        stack.active = 2


def test_each_row_gives_its_own_media(stack: Stack) -> None:
    for clip in stack.clips:
        assert stack._clip(clip.uid) is clip
    with pytest.raises(ParameterError, match="no clip 'other'"):
        stack._clip("other")


def test_the_twin_shares_its_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """A long first take would leave nothing for the others."""
    takes = {"long": tone(60.0), "short": tone(1.0), "middle": tone(2.0)}
    size = len(base64.b64encode(Stack(takes).clips[1].media))
    monkeypatch.setattr(twin_module, "EMBED_LIMIT", 6 * size)
    html = Stack(takes, measures={"short": "<b>-16 LUFS</b>"}).twin()
    assert html.count("data:audio/mpeg") == 2
    assert len(re.findall(r"base64,([^\"]*)", html)[0]) == size
    assert "too much to be kept" in html.partition("short")[0]
    assert [label for label in takes if f"<b>{label}</b>" in html] == ["long", "short", "middle"]
    assert "&lt;b&gt;-16 LUFS&lt;/b&gt;" in html
    assert len(html) < 6 * size + 3_000


def test_the_picture_has_a_row_for_each() -> None:
    import io

    from PIL import Image

    heights = []
    for count in (1, 3, 12):
        data, metadata = Stack([tone(0.5)] * count).still()
        with Image.open(io.BytesIO(base64.b64decode(data["image/png"]))) as image:
            heights.append(image.height // 2)
        assert metadata["image/png"]["height"] == heights[-1]
    assert heights == [80, 3 * 84 - 4, 8 * 84 - 4]
    assert data["text/plain"].startswith("12 takes: sound (0.500 s, 16000 Hz, mono), sound 2 (")
