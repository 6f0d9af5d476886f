"""The cue editor without a page: commands, messages, files, and what a notebook keeps of it."""

from __future__ import annotations

import json
import random
import threading
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from workbench.audio import Audio
from workbench.captions import problems
from workbench.captions.cues import Cue, Cues
from workbench.captions.editing import Edit, Limits
from workbench.errors import MediaNotFound, ParameterError, StorageError
from workbench.storage.receipt import write_receipt
from workbench.take import Take
from workbench.timing import Word
from workbench.voice import Voice
from workbench.widgets.clip import Clip
from workbench.widgets.cue_editor import CueEditor, edit_captions
from workbench.widgets.cue_messages import TAGS

if TYPE_CHECKING:
    from pathlib import Path


def captions(count: int = 6, text: str = "Caption number {} says this.") -> Cues:
    cues = []
    for i in range(count):
        told = text.format(i + 1).split()
        words = tuple(
            Word(text=w, start=i * 3 + j * 0.4, end=i * 3 + j * 0.4 + 0.3)
            for j, w in enumerate(told)
        )
        cues.append(Cue(start=i * 3, end=i * 3 + 2, lines=(words,)))
    return Cues(cues=tuple(cues), language="en")


def make_take(seconds: float = 18.0) -> Take:
    return Take(
        text="Caption",
        audio=Audio(
            samples=np.sin(np.arange(int(seconds * 8000), dtype=np.float32) / 9), rate=8000
        ),
        words=captions().words,
        voice=Voice.parse("espeak:en-us"),
        language="en",
    )


class Page:
    """What a page would do: it keeps rows as it is told, and sends edits."""

    def __init__(self, editor: CueEditor, monkeypatch: pytest.MonkeyPatch, name: str = "p") -> None:
        self.editor, self.name, self.seq = editor, name, 0
        self.sent: list[dict[str, Any]] = []
        self.pictures: list[bytes] = []
        self.arrived = threading.Event()
        self.rows: list[list[Any]] = []
        self.marks: dict[int, list[list[Any]]] = {}
        self.revision: int | None = None
        monkeypatch.setattr(editor, "send", self.hear)
        self.say("hello")
        self.say("sync", page=name)

    def say(self, kind: str, **content: Any) -> None:
        message = json.loads(json.dumps({**content, "kind": kind}))
        self.editor._on_message(self.editor, message, [])

    def edit(self, op: str, **told: Any) -> None:
        self.seq += 1
        self.say("edit", page=self.name, seq=self.seq, op=op, **told)

    def hear(self, content: dict[str, Any], buffers: Any = None) -> None:
        content = json.loads(json.dumps(content))
        self.sent.append(content)
        if content["kind"] == "preview":
            self.pictures.append(bytes(buffers[0]))
            self.arrived.set()
        if content["kind"] == "all":
            self.rows, self.marks = content["rows"], dict(content["marks"])
            self.revision = content["revision"]
        elif content["kind"] == "changed" and self.revision is not None:
            assert content["was"] == self.revision
            span = slice(content["first"], content["first"] + content["removed"])
            self.rows[span] = content["rows"]
            self.marks |= dict(content["marks"])
            self.revision = content["revision"]

    @property
    def last(self) -> dict[str, Any]:
        return self.sent[-1]

    def agrees(self) -> bool:
        """Whether the page has what Python has, problems included."""
        cues = self.editor.cues
        rows = [[row[1], row[2], row[3]] for row in self.rows]
        told = [[cue.start, cue.end, cue.text] for cue in cues]
        wrong: dict[int, list[str]] = {}
        for problem in self.editor.problems:
            wrong.setdefault(self.rows[problem.cue][0], []).append(problem.kind)
        ids = {row[0] for row in self.rows}
        marks = {n: [m[0] for m in found] for n, found in self.marks.items() if found and n in ids}
        return rows == told and marks == wrong and self.revision == self.editor.revision


@pytest.fixture
def editor() -> CueEditor:
    return CueEditor(captions())


@pytest.fixture
def page(editor: CueEditor, monkeypatch: pytest.MonkeyPatch) -> Page:
    return Page(editor, monkeypatch)


def test_each_kind_of_problem_has_plain_words(editor: CueEditor) -> None:
    assert list(TAGS) == list(problems.KINDS)
    assert editor.get_state()["tags"] == TAGS
    assert (TAGS["fast"], TAGS["beyond"]) == ("too fast", "after the end")
    assert max(map(len, TAGS.values())) < 20


# -- scripts --------------------------------------------------------------------------------------


def test_a_script_edits_as_a_hand_does(editor: CueEditor) -> None:
    heard: list[int] = []
    editor.observe(lambda change: heard.append(change.new), "revision")
    editor.split(0, letter=8).merge(1).retype(0, "Other").move(0, end=0.3).shift(1).insert(40)
    editor.delete(-1).replace("says", "said").rebreak(1, letters=20).stretch((0, 0), (10, 20))
    assert heard == list(range(1, 11))
    labels = [step.label for step in editor.history.past]
    assert labels == [
        "split", "merge", "retype", "move", "shift", "insert", "delete", "substitute", "rebreak",
        "stretch",
    ]  # fmt: skip
    assert editor.undoable == "stretch"
    assert editor.unsaved
    for _ in labels:
        editor.undo()
    assert editor.cues == captions()
    assert (editor.undoable, editor.redoable, editor.unsaved) == ("", "split", False)
    assert editor.redo().cues[0].text == "Caption"
    assert editor.do(Edit.of("delete", which=0)).undoable == "delete"
    with pytest.raises(ParameterError, match="no caption at index 99"):
        editor.split(99)
    editor.cues = captions(2)
    assert editor.undoable == "replace all"
    with pytest.raises(ParameterError, match="must be Cues"):
        editor.cues = captions(2).cues  # type: ignore[assignment]


def test_problems_are_found_and_fixed(editor: CueEditor) -> None:
    assert not list(editor.problems)
    editor.move(0, end=0.2)
    found = editor.problems
    assert [p.kind for p in found] == ["fast"]
    assert len(editor.fix(0).problems) == 0
    editor.move(0, end=0.2).retype(3, "")
    assert editor.fix(3, "empty").fix().problems == ()
    with pytest.raises(ParameterError, match="caption 1: has no obvious fix"):
        editor.fix(0)
    small = CueEditor(captions(), size=(1080, 1920))
    assert small.limits.letters == 20
    assert {p.kind for p in small.problems} == {"line"}
    assert CueEditor(captions(), limits=Limits(letters=5)).problems[0].limit == 5


def test_a_caption_is_laid_on_what_is_heard() -> None:
    editor = CueEditor(captions().shift(0.13), make_take())
    word = make_take().words[0]
    assert editor.snap(0).cues[0].start == word.start
    with pytest.raises(ParameterError, match="not known"):
        CueEditor(captions()).snap(0)


@pytest.mark.parametrize("suffix", ["srt", "vtt", "ass", "ttml"])
def test_captions_come_from_a_file_and_go_back_to_it(tmp_path: Path, suffix: str) -> None:
    path = captions().write(tmp_path / f"talk.{suffix}")
    editor = edit_captions(path)
    assert (editor.path, editor.unsaved) == (str(path), False)
    editor.replace("number", "No.")
    assert editor.unsaved
    assert editor.save() == path
    assert not editor.unsaved
    assert Cues.read(path).text == editor.cues.text
    captions(2).write(path)  # by another
    editor.undo()
    with pytest.raises(StorageError, match="was changed since it was read"):
        editor.save()
    assert len(Cues.read(path)) == 2
    editor.save(overwrite=True)
    assert len(Cues.read(path)) == 6


MENDED = """1
00:00:01,000 --> 00:00:02,000
One.

2
00:00:06,000 --> 00:00:05,000
Ends before it begins.

3
00:00:08,000 --> 00:00:09,000


4
00:00:04,000 --> 00:00:05,000
Too early.

"""


@pytest.mark.parametrize("given", ["cues", "path"])
def test_what_is_mended_in_a_file_is_told(tmp_path: Path, given: str) -> None:
    path = tmp_path / "a.srt"
    path.write_text(MENDED)
    editor = CueEditor(path) if given == "cues" else CueEditor(path=path)
    assert editor.notes == [
        "caption 3: no end after the beginning, it was given one",
        "left out, since without text: what begins at 8.000 s",
        "captions were not in the order of their times: now they are",
    ]
    assert editor.cues[2].start == 6 < editor.cues[2].end
    path.write_text(MENDED.replace("00:00:05", "00:00:00", 1))
    editor.save(path, overwrite=True)
    assert CueEditor(path).notes == []


def test_of_many_that_are_mended_ten_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.srt"
    rows = (f"{i}\n00:00:{i:02},000 --> 00:00:{i:02},000\nWord\n\n" for i in range(1, 13))
    path.write_text("".join(rows))
    (note,) = CueEditor(path).notes
    assert note.startswith("captions 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more: no end after the")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [({}, True), ({"burned": False}, False), ({"captions": None}, False), ({"bytes": 1}, False)],
)
def test_captions_in_the_picture_are_not_shown_twice(
    tmp_path: Path, changed: dict[str, Any], expected: Any
) -> None:
    file = tmp_path / "night.mp4"
    file.write_bytes(b"moving pictures")
    video = Clip(kind="video", duration=18, text="night.mp4", about="", path=file)
    assert CueEditor(captions(), video).notes == []
    told = {"burned": True, "captions": captions().to_dict()}
    path = write_receipt(file, told)
    path.write_text(json.dumps({**json.loads(path.read_text()), **changed}))
    editor = CueEditor(captions(), video)
    assert editor.media["captioned"] is expected
    assert [note for note in editor.notes if note.startswith("captions are in the picture")] == (
        editor.notes
    )
    assert bool(editor.notes) is expected
    path.write_text("no receipt")
    assert CueEditor(captions(), video).notes == []


def test_an_editor_and_a_problem_say_what_they_are(editor: CueEditor) -> None:
    editor.move(1, end=3.1)
    (problem,) = editor.problems
    assert str(editor) == repr(editor) == "CueEditor(6 captions, 1 problem)"
    assert str(problem) == f"caption 2: {problem.text}"


def test_a_path_without_a_file_yet_is_where_it_will_be(tmp_path: Path) -> None:
    path = tmp_path / "new.vtt"
    editor = edit_captions(captions(), path=path)
    assert editor.save() == path
    again = edit_captions(path=path)
    assert len(again.cues) == 6
    with pytest.raises(ParameterError, match="has no file yet; give a path"):
        edit_captions(captions()).save()


def test_where_captions_come_from(tmp_path: Path) -> None:
    take = make_take()
    assert CueEditor(take).cues.words[0].text == "Caption"
    assert CueEditor(media=take).clip is not None
    assert CueEditor(media=take.audio).cues.cues == ()
    assert CueEditor().cues.cues == ()
    with pytest.raises(ParameterError, match="holds no captions"):
        CueEditor(3)
    with pytest.raises(MediaNotFound):
        CueEditor(tmp_path / "none.srt")
    with pytest.raises(ParameterError, match="did you mean 'style'"):
        edit_captions(captions(), stile="pop")
    with pytest.raises(ParameterError, match="style"):
        CueEditor(captions(), style="popp")


def test_media_are_no_part_of_the_state() -> None:
    editor = CueEditor(media=make_take(120.0))
    state = editor.get_state()
    size = sum(len(v) for v in state["media"].values() if isinstance(v, bytes))
    assert size <= 8_000
    assert "cues" not in state
    assert len(json.dumps({k: v for k, v in state.items() if k in {"revision", "path"}})) < 100


def test_the_preview_is_drawn_by_the_renderer() -> None:
    import io

    from PIL import Image

    editor = CueEditor(captions(), size=(320, 180))
    with_text = np.asarray(Image.open(io.BytesIO(editor.preview(0))))
    without = np.asarray(Image.open(io.BytesIO(editor.preview(at=2.5))))
    assert with_text.shape == (180, 320, 3)
    differing = np.abs(with_text.astype(int) - without).max(axis=2) > 60
    rows = np.flatnonzero(differing.any(axis=1))
    assert rows.size
    assert rows.min() > 120  # the caption stands below
    with pytest.raises(ParameterError, match="no caption at index 99"):
        editor.preview(99)


# -- the page -------------------------------------------------------------------------------------


def test_a_page_is_told_only_what_changed(page: Page, editor: CueEditor) -> None:
    assert page.last["kind"] == "all"
    assert page.agrees()
    page.edit("retype", id=2, text="Other words here.")
    assert page.last["rows"] == [[2, 6.0, 8.0, "Other words here.", ""]]
    assert (page.last["first"], page.last["removed"], page.last["seq"]) == (2, 1, 1)
    page.edit("split", id=2)
    page.edit("merge", ids=[2, 6])
    page.edit("move", id=0, end=0.1)
    assert page.last["marks"] == [[0, [["fast", editor.problems[0].text, True]]]]
    page.edit("fix", id=0, problem="fast")
    page.edit("delete", ids=[1, 3])
    page.edit("shift", by=1, **{"from": 4})
    page.edit("undo")
    page.edit("redo")
    editor.insert(40, text="From Python")
    assert page.agrees()
    assert editor.error == ""
    edits = [m for m in page.sent if m["kind"] == "changed"]
    assert max(len(m["rows"]) for m in edits) <= 4
    assert [step.label for step in editor.history.past] == [
        "retype", "split", "merge", "move", "fix", "delete", "shift", "insert",
    ]  # fmt: skip


def test_what_is_typed_in_one_visit_is_one_step(page: Page, editor: CueEditor) -> None:
    for text in ("O", "Ot", "Oth"):
        page.edit("retype", id=0, text=text, visit="t1")
    page.edit("retype", id=0, text="Other", visit="t2")
    assert len(editor.history.past) == 2
    assert page.agrees()


def test_an_edit_comes_once(page: Page, editor: CueEditor) -> None:
    page.edit("split", id=0)
    page.say("edit", page="p", seq=1, op="split", id=0)
    assert editor.revision == 1
    page.seq += 1  # one that is lost
    page.edit("split", id=1)
    assert editor.revision == 2
    assert page.last["kind"] == "all"
    assert page.last["lost"] == 1
    assert page.agrees()
    # Another view counts for itself.
    page.say("edit", page="q", seq=1, op="split", id=2)
    assert editor.revision == 3


@pytest.mark.parametrize(
    ("op", "told", "error"),
    [
        ("retype", {"id": 77, "text": "x"}, "caption 77 is there no more"),
        ("retype", {"id": 0, "text": 3}, "must be text"),
        ("retype", {"id": 0}, "missing a required argument"),
        ("retyp", {"id": 0}, "did you mean 'retype'"),
        ("move", {"id": 0, "end": None, "start": 9}, "would last"),
        ("shift", {"by": "1"}, "by: must be"),
        ("shift", {"by": 1, "ids": []}, "names no caption"),
        ("shift", {"by": 1, "ids": "all"}, "names no caption"),
        ("delete", {"ids": [0, "x"]}, "is there no more"),
        ("undo", {}, "nothing to undo"),
        ("fix", {"id": 0, "problem": "fast"}, "has no obvious fix"),
        ("snap", {"id": 0}, "not known"),
        ("split", {"id": 0, "evil": 1}, "no argument of split"),
        ("insert", {"start": 1}, "no room"),
        ("substitute", {"old": "absent", "new": ""}, "in none of the captions"),
        (None, {}, "no operation"),
    ],
)
def test_an_edit_that_cannot_be_is_told_and_changes_nothing(
    page: Page, editor: CueEditor, op: Any, told: dict[str, Any], error: str
) -> None:
    page.edit(op, **told)
    assert error in editor.error
    assert page.last["kind"] == "all"
    assert page.last["denied"] == editor.error
    assert editor.cues == captions()
    page.edit("split", id=0)
    assert editor.error == ""
    assert page.agrees()


def test_what_is_found_is_named_by_number(page: Page) -> None:
    page.edit("delete", ids=[0])
    page.say("find", ask=7, text="NUMBER 2", case=False, words=True)
    assert page.last == {"kind": "found", "ask": 7, "places": [[1, 8, 16]]}
    page.say("find", ask=8, text="  ")
    assert page.last["places"] == []


def test_a_page_saves_and_is_warned(page: Page, editor: CueEditor, tmp_path: Path) -> None:
    path = tmp_path / "a.srt"
    page.say("save", path=str(path))
    told = f"Saved 6 captions in {path}"
    assert page.last == {"kind": "saved", "path": str(path), "text": told}
    path.write_text("another's")
    page.say("save", path="")
    assert page.last["kind"] == "taken"
    assert "was changed since it was read" in page.last["text"]
    assert path.read_text() == "another's"
    page.say("save", path=str(path), overwrite=True)
    assert len(Cues.read(path)) == 6
    page.say("save", path="a\0b.srt")
    assert "cannot be a path" in editor.error


def test_of_previews_asked_for_meanwhile_only_the_last_is_drawn(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawing, go = threading.Event(), threading.Event()
    drawn: list[float] = []

    def draw(_: Any, seconds: float, *__: Any) -> bytes:
        drawn.append(seconds)
        drawing.set()
        assert go.wait(30)
        return b"png"

    monkeypatch.setattr("workbench.widgets.cue_editor.preview_png", draw)
    page.say("preview", ask=1, id=0)
    assert drawing.wait(30)
    for number in (1, 2, 3):
        page.say("preview", ask=number, id=number)
    go.set()
    while len(page.pictures) < 2:
        assert page.arrived.wait(30)
        page.arrived.clear()
    assert drawn == [1.0, 10.0]
    page.say("preview", ask=9, id=99)
    assert "is there no more" in page.editor.error


def test_another_style_has_other_limits(page: Page, editor: CueEditor) -> None:
    page.say("look", name="karaoke-bold")
    assert editor.caption_style == "karaoke-bold"
    page.say("look", name="karaoke-bolt")
    assert "did you mean 'karaoke-bold" in editor.error
    assert editor.caption_style == "karaoke-bold"


def test_a_script_leads_the_page(page: Page, editor: CueEditor) -> None:
    editor.selected = 3
    assert page.last == {"kind": "select", "id": 3}
    page.say("select", id=1)
    assert editor.selected == 1
    editor.delete(None)
    assert editor.selected == 0
    page.say("sync", page="p")
    assert page.last["selected"] is None


VALUES = [
    None, True, -1, 0, 2, 3.5, 1e308, float("inf"), 10**40, "", "x", "<b>", "\0", [], [0], {},
    {"start": 1}, [[1, 2]], "retype", "a" * 3000,
]  # fmt: skip
KINDS = ["sync", "edit", "find", "select", "preview", "look", "save", "stop", "bogus"]
OPS = [
    "split", "merge", "retype", "shift", "move", "insert", "delete", "stretch", "rebreak",
    "substitute", "fix", "fix all", "snap", "undo", "redo", "cues", None,
]  # fmt: skip
NAMES = [
    "id", "ids", "from", "text", "at", "letter", "by", "which", "start", "end", "neighbours",
    "against", "first", "second", "old", "new", "case", "whole_words", "words", "visit", "problem",
    "name", "ask", "page", "index", "letters", "lines",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
def test_no_message_of_a_page_is_raised_or_leaves_nonsense(
    seed: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What a page says is data: 200 messages of each seed, hostile ones among them."""
    rng = random.Random(seed)  # noqa: S311 - no secret
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("workbench.widgets.cue_editor.preview_png", lambda *_: b"")
    editor = CueEditor(captions(), make_take())
    page = Page(editor, monkeypatch)
    errors = 0
    for _ in range(200):
        kind = rng.choice([*KINDS, *["edit"] * 20])
        told = {n: rng.choice(VALUES) for n in rng.sample(NAMES, rng.randrange(4))}
        page.seq += 1
        told |= {"kind": kind, "seq": rng.choice([page.seq, page.seq, page.seq, None, 2, "3"])}
        told |= {"op": rng.choice(OPS), "path": rng.choice(["", "a.srt", "b.doc", "../c.vtt"])}
        if rng.random() < 0.6:
            told["id"] = rng.choice(editor._numbered.numbers or [0])
        told.setdefault("page", "p")
        editor._on_message(editor, told, [])
        errors += bool(editor.error)
    assert errors > 20
    assert editor.revision > 1
    page.say("sync", page="p")
    assert page.agrees()


def test_a_page_sets_no_state(editor: CueEditor) -> None:
    for name in ("path", "revision", "media", "undoable", "caption_style"):
        editor.set_state({name: "x"})
        assert "is not for the page to set" in editor.error
    assert (editor.path, editor.revision) == ("", 0)


# -- without a kernel -----------------------------------------------------------------------------


class Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)


def tags(html: str) -> list[str]:
    parser = Elements()
    parser.feed(html)
    return parser.tags


def test_the_twin_has_the_captions_their_problems_and_the_sound() -> None:
    editor = CueEditor(captions(), make_take())
    editor.move(1, end=3.2)
    html = editor.twin()
    assert html.startswith(f'<div class="wb-twin wb-{editor.uid}"')
    assert 'src="data:audio/mpeg;base64,' in html
    assert html.count("<tr>") == 7
    assert "letters/s, limit 20" in html
    assert "0:03.200" in html
    bundle, metadata = editor.still()
    assert bundle["text/plain"] == "CueEditor(6 captions, 1 problem)"
    assert list(bundle) == ["text/plain", "image/png"]
    assert metadata["image/png"]["width"] == 720
    assert CueEditor(captions()).still()[1] == {}
    assert "and 1 more captions" in CueEditor(captions(2001)).twin()


def test_hostile_texts_add_no_element_to_the_twin() -> None:
    rng = random.Random(4)  # noqa: S311 - no secret
    pieces = [
        "<script>", "</td>", "<img src=x onerror=a>", "&lt;", '"', "'>", "<!--", "]]>", "\0",
        "\u202e",
        "</table>", "<b", "{{x}}", "\ud800", "javascript:", "\n", "🏳️‍🌈", "<svg/onload=a>",
    ]  # fmt: skip
    texts = ["".join(rng.choices(pieces, k=rng.randrange(1, 6))) for _ in range(1000)]
    clean = tags(CueEditor(captions(1000)).twin())
    hostile = Cues(
        cues=tuple(
            Cue(start=i, end=i + 0.9, lines=((Word(text=t, start=i, end=i),),), speaker=t)
            for i, t in enumerate(texts)
        ),
        language='"><b>',
    )
    assert tags(CueEditor(hostile).twin()) == clean
