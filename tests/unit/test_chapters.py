"""Chapters: in order, named after what is said, and read by ffmpeg as they were written."""

from __future__ import annotations

import math

import av
import numpy as np
import pytest

from workbench.audio import Audio
from workbench.errors import ParameterError
from workbench.media.chapters import Chapter, check_chapters, ffmetadata, from_narration
from workbench.media.ffmpeg import encode
from workbench.script import Line
from workbench.storage.atomic import workspace
from workbench.take import Narration, Part, Take
from workbench.voice import Voice

HOSTILE = [
    "a=b;c#d\\e",
    "line\nbreak",
    "[CHAPTER]",
    "\nTIMEBASE=1/1\nSTART=0",
    ";comment",
    "#comment",
    "ends in \\",
    "\\\\",
    "\\",
    "ends in \\\n",
    "=",
    "'single' \"double\"",
    "emoji 🎬 ñ 你好",
    "%d %s $(x) `x`",
    " lead and trail ",
    "tab\there",
    "bell\x07",
    "\u202eright to left",
    "x" * 1000,
    "é" * 500,
]


def narration(*numbers: int) -> Narration:
    """One line of a second for each row of a script."""
    parts = []
    for index, number in enumerate(numbers):
        take = Take(
            text=f"Row {number} part {index}",
            audio=Audio(samples=np.full(1000, 0.1, np.float32), rate=1000),
            words=(),
            voice=Voice(engine="fake", name="one"),
        )
        parts.append(
            Part(line=Line(text=take.text, number=number), take=take, start=1.5 * index + 0.25)
        )
    return Narration(parts=tuple(parts), duration=1.5 * len(numbers))


def read_back(text: str, seconds: float) -> tuple[list[tuple[float, str]], dict[str, str]]:
    """What a player finds in a file that was made with this text."""
    sound = np.zeros((round(seconds * 8_000), 1), np.float32)
    with workspace() as folder:
        (folder / "chapters.txt").write_bytes(text.encode())
        arguments = ["-f", "f32le", "-ar", "8000", "-ac", "1", "-i", "pipe:0"]
        arguments += ["-f", "ffmetadata", "-i", "chapters.txt", "-map", "0:a"]
        arguments += ["-map_metadata", "1", "-map_chapters", "1", "-c:a", "aac", "-f", "ipod"]
        encode([*arguments, "out.m4b"], [sound.data], folder=folder, limit=60)
        with av.open(str(folder / "out.m4b")) as container:
            found = [
                (float(c["start"] * c["time_base"]), c["metadata"].get("title", ""))
                for c in container.chapters()
            ]
            return found, dict(container.metadata)


@pytest.mark.media
@pytest.mark.faults
def test_hostile_titles_come_back_as_they_were():
    chapters = [Chapter(start=i * 0.25, title=title) for i, title in enumerate(HOSTILE)]
    seconds = len(HOSTILE) * 0.25
    found, _ = read_back(ffmetadata(chapters, seconds), seconds)
    assert [title for _, title in found] == HOSTILE
    assert [start for start, _ in found] == pytest.approx([c.start for c in chapters], abs=0.002)


@pytest.mark.media
@pytest.mark.faults
@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_tags_come_back_as_they_were(value):
    text = ffmetadata([Chapter(start=0, title="One")], 1, {"title": value, "artist": "plain"})
    found, tags = read_back(text, 1)
    assert tags["title"] == value
    assert tags["artist"] == "plain"
    assert found == [(0, "One")]


@pytest.mark.media
def test_the_first_chapter_is_from_the_start():
    """MP4 keeps chapters as a track of texts, which has no gap at its start."""
    chapters = [Chapter(start=0.5, title="One"), Chapter(start=1.25, title="Two")]
    text = ffmetadata(chapters, 2)
    assert "START=0\n" in text
    found, _ = read_back(text, 2)
    assert found == [(0, "One"), (pytest.approx(1.25, abs=0.002), "Two")]


def test_what_no_file_can_hold_is_replaced():
    assert Chapter(start=0, title="a\0b\ud800c\r\nd\re").title == "ab?c\nd\ne"


def test_each_chapter_ends_where_the_next_begins():
    chapters = [Chapter(start=0, title="One"), Chapter(start=1.2345, title="Two")]
    rows = ffmetadata(chapters, 3.5).splitlines()
    assert [r for r in rows if r.startswith(("START", "END"))] == [
        "START=0", "END=1234", "START=1234", "END=3500"
    ]  # fmt: skip


def test_empty_tags_are_left_out():
    assert ffmetadata([], 1, {"title": "", "artist": "A"}) == ";FFMETADATA1\nartist=A\n"


@pytest.mark.parametrize("name", ["", "a b", "a=b", "title\n", "ñ", "[CHAPTER]", ";x"])
def test_a_tag_needs_a_name(name):
    with pytest.raises(ParameterError, match="name of a tag"):
        ffmetadata([], 1, {name: "x"})


@pytest.mark.parametrize(
    ("starts", "message"),
    [
        ([0, 0], "chapter 2: begins at 0 s, not after"),
        ([2, 1], "chapter 2: begins at 1 s, not after"),
        ([0, 1, 1.0004], "chapter 3"),
        ([0, 5], "chapter 2: begins at 5 s, and the end is at 5 s"),
        ([9], "chapter 1"),
    ],
)
def test_chapters_are_in_order_and_within_the_end(starts, message):
    with pytest.raises(ParameterError, match=message):
        check_chapters([Chapter(start=s, title="x") for s in starts], 5)


def test_what_is_no_chapter_is_refused():
    with pytest.raises(ParameterError, match="chapter 1: must be a Chapter"):
        check_chapters(["One"], 5)
    with pytest.raises(ParameterError, match="more than"):
        check_chapters([Chapter(start=0, title="x")] * 10_001, 5)


@pytest.mark.parametrize("start", [math.nan, math.inf, -1, 1e9, True, "0", None])
def test_a_start_is_a_time(start):
    with pytest.raises(ParameterError, match="chapter start"):
        Chapter(start=start, title="x")


@pytest.mark.parametrize("title", ["", " \n", "\0", None, 3, "x" * 1001])
def test_a_title_is_text(title):
    with pytest.raises(ParameterError, match="chapter title"):
        Chapter(start=0, title=title)


# -- from a narration -----------------------------------------------------------------------------


def test_a_chapter_for_each_paragraph():
    """Rows 1 and 2, then an empty one, then row 4 in two parts, then 7."""
    chapters = from_narration(narration(1, 2, 4, 4, 7))
    assert [c.start for c in chapters] == [0, 3.25, 6.25]
    assert [c.title for c in chapters] == ["Row 1 part 0", "Row 4 part 2", "Row 7 part 4"]


def test_a_chapter_for_each_line():
    chapters = from_narration(narration(1, 2, 4, 4, 7), by="line")
    assert [c.start for c in chapters] == [0, 1.75, 3.25, 6.25]


def test_titles_may_be_given():
    chapters = from_narration(narration(1, 3), titles=["One", "Two"])
    assert [(c.start, c.title) for c in chapters] == [(0, "One"), (1.75, "Two")]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"titles": ["One"]}, "1 for 2 chapters"),
        ({"titles": "ab"}, "a list"),
        ({"by": "page"}, "not one of paragraph, line"),
        ({"by": ["line"]}, "not one of paragraph, line"),
        ({"titles": ["One", ""]}, "empty"),
    ],
)
def test_what_does_not_fit_a_narration_is_refused(options, message):
    with pytest.raises(ParameterError, match=message):
        from_narration(narration(1, 3), **options)
