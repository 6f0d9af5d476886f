from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
import typer

from workbench.cli import app
from workbench.commands import receipts
from workbench.commands.recorded import arguments
from workbench.errors import JobError, ParameterError
from workbench.storage.receipt import read_receipt, receipt_path

if TYPE_CHECKING:
    from pathlib import Path

if not any(command.name == "rebuild" for command in app.registered_commands):
    receipts.add_to(app)

TEXT = "Hola."


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path


def command(*words: str) -> int:
    return int(typer.main.get_command(app).main([*words], standalone_mode=False) or 0)


def test_a_file_is_said_to_be_identical(here: Path, capsys: pytest.CaptureFixture[str]):
    assert command("caption", TEXT, "-o", "a.srt", "-v", "espeak:es") == 0
    capsys.readouterr()
    assert command("rebuild", "a.srt") == 0
    assert capsys.readouterr().out == "identical\n"
    assert command("rebuild", "a.srt", "--json", "--keep") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["identical"] is True
    assert told["files"] == [{"name": "a.srt", "identical": True, "difference": ""}]
    assert told["kept"] == str(here / "a.srt.rebuilt")
    assert (here / "a.srt.rebuilt" / "a.srt").read_bytes() == (here / "a.srt").read_bytes()


def test_a_difference_is_an_exit_code(here: Path, capsys: pytest.CaptureFixture[str]):
    (here / "talk.txt").write_text("Uno.")
    command("caption", "talk.txt", "-o", "a.srt", "-v", "espeak:es")
    (here / "talk.txt").write_text("Dos.")
    capsys.readouterr()
    assert command("rebuild", "a.srt") == 1
    told = capsys.readouterr().out
    assert "a.srt: other bytes from " in told
    assert "differs because the input talk.txt has changed (sha256 " in told


def test_a_delivery_is_verified(here: Path, capsys: pytest.CaptureFixture[str]):
    command("caption", TEXT, "-o", "out/a.srt", "-v", "espeak:es")
    capsys.readouterr()
    assert command("verify", "out") == 0
    assert capsys.readouterr().out == f"{here / 'out'}: 1 ok\n"
    (here / "out" / "a.srt").write_text("other")
    assert command("verify", "out", "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert told["totals"] == {"changed": 1}
    assert told["files"][0]["name"] == "a.srt"


def test_keep_and_output_are_two_ways(here: Path):
    with pytest.raises(ParameterError, match="--keep: goes without --output"):
        command("rebuild", "a.srt", "--keep", "-o", "new")


def test_a_command_that_fails_leaves_no_receipt(here: Path):
    with pytest.raises(Exception, match="out"):
        command("caption", TEXT, "-o", "out.txt")
    with pytest.raises(Exception, match="voice"):
        command("say", TEXT, "-o", "a.wav", "-v", "espeak:xx-none")
    assert list(here.iterdir()) == []


def test_listing_options_writes_nothing(here: Path, capsys: pytest.CaptureFixture[str]):
    assert command("say", TEXT, "-o", "a.wav", "-O", "help") == 0
    assert "rate=" in capsys.readouterr().out
    assert list(here.iterdir()) == []


def test_files_that_an_option_and_a_preset_name_are_inputs(here: Path):
    (here / "presets").mkdir()
    (here / "presets" / "narrator.toml").write_text('voice = "espeak:es"\n')
    (here / "lexicon.toml").write_text("")
    (here / "200").write_text("a file called as the value of an option")
    command("caption", TEXT, "-o", "a.srt", "-v", "narrator", "-O", "rate=200")
    paths = [each["path"] for each in read_receipt(here / "a.srt")["inputs"]]
    assert paths == ["200", "lexicon.toml", "presets/narrator.toml"]


@pytest.mark.media
def test_each_file_of_a_folder_gets_a_receipt(here: Path, monkeypatch: pytest.MonkeyPatch):
    from workbench.media.colours import parse_background
    from workbench.media.video import Video

    Video("64x64", fps=5).scene(parse_background("colour:navy"), duration=1).render(
        "a.mp4", preset="draft"
    )
    (here / "frames").mkdir()
    (here / "frames" / "older.jpg").write_bytes(b"x")
    command("media", "frames", "a.mp4", "-o", "frames", "-n", "2")
    names = sorted(path.name for path in (here / "frames").iterdir())
    assert names == [
        "frame-0001.jpg", "frame-0001.jpg.json", "frame-0002.jpg", "frame-0002.jpg.json",
        "older.jpg",
    ]  # fmt: skip
    assert read_receipt(here / "frames" / "frame-0001.jpg")["files"] == names[0:3:2]
    assert command("rebuild", "frames/frame-0001.jpg") == 0


def test_the_takes_of_a_sweep_are_made_again(here: Path, capsys: pytest.CaptureFixture[str]):
    words = ("sweep", TEXT, "-v", "espeak:es", "-O", "rate=150,180", "-o", "takes")
    assert command(*words) == 0
    capsys.readouterr()
    assert command("verify", "takes") == 0
    assert capsys.readouterr().out == f"{here / 'takes'}: 2 ok\n"
    (first, _) = sorted((here / "takes").glob("*.wav"))
    assert command("rebuild", str(first), "--json") == 0
    told = json.loads(capsys.readouterr().out)["files"]
    assert [each["identical"] for each in told] == [True, True]


def test_arguments_are_as_they_were_asked_for(here: Path):
    found: Any = typer.main.get_command(app)
    sheet = found.commands["media"].commands["sheet"]
    asked = arguments(
        sheet, {"file": "-x.mp4", "at": ["1", "2"], "count": 3, "stamps": False, "columns": None,
                "as_json": False, "output": "--o.png"}
    )  # fmt: skip
    assert asked == ["--at=1", "--at=2", "--count=3", "--no-stamps", "--output=--o.png", "--",
                     "-x.mp4"]  # fmt: skip
    with pytest.raises(JobError, match="takes no colors"):
        arguments(sheet, {"colors": 1})


def test_a_large_text_through_a_pipe_is_kept(here: Path, monkeypatch: pytest.MonkeyPatch):
    import io

    text = "--voice\n¿Qué tal? «" + "a" * 10
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    command("caption", "-", "-o", "a.srt", "-v", "espeak:es")
    assert read_receipt(here / "a.srt")["run"]["values"]["source"] == text
    assert command("rebuild", "a.srt") == 0
    assert "standard_input" not in receipt_path(here / "a.srt").read_text()


def test_the_guide_tells_every_state_and_every_field(here: Path):
    from pathlib import Path as Place

    from workbench.production.verify import STATES

    guide = (Place(receipts.__file__).parents[2] / "docs" / "receipts.md").read_text()
    for state in STATES:
        assert f"| {state} |" in guide, state
    command("caption", TEXT, "-o", "out/a.srt", "-v", "espeak:es")
    for field in read_receipt(here / "out" / "a.srt"):
        assert f"`{field}`" in guide, field
