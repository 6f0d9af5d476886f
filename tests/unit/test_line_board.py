"""The line board from Python: what a click does a method does, and only that line is spoken."""

from __future__ import annotations

import random
import threading
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

import workbench as wb
from workbench.errors import (
    Cancelled,
    JobError,
    ModelError,
    ParameterError,
    StorageError,
    TextError,
)
from workbench.speech.line_flags import Flag, LineFlags
from workbench.speech.review import LineReview, Review, Version
from workbench.widgets.line_board import LineBoard, review
from workbench.widgets.line_rows import board_html
from workbench.widgets.outputs import flush

NUMBERS = ("one", "two", "three", "four", "five", "six")
TEXT = "\n".join(f"This is line number {word}." for word in NUMBERS)


class Board(LineBoard):
    """A board whose messages to the page can be looked at."""

    def __init__(self, *given: Any, **ways: Any) -> None:
        self.sent: list[dict[str, Any]] = []
        self.arrived = threading.Condition()
        super().__init__(*given, **ways)

    def send(self, content: Any, buffers: Any = None) -> None:
        with self.arrived:
            self.sent.append({**content, "buffers": buffers or []})
            self.arrived.notify_all()

    def got(self, kind: str) -> dict[str, Any]:
        with self.arrived:
            assert self.arrived.wait_for(lambda: any(m["kind"] == kind for m in self.sent), 30)
        return next(m for m in self.sent if m["kind"] == kind)

    def click(self, kind: str, line: int = 0, **content: Any) -> None:
        """Say what the page says, of a line counted from 0."""
        message = {"kind": kind, "id": self.rows[line]["id"], **content}
        self._on_message(self, message, [])


@pytest.fixture
def board(tone, tmp_path, monkeypatch) -> Board:
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    made = Board(wb.speak(TEXT, "tone:high"))
    made._on_message(made, {"kind": "hello"}, [])
    tone.calls.clear()
    tone.seeds.clear()
    return made


# -- from a script -------------------------------------------------------------------------------


def test_only_that_line_is_spoken_and_accepting_joins_it(tone, board):
    before, sound = board.narration, board.joined
    board.retake(3, text="Another line.")
    assert tone.calls == ["Another line."]
    assert board.narration is before
    assert board.joined is sound
    assert board.rows[2]["text"] == "Another line."
    board.accept(3)
    assert tone.calls == ["Another line."]
    assert board.narration.parts[2].take.text == "Another line."
    assert board.joined["duration"] == pytest.approx(board.narration.duration)
    assert board.joined["duration"] != sound["duration"]
    assert board.joined["uid"] != sound["uid"]
    kept = [a.take is b.take for a, b in zip(before.parts, board.narration.parts, strict=True)]
    assert kept == [True, True, False, True, True, True]


def test_a_row_shows_the_version_in_front_and_all_others(tone, board):
    board.retake(1)
    board.retake(1, voice="tone:low", pace=50)
    row = board.rows[0]
    assert (row["number"], row["voice"], row["kept"], row["shown"]) == (1, "tone:low", 0, 2)
    assert [v["about"] for v in row["versions"]] == [
        "tone:high", "tone:high, seed 1", "tone:low, seed 1, pace 50",
    ]  # fmt: skip
    assert row["duration"] == pytest.approx(board.review.at(1).version.take.duration)
    assert len({v["clip"] for v in row["versions"]}) == 3
    board.accept(1, 1)
    assert board.narration.parts[0].take.seed == 1
    assert board.rows[0]["accepted"]


def test_the_joined_sound_has_the_lines_as_bands(board):
    bands = board.joined["cues"]
    assert [band["text"] for band in bands] == TEXT.splitlines()
    assert [band["start"] for band in bands] == pytest.approx(
        [part.start for part in board.narration.parts], abs=1e-4
    )
    assert board.joined["words"] == []


def test_undo_and_redo(board):
    first = board.narration
    board.retake(2, text="x")
    board.accept(2)
    changed = board.narration
    board.undo()
    assert (board.narration, board.rows[1]["shown"]) == (first, 1)
    board.undo()
    assert (len(board.rows[1]["versions"]), board.undoable) == (1, False)
    board.undo()
    board.redo()
    board.redo()
    assert board.narration is changed
    board.redo()
    board.undo()
    board.annotate(1, "n")
    board.redo()
    assert board.narration is first


def test_lines_come_and_go_and_keep_their_names(tone, board):
    names = [row["id"] for row in board.rows]
    board.insert("A new line.", after=2)
    assert tone.calls == ["A new line."]
    assert [row["id"] for row in board.rows][:2] == names[:2]
    assert [row["id"] for row in board.rows][3:] == names[2:]
    assert [row["number"] for row in board.rows] == [1, 2, 3, 4, 5, 6, 7]
    board.remove(3)
    assert [row["id"] for row in board.rows] == names
    board.click("note", 2, text="by its name")
    assert board.review.at(3).note == "by its name"
    board.insert("First.", after=None)
    assert board.narration.text.startswith("First.\nThis is line number one.")


def test_the_work_goes_on_tomorrow(tone, board, tmp_path):
    board.retake(2, text="x")
    board.accept(2)
    board.annotate(1, "a note")
    with pytest.raises(ParameterError, match="has no file yet"):
        board.save()
    assert board.unsaved
    path = board.save(tmp_path / "talk.json")
    again = LineBoard.load(path)
    assert board.path == again.path == str(path)
    assert not board.unsaved
    assert not again.unsaved
    again.annotate(1, "good")
    assert again.unsaved
    again.undo()
    assert not again.unsaved
    assert again.save() == path
    assert again.narration == board.narration
    assert (again.rows[0]["note"], again.rows[1]["accepted"]) == ("a note", True)
    assert review(path).narration == board.narration
    assert review(board.review).narration is board.narration
    with pytest.raises(StorageError, match="no such file"):
        LineBoard.load(tmp_path / "gone.json")


def test_its_ways_are_those_of_every_retake(tone, board, monkeypatch):
    asked: list[dict[str, Any]] = []
    respoken = Review.respoken

    def spy(work: Review, line: Any, **ways: Any) -> Any:
        asked.append({name: way for name, way in ways.items() if name != "cancel"})
        return respoken(work, line, **ways)

    monkeypatch.setattr(Review, "respoken", spy)
    other = LineBoard(board.narration, normalize={"dates": False}, cache=False)
    other.retake(1, text="x")
    other.retake(1, text="y", normalize=True)
    assert asked == [
        {"normalize": {"dates": False}, "cache": False, "text": "x"},
        {"normalize": True, "cache": False, "text": "y"},
    ]


def test_observers_hear_of_every_change(board):
    heard: list[int] = []
    stop = board.on_change(lambda who: heard.append(len(who.review.at(1).versions)))
    board.retake(1)
    board.accept(1)
    board.undo()
    assert heard == [2, 2, 2]
    stop()
    board.undo()
    assert len(heard) == 3

    def broken(_: LineBoard) -> None:
        raise ZeroDivisionError("an observer of yours")

    board.on_change(broken)
    with pytest.raises(ZeroDivisionError):
        board.annotate(1, "x")
    board.click("note", text="y")
    assert board.error == "ZeroDivisionError: an observer of yours"
    assert board.review.at(1).note == "y"


@pytest.mark.parametrize(
    ("make", "kind", "told"),
    [
        (lambda n: LineBoard(n, verfy="stt"), ParameterError, "verfy: .*did you mean 'verify'"),
        (lambda _: LineBoard(3), ParameterError, "must be a Narration, a Review or the path"),
        (lambda n: LineBoard(n, listener="nobody"), ModelError, "nobody"),
        (lambda n: LineBoard(n).retake(9), ParameterError, "there is no line 9"),
        (lambda n: LineBoard(n).retake(1, text=""), TextError, "line 1: script: has no words"),
        (lambda n: LineBoard(n).accept(1, 7), ParameterError, "no version 7"),
        (lambda n: LineBoard(n).show(1, 7), ParameterError, "no version 7"),
    ],
)
def test_what_cannot_be_is_refused_in_the_cell(tone, board, make: Any, kind: Any, told: str):
    with pytest.raises(kind, match=told):
        make(board.narration)
    assert tone.calls == []


def test_the_repr_and_the_line_of_text(board):
    board.retake(1)
    assert repr(board) == "LineBoard(6 lines, 0 accepted, 1 to judge, 6 flagged)"
    data, metadata = board.still()
    assert data["text/plain"] == "Line board: 6 lines, 0 accepted, 1 to judge, 6 flagged"
    assert metadata["image/png"]["width"] == 720


# -- from the page -------------------------------------------------------------------------------


def test_a_retake_runs_in_a_thread_and_lands_in_front(tone, board):
    board.click("retake", 1, text="By a click.")
    assert board.wait(30)
    assert tone.calls == ["By a click."]
    assert (board.rows[1]["text"], board.error, board.busy, board.at) == (
        "By a click.", "", False, "",
    )  # fmt: skip
    board.click("accept", 1, version=1)
    assert board.narration.parts[1].take.text == "By a click."
    board.click("reopen", 1)
    assert not board.rows[1]["accepted"]
    board.click("show", 1, version=0)
    assert board.rows[1]["shown"] == 0
    board.click("retake", 1, voice="tone:low")
    assert board.wait(30)
    assert board.rows[1]["voice"] == "tone:low"
    board.click("undo")
    assert len(board.rows[1]["versions"]) == 2


def test_an_error_of_one_line_stands_at_that_line(board):
    board.click("retake", 1, text=" ")
    assert board.wait(30)
    assert board.rows[1]["fault"].startswith("line 2: script: has no words")
    assert [bool(row["fault"]) for row in board.rows] == [False, True] + [False] * 4
    assert board.error == ""
    board.click("retake", 1, voice="tone:<b>nobody")
    assert board.wait(30)
    assert "<b>nobody" in board.rows[1]["fault"]
    board.click("retake", 1, text="All is well.")
    assert board.wait(30)
    assert board.rows[1]["fault"] == ""


def test_espeak_s_same_again_is_told_at_the_line():
    board = Board(wb.speak("It begins.\nIt ends.", "espeak:en-us"))
    board.click("retake", 0)
    assert board.wait(30)
    assert "espeak speaks without chance" in board.rows[0]["fault"]


@pytest.mark.parametrize(
    "message",
    [
        {"kind": "retake", "id": "nobody"},
        {"kind": "accept", "id": "nobody"},
        {"kind": "accept", "id": ["x"]},
        {"kind": "accept"},
        {"kind": "show", "version": 99},
        {"kind": "show", "version": "1"},
        {"kind": "show"},
        {"kind": "note", "text": 3},
        {"kind": "note", "text": "x" * 9999},
        {"kind": "explode"},
        {"kind": "look"},
        {"kind": "look", "uids": 3},
        {"kind": "media?", "uid": "x", "ask": "y"},
    ],
)
def test_what_no_page_of_ours_says_is_shown_and_changes_nothing(board, message: dict[str, Any]):
    before = board.review
    whole = {"id": board.rows[0]["id"], **message} if len(message) > 1 else message
    board._on_message(board, whole, [])
    assert board.error
    assert board.review is before
    board.click("note", text="still alive")
    assert board.error == ""


class Slow:
    """An engine that hangs in the middle of a line until it is let go."""

    def __init__(self, tone: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.speaking, self.go = threading.Event(), threading.Event()
        say = tone.synthesize

        def synthesize(text: str, **given: Any) -> wb.Take:
            self.speaking.set()
            assert self.go.wait(60)
            return say(text, **given)

        monkeypatch.setattr(tone, "synthesize", synthesize)


def test_stop_answers_while_an_engine_hangs(tone, board, monkeypatch):
    """The widget is free within a second; what the engine still says is dropped."""
    slow = Slow(tone, monkeypatch)
    free = threading.Event()
    board.observe(lambda change: free.set() if not change.new else None, "busy")
    before = board.review
    board.click("retake", 2, text="slow")
    assert slow.speaking.wait(30)
    assert (board.busy, board.doing, board.at) == (True, "speaking line 3", board.rows[2]["id"])
    board._on_message(board, {"kind": "stop"}, [])
    assert free.wait(1.0)
    assert board.at == ""
    slow.go.set()
    assert board.wait(30)
    assert board.review is before
    assert (board.error, board.rows[2]["fault"]) == ("", "")


def test_one_line_at_a_time(tone, board, monkeypatch):
    slow = Slow(tone, monkeypatch)
    board.click("retake", 2, text="slow")
    assert slow.speaking.wait(30)
    board.click("retake", 3, text="too soon")
    assert board.error == "widget: is still speaking line 3; stop it first"
    assert board.at == board.rows[2]["id"]
    with pytest.raises(JobError, match="is still speaking line 3"):
        board.retake(4, text="too soon")
    board.click("accept", 0)  # what needs no engine goes on
    assert board.rows[0]["accepted"]
    slow.go.set()
    assert board.wait(30)
    assert (board.rows[2]["text"], board.rows[0]["accepted"]) == ("slow", True)


def test_a_line_that_went_away_meanwhile(tone, board, monkeypatch):
    slow = Slow(tone, monkeypatch)
    board.click("retake", 2, text="slow")
    assert slow.speaking.wait(30)
    board.remove(3)
    slow.go.set()
    assert board.wait(30)
    assert "there is no line" in board.error
    assert [row["number"] for row in board.rows] == [1, 2, 3, 4, 5]


def test_a_script_s_retake_is_stopped_from_another_thread(tone, board, monkeypatch):
    slow = Slow(tone, monkeypatch)

    def stop() -> None:
        assert slow.speaking.wait(30)
        board.stop()
        slow.go.set()

    thread = threading.Thread(target=stop)
    thread.start()
    with pytest.raises(Cancelled):
        board.retake(1, text="slow")
    thread.join()
    assert len(board.rows[0]["versions"]) == 1


def test_outlines_and_measures_come_when_they_are_asked_for(board):
    uids = [row["versions"][0]["clip"] for row in board.rows[:2]]
    board._on_message(board, {"kind": "look", "uids": [*uids, "unknown"]}, [])
    outlines = board.got("outlines")
    assert outlines["uids"] == uids
    peaks = np.frombuffer(outlines["buffers"][0], np.int8).reshape(-1, 2)
    expected = board.narration.parts[0].take.audio.peaks(400)
    assert np.array_equal(peaks, expected)
    found = board.got("measures")
    assert found["uid"] == uids[0]
    assert any("words/min" in cell["text"] and cell["help"] for cell in found["cells"])


def test_the_media_of_a_version_and_of_the_whole(board):
    board.retake(1, text="x")
    first, second = (v["clip"] for v in board.rows[0]["versions"])
    assert board._clip(first).duration == board.review.at(1).versions[0].take.duration
    assert board._clip(second).text == "x"
    assert board._clip(board.joined["uid"]).duration == board.narration.duration
    board.undo()
    with pytest.raises(ParameterError, match="there is no clip"):
        board._clip(second)


def test_the_page_sets_options_of_the_engine_alone(board):
    board.click("retake", 1, options={"lexicon": "/etc/passwd", "cache": False})
    assert board.error.startswith("cache, lexicon: is not for the page to set")
    board.click("retake", 1, options={"no_such": 1})
    assert board.wait(30)
    assert "no_such" in board.rows[1]["fault"]
    assert len(board.review.at(2).versions) == 1


def test_the_voices_a_line_may_be_spoken_with(board, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    wb.Preset(name="narrator", voice=wb.Voice.parse("espeak:es")).save()
    board._on_message(board, {"kind": "voices?"}, [])
    names = [voice["name"] for voice in board.got("voices")["voices"]]
    assert names[0] == "narrator"
    assert "espeak:en-us" in names


def test_somebody_listens(tiny_whisper):
    board = Board(wb.speak("It begins.\nIt ends.", "espeak:en-us"), listener="stt:x")
    board.listener = f"stt:{tiny_whisper.name}"
    told: list[float] = []
    board.observe(lambda change: told.append(change.new), "progress")
    board.click("listen")
    assert board.wait(60)
    assert board.error == ""
    assert all(row["flags"][0]["kind"] == "unlike" for row in board.rows)  # random weights
    assert all(line.cer is not None for line in board.flags)
    board.retake(1, text="Another.")
    assert board.flags[0].cer is not None  # heard by the time it is shown
    assert board.listen()[0].cer is not None


# -- without a kernel ----------------------------------------------------------------------------


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]


def test_the_twin_has_the_table_and_the_sound(board):
    board.accept(1)
    board.annotate(2, "a <b>note</b>")
    board.retake(3)
    page = board.twin()
    assert page.count("<tr>") == 7
    for told in ("accepted", "to judge", "a &lt;b&gt;note&lt;/b&gt;", "This is line number four."):
        assert told in page
    assert page.count("<audio") == 1
    assert f"wb-{board.uid}" in page


def hostile_texts(count: int) -> list[str]:
    """Texts of the pieces that break out of HTML, the same in every run."""
    pieces = [
        "<script>window.hit=1</script>", '"><img src=x onerror=hit()>', "'", '"', "<", ">", "&",
        "&lt;b&gt;", "</td></tr></table>", "<!--", "-->", "]]>", "</div>", "<svg/onload=hit()>",
        "\u202e", "\0", "\ud800", "javascript:hit()", "é", " ", "\n", "<a href=x>", "{{x}}",
    ]  # fmt: skip
    chance = random.Random(7)  # noqa: S311 - no secret in it
    return ["".join(chance.choices(pieces, k=chance.randint(1, 6))) for _ in range(count)]


def test_hostile_texts_add_no_element(board):
    """Whatever lines, notes, voices and flags say, the twin has the elements it always has."""
    part = board.narration.parts[0]

    def twin(texts: list[str]) -> Tags:
        parts, lines, flags = [], [], []
        for n, text in enumerate(texts):
            take = replace(part.take, text=text, language=text)
            parts.append(replace(part, take=take, start=n * 10.0))
            lines.append(LineReview(versions=(Version(text=text, take=take),), note=text))
            found = (Flag(kind="warning", text=text), Flag(kind="unlike", text=text))
            flags.append(LineFlags(number=n, text=text, flags=found, heard=text))
        narration = wb.Narration(parts=tuple(parts), duration=len(texts) * 10.0)
        review = Review(narration=narration, lines=tuple(lines))
        return Tags(board_html(review, flags, board._sounds.joined, "c0ffee"))

    plain = twin(["plain"] * 500)
    for first in range(0, 5_000, 500):
        found = twin(hostile_texts(5_000)[first : first + 500])
        assert found.tags == plain.tags
        assert found.attributes == plain.attributes


def test_no_sound_is_in_the_state_and_little_else():
    lines = "\n".join(f"This is line {n} of a long reading." for n in range(60))
    board = LineBoard(wb.speak(lines, "espeak:en-us"))
    state = board.get_state()
    assert len(state["joined"]["peaks"]) == 8000
    assert len(str({k: v for k, v in state.items() if not k.startswith("_")})) < 120_000


def test_the_twin_follows_the_work(board):
    shown: list[str] = []

    def publish(data: dict[str, Any], _: Any, **ways: Any) -> None:
        shown.append(data.get("text/html", "") if ways.get("update") else "")

    board.output.show(publish)
    board.accept(1)
    flush()
    assert shown[-1].count(">accepted</td>") == 1
