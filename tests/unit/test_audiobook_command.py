"""``workbench audiobook``: scripts and recordings in, a book out; each mistake before the work."""

from __future__ import annotations

import io
import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
from PIL import Image

from workbench import audiobook as audiobook_of
from workbench import cli
from workbench.audio import Audio
from workbench.commands import audiobook
from workbench.commands.audiobook import chapter_list
from workbench.errors import TextError
from workbench.storage.receipt import read_receipt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Command = Callable[..., tuple[int, str, str]]

pytestmark = pytest.mark.media

BOOK = "The sea.\nIt was blue.\n\nThe land.\nIt was green.\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "book.txt").write_text(BOOK, encoding="utf-8")
    tone = 0.1 * np.sin(np.arange(16_000) / 9)
    Audio(samples=tone, rate=16_000).write(tmp_path / "a.wav")
    Image.new("RGB", (40, 40), "red").save(tmp_path / "cover.png")
    return tmp_path


@pytest.fixture
def command(here: Path, monkeypatch, capsys) -> Iterator[Command]:
    """``workbench audiobook ARGUMENTS`` in this process."""

    def run(*arguments: object, stdin: bytes = b"") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["workbench", "audiobook", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return (int(ended.value.code or 0), *capsys.readouterr())

    handler = signal.getsignal(signal.SIGTERM)
    yield run
    signal.signal(signal.SIGTERM, handler)


def told(answer: tuple[int, str, str]) -> Any:
    code, out, err = answer
    assert (code, err) == (0, "")
    return json.loads(out)


def titles(path: Path) -> list[str]:
    """The chapters that a player lists."""
    with av.open(str(path)) as container:
        return [one["metadata"]["title"] for one in container.chapters()]


def test_a_script_becomes_a_book(command: Command, here: Path):
    made = told(
        command("book.txt", "-o", "b.m4b", "-v", "espeak:en-us", "-O", "rate=250", "--cover",
                "cover.png", "-t", "Sea = land", "-a", "Me", "--narrator", "It", "--year", "2026",
                "-b", "96k", "--loudness", "podcast", "--json")
    )  # fmt: skip
    assert titles(here / "b.m4b") == ["The sea.", "The land."]
    with av.open(str(here / "b.m4b")) as container:
        tags = dict(container.metadata)
        assert len(container.streams.video) == 1
    assert (tags["title"], tags["artist"], tags["composer"]) == ("Sea = land", "Me", "It")
    assert tags["date"] == "2026"
    assert made["loudness"]["integrated"] == pytest.approx(-16, abs=0.5)
    receipt = read_receipt(here / "b.m4b")
    assert receipt["settings"]["bitrate"] == "96k"
    slow = told(command("book.txt", "-o", "c.m4b", "-v", "espeak:en-us", "--json"))
    assert slow["duration"] > made["duration"] + 1


@pytest.mark.parametrize(
    ("chapters", "expected"),
    [
        ("lines", ["The sea.", "It was blue.", "The land.", "It was green."]),
        ("paragraphs", ["The sea.", "The land."]),
        ("none", []),
        ("names.txt", ["One: the sea", "Two"]),
        ("times.txt", ["Start", "Two = 2; #x"]),
    ],
)
def test_chapters_are_as_asked(command: Command, here: Path, chapters: str, expected: list[str]):
    (here / "names.txt").write_text("One: the sea\n\nTwo\n", encoding="utf-8")
    (here / "times.txt").write_text("0:00 Start\n00:01.5 - Two = 2; #x\n", encoding="utf-8")
    made = told(command("-", "-o", "b.m4b", "-c", chapters, "--json", stdin=BOOK.encode()))
    assert titles(here / "b.m4b") == expected
    if chapters == "times.txt":
        assert [one["start"] for one in made["chapters"]] == [0, 1.5]


def test_recordings_and_scripts_are_a_chapter_each(command: Command, here: Path):
    quiet = told(command("a.wav", "a.wav", "-o", "a.m4b", "--loudness", "none", "--json"))
    assert quiet["duration"] == pytest.approx(1 + 1.5 + 1, abs=0.1)
    assert titles(here / "a.m4b") == ["Chapter 1", "Chapter 2"]
    assert quiet["loudness"]["integrated"] == pytest.approx(-23, abs=1.5)
    told(command("a.wav", "book.txt", "-o", "b.m4b", "--pause", "3", "--json"))
    assert titles(here / "b.m4b") == ["Chapter 1", "The sea."]
    code, out, err = command("a.wav", "-o", "c.m4a")
    assert (code, err) == (0, "")
    assert out.startswith("c.m4a: 1.00 s, 0 chapters, -20.0 LUFS")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("book.txt", "-o", "b.mp3"), 2, "b.mp3: must end in .m4b, .m4a"),
        (("a.wav", "-o", "a.wav"), 2, "must end in"),
        (("none.txt", "-o", "b.m4b"), 2, "none.txt: cannot be read"),
        (("none.wav", "-o", "b.m4b"), 2, "none.wav: "),
        (("cover.png", "-o", "b.m4b"), 1, "cover.png: "),
        (("book.txt", "-o", "b.m4b", "--cover", "none.png"), 2, "none.png: there is no such file"),
        (("book.txt", "-o", "b.m4b", "--cover", "a.wav"), 1, "a.wav: "),
        (("book.txt", "-o", "b.m4b", "--loudness", "podcst"), 2, "did you mean 'podcast'"),
        (("book.txt", "-o", "b.m4b", "--loudness", "3"), 2, "loudness: must be"),
        (("book.txt", "-o", "b.m4b", "-b", "64"), 2, "--bitrate: "),
        (("book.txt", "-o", "b.m4b", "--year", "0"), 2, "year: "),
        (("book.txt", "-o", "b.m4b", "--pause", "99"), 2, "pause: "),
        (("book.txt", "-o", "b.m4b", "-c", "chapter"), 2, "chapter: cannot be read"),
        (("book.txt", "a.wav", "-o", "b.m4b", "-c", "lines"), 2, "--chapters: lines are those of"),
        (("a.wav", "-o", "b.m4b", "-v", "es"), 2, "--voice: is for a script"),
        (("a.wav", "-o", "b.m4b", "-O", "rate=100"), 2, "--option: is for a script"),
        (("book.txt", "-o", "b.m4b", "-O", "rait=1"), 2, "did you mean 'rate'"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_nothing(
    command: Command, monkeypatch, arguments: tuple[str, ...], code: int, said: str
):
    """And nothing has been spoken: an hour of speech is not thrown away over a bit rate."""
    if not {"none.txt", "rait=1"} & set(arguments):
        monkeypatch.delattr(audiobook, "speak")
    before = sorted(Path().iterdir())
    ended, out, err = command(*arguments)
    assert (ended, out) == (code, "")
    assert len(err.splitlines()) == 1
    assert err.startswith("workbench: ")
    assert said in err
    assert sorted(Path().iterdir()) == before


def test_a_list_of_chapters_is_titles_or_times(tmp_path: Path):
    listed = tmp_path / "c.txt"
    listed.write_text("0:00 One\n1:02:03 — Two\n", encoding="utf-8")
    assert [(one.start, one.title) for one in chapter_list(listed)] == [(0, "One"), (3723, "Two")]
    listed.write_text("2001: A Space Odyssey\n10 Downing Street", encoding="utf-8")
    assert chapter_list(listed) == ["2001: A Space Odyssey", "10 Downing Street"]
    for content, said in (
        (b"0:00 One\nTwo", "not this line"),
        (b" \n", "lists no"),
        (b"\xff", "UTF"),
    ):
        listed.write_bytes(content)
        with pytest.raises(TextError, match=said):
            chapter_list(listed)


def test_a_book_tells_how_far_it_is_while_it_is_measured(here: Path):
    """The bar stood at 0 until the whole had been measured twice."""
    noise = np.random.default_rng(1).standard_normal(30 * 24_000) * 0.1
    seen: list[float] = []
    audiobook_of(here / "b.m4b", Audio(samples=noise, rate=24_000), progress=seen.append)
    assert seen == sorted(seen)
    assert len({part for part in seen if 0 < part < 0.3}) >= 6
    assert seen[-1] == 1
