"""``workbench narrate`` and ``workbench dub``: files, a receipt for each, mistakes told first."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from workbench import cli
from workbench.captions.cues import Cues
from workbench.production.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(tmp_path: Path, monkeypatch, capsys) -> Iterator[Command]:
    """``workbench ARGUMENTS`` in this process and an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    handler = signal.getsignal(signal.SIGTERM)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["workbench", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return (int(ended.value.code or 0), *capsys.readouterr())

    yield run
    signal.signal(signal.SIGTERM, handler)


def test_narrate_reads_chapters_aloud_and_every_file_has_its_receipt(command: Command):
    Path("book.md").write_text("# Uno\n\nHola.\n\n# Dos\n\nAdiós.\n", encoding="utf-8")
    code, out, err = command(
        "narrate", "book.md", "-o", "out/book.ogg", "-v", "espeak:es", "--chapter-files",
        "--captions", "vtt", "--loudness", "none", "--json",
    )  # fmt: skip
    assert (code, err) == (0, "")
    told = json.loads(out)
    names = [f"out/book{part}{kind}" for part in ("", ".01", ".02") for kind in (".ogg", ".vtt")]
    assert told["files"] == names
    assert [chapter["title"] for chapter in told["chapters"]] == ["Uno", "Dos"]
    assert "Adiós." in [cue.text for cue in Cues.read("out/book.vtt")]
    assert verify("out", progress=lambda done: None).totals == {"ok": 6}
    assert command("rebuild", "out/book.ogg") == (0, "identical\n", "")


def test_dub_says_captions_in_their_time(command: Command):
    Path("a.srt").write_text(
        "1\n00:00:01,000 --> 00:00:03,000\nHola.\n\n2\n00:00:04,000 --> 00:00:05,000\n[ruido]\n"
    )
    code, out, err = command(
        "dub", "a.srt", "-o", "out/dub.wav", "-v", "espeak:es", "--loudness", "none"
    )
    assert (code, err) == (0, "")
    assert out.splitlines()[0].startswith("out/dub.wav: ")
    assert out.splitlines()[1:] == ["out/dub.srt"]
    (cue,) = Cues.read("out/dub.srt")
    assert cue.start == pytest.approx(1, abs=0.05)
    assert verify("out", progress=lambda done: None).totals == {"ok": 2}
    receipt = json.loads(Path("out/dub.wav.json").read_text())
    assert receipt["run"]["command"] == ["dub"]
    assert [one["path"] for one in receipt["inputs"]] == ["../a.srt"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("narrate none.epub -o a.mp3", "none.epub: "),
        ("narrate Hola -o a.txt", "must end in .wav"),
        ("narrate Hola -o a.mp3 --captions xyz", "xyz: is no kind of captions"),
        ("narrate Hola -o a.mp3 --loudness podcst", "did you mean 'podcast'"),
        ("narrate Hola -o a.mp3 --gap 99", "gap: must be"),
        ("narrate Hola -o a.mp3 -l en -v espeak:es", "language=en: espeak:es speaks es"),
        ("narrate Hola -o a.mp3 -O rait=1", "did you mean 'rate'"),
        ("dub none.srt -o a.mp3", "none.srt: there is no such file"),
        ("dub a.srt -o b.mp4", "b.mp4: is a video, and there is none to lay the voice over"),
        ("dub a.srt -o b.mp3 --speaker Ana", "Ana: names no speaker and voice"),
        ("dub a.srt -o b.mp3 --speaker Eva=espeak:es", "Eva: is no speaker of the captions"),
        ("dub a.srt -o b.mp3 --fastest 9", "fastest: must be"),
    ],
)
def test_what_cannot_be_is_told_before_anything_is_spoken(command: Command, line: str, told: str):
    Path("a.srt").write_text("1\n00:00:01,000 --> 00:00:03,000\nHola.\n")
    code, out, err = command(*line.split())
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert told in err
    assert [path.name for path in Path().iterdir()] == ["a.srt"]


def test_a_dub_does_not_write_over_the_captions_it_says(command: Command):
    words = "1\n00:00:01,000 --> 00:00:03,000\nHola.\n"
    Path("a.srt").write_text(words)
    code, _, err = command("dub", "a.srt", "-o", "a.wav", "-v", "espeak:es")
    assert (code, "would write over a.srt" in err) == (2, True)
    assert (Path("a.srt").read_text(), sorted(path.name for path in Path().glob("a.*"))) == (
        words,
        ["a.srt"],
    )
