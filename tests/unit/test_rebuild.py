"""Every kind of file is made again from its receipt, and is the same; what differs has a cause."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer

from workbench.cli import app
from workbench.commands import receipts
from workbench.errors import Cancelled, JobError, ParameterError, StorageError, WorkbenchError
from workbench.production.job import run
from workbench.production.rebuild import rebuild
from workbench.production.verify import verify
from workbench.storage.receipt import digest, read_receipt, receipt_path, write_receipt

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.media

if not any(command.name == "rebuild" for command in app.registered_commands):
    receipts.add_to(app)

TEXT = "Hola, uno."
MADE = {
    "a.wav": ["say", TEXT, "-v", "espeak:es"],
    "a.mp3": ["say", "-", "-v", "espeak:es"],
    "b.flac": ["say", "talk.txt", "-v", "espeak:es", "-O", "rate=200", "--without", "dates"],
    "c.srt": ["caption", "--", "-5 es menos cinco."],
    "c.vtt": ["caption", TEXT, "-v", "espeak:es"],
    "c.ass": ["caption", TEXT, "-v", "espeak:es", "--style", "plain"],
    "d.m4b": ["audiobook", "talk.txt", "-v", "espeak:es", "--title", "T", "-b", "32k"],
    "e.mp4": ["media", "waveform-video", "out/a.wav", "--size", "64x48", "--fps", "10"],
    "f.mp4": ["media", "merge", "out/e.mp4", "out/e.mp4", "--music", "out/b.flac", "--encode"],
    "g.gif": ["media", "gif", "out/f.mp4", "--width", "48", "--fps", "5", "--once"],
    "h.png": ["media", "sheet", "out/f.mp4", "-n", "2", "-w", "200", "--no-stamps"],
}


def command(*arguments: str) -> int:
    return int(typer.main.get_command(app).main([*arguments], standalone_mode=False) or 0)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with an output of each kind."""
    import io
    import sys

    folder = tmp_path_factory.mktemp("project")
    (folder / "talk.txt").write_text("Uno.\n\nDos.")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("WORKBENCH_CACHE", str(folder / "cache"))
        for name, arguments in MADE.items():
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TEXT.encode())))
            assert command(*arguments[:1 + (arguments[0] == "media")], "-o", f"out/{name}",
                           *arguments[1 + (arguments[0] == "media"):]) == 0  # fmt: skip
    return folder


@pytest.fixture
def copy(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the project that may be damaged, as the working directory."""
    shutil.copytree(project, tmp_path / "copy", ignore=shutil.ignore_patterns("cache"))
    monkeypatch.chdir(tmp_path / "copy")
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "copy"


def again(words: Any, values: Any, output: Path) -> None:
    from workbench.commands.recorded import replay

    replay(app, words, values, output)


def made_again(file: Path | str, **more: Any) -> Any:
    return rebuild(file, command=again, progress=lambda done: None, **more)


@pytest.mark.parametrize("name", MADE)
def test_what_a_command_made_is_identical(project: Path, name: str, capsys: Any):
    before = {path: path.stat().st_mtime_ns for path in (project / "out").iterdir()}
    done = made_again(project / "out" / name)
    assert str(done) == "identical"
    assert done.identical
    assert done.causes == done.notes == ()
    assert {path: path.stat().st_mtime_ns for path in (project / "out").iterdir()} == before
    assert capsys.readouterr() == ("", "")


def test_the_delivery_is_whole_and_each_receipt_says_who_spoke(project: Path):
    found = verify(project / "out", progress=lambda done: None)
    assert found.totals == {"ok": len(MADE)}
    for name in ("a.wav", "c.vtt", "d.m4b"):
        receipt = read_receipt(project / "out" / name)
        take = receipt["narrations"][0]["parts"][0]["take"]
        assert take["voice"] == "espeak:es"
        assert take["engine_version"] == receipt["versions"]["espeak engine"]
        assert str(project) not in receipt_path(project / "out" / name).read_text()
    receipt = read_receipt(project / "out" / "a.mp3")
    assert receipt["run"]["values"]["text"] == TEXT  # what came through the pipe
    receipt = read_receipt(project / "out" / "g.gif")
    assert receipt["run"]["command"] == ["media", "gif"]
    assert receipt["inputs"] == [
        {"path": "f.mp4", "sha256": digest(project / "out" / "f.mp4"), "from": "out/f.mp4"}
    ]


def test_a_changed_input_is_named_with_what_it_changed(copy: Path):
    old = digest(copy / "talk.txt")
    (copy / "talk.txt").write_text("Uno.\n\nTres.")
    done = made_again("out/b.flac")
    assert not done.identical
    new = digest(copy / "talk.txt")
    told = f"the input ../talk.txt has changed (sha256 {old[:12]}, now {new[:12]})"
    assert done.causes == (told,)
    assert done.files[0].told.startswith("other bytes from ")
    # The first line is as it was, the second another and longer.
    assert re.search(r"; sound differs from (0\.[5-9]|1)\d* s on, by at most .* goes on after ",
                     done.files[0].told)  # fmt: skip
    assert f"differs because {told}" in str(done)


def test_a_missing_input_is_named_and_nothing_runs(copy: Path):
    (copy / "out" / "f.mp4").unlink()
    done = made_again("out/g.gif")
    assert not done.identical
    assert done.files == ()
    assert done.causes[0].startswith("the input f.mp4 is missing (sha256 ")
    assert str(done).startswith("cannot be made again\ndiffers because the input f.mp4 is missing")


def test_a_delivery_that_was_moved_reads_what_it_took_along(copy: Path):
    (copy / "out").rename(copy / "moved")
    (copy / "out").mkdir()
    shutil.copy(copy / "moved" / "e.mp4", copy / "out" / "f.mp4")  # another file of that name
    assert made_again("moved/g.gif").identical


def test_another_version_and_another_machine_are_named(copy: Path):
    path = receipt_path(copy / "out" / "c.vtt")
    receipt = json.loads(path.read_text())
    receipt["versions"] |= {"numpy": "1.0", "gone": "2"}
    receipt["machine"]["threads"] = 64
    path.write_text(json.dumps(receipt))
    done = made_again("out/c.vtt")
    assert done.identical
    assert any(cause.startswith("numpy was 1.0, and is ") for cause in done.causes)
    assert "gone was 2, and is none" in done.causes
    assert any(cause.startswith("the machine's threads was 64, and is ") for cause in done.causes)


def test_a_file_that_was_edited_is_told_apart(copy: Path):
    text = (copy / "out" / "c.vtt").read_text()
    (copy / "out" / "c.vtt").write_text(text.replace("uno", "dos"))
    told = made_again("out/c.vtt").files[0].told
    assert told.startswith("was changed after it was made; the new one is what the receipt tells")
    assert "cue 1 at 0.000 s says something else" in told
    (copy / "out" / "c.vtt").unlink()
    assert made_again("out/c.vtt").identical  # by its digest
    assert not (copy.parent / "cache").exists()  # nothing is compared with a cached self


def test_files_are_kept_on_demand_and_nothing_is_written_over(copy: Path):
    kept = made_again("out/c.vtt", output="new").kept
    assert kept == copy / "new"
    assert digest(kept / "c.vtt") == digest(copy / "out" / "c.vtt")
    for folder in ("new", "out"):
        with pytest.raises(ParameterError, match=f"{folder}: is not an empty folder"):
            made_again("out/c.vtt", output=folder)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"command": ["serve"]}, "serve: is no command that makes files here"),
        ({"command": ["media"]}, "media: is no command that makes files here"),
        ({"command": ["rebuild"]}, "rebuild: is no command that makes files here"),
        ({"command": "say"}, "does not say which command made it"),
        ({"command": None}, "does not say which command made it"),
        ({"values": {}}, "does not say which command made it"),
        ({"values": {"output": "a.vtt", "colour": "x"}}, "caption: takes no colour"),
        ({"values": {"output": "a.vtt", "source": {"x": 1}}}, "caption: takes no source"),
        ({"values": {"output": "a.vtt", "source": "-"}}, "read standard input"),
        ({"values": {"output": "a.vtt", "source": "(not kept)"}}, "its source is a secret"),
    ],
)
def test_a_hostile_receipt_runs_nothing_else(copy: Path, change: Any, told: str):
    path = receipt_path(copy / "out" / "c.vtt")
    receipt = json.loads(path.read_text())
    receipt["run"] |= change
    path.write_text(json.dumps(receipt))
    with pytest.raises(JobError, match=told):
        made_again("out/c.vtt")


def test_a_folder_that_was_renamed_is_compared_with_what_it_holds(copy: Path):
    """A command that fills a folder made one of the old name, and nothing was found in it."""
    receipt = receipt_path(copy / "out" / "c.vtt")
    about = json.loads(receipt.read_text())
    about["run"]["values"]["output"] = "out"
    receipt.write_text(json.dumps(about))
    made = (copy / "out" / "c.vtt").read_bytes()
    (copy / "out").rename(copy / "delivery")

    def fill(words: Any, values: Any, output: Path) -> None:
        output.mkdir(exist_ok=True)
        (output / "c.vtt").write_bytes(made)
        (output / output.name).write_text("its own name")

    found = rebuild("delivery/c.vtt", command=fill, progress=lambda done: None)
    assert [(file.name, file.told) for file in found.files] == [("c.vtt", "")]


def test_names_with_path_parts_are_not_compared(copy: Path):
    path = receipt_path(copy / "out" / "c.vtt")
    receipt = json.loads(path.read_text())
    receipt["files"] = ["../talk.txt", "/etc/passwd", "..", "", 1, "c.vtt"]
    path.write_text(json.dumps(receipt))
    assert [each.name for each in made_again("out/c.vtt").files] == ["c.vtt"]


def test_what_has_no_receipt_or_none_that_says_how_is_refused(tmp_path: Path):
    file = tmp_path / "a.wav"
    file.write_bytes(b"x")
    with pytest.raises(
        StorageError, match=f"has no receipt beside it; .*{file.name}.json"
    ) as error:
        rebuild(file)
    assert error.value.mistake
    with pytest.raises(StorageError, match=r"^none\.wav: is not there, and no receipt of it"):
        rebuild("none.wav")
    write_receipt(file, {"tool": "trim"})
    with pytest.raises(JobError, match="names neither a notebook nor a command"):
        rebuild(file, progress=lambda done: None)


def test_a_command_s_file_needs_the_command_line(project: Path):
    with pytest.raises(JobError, match=r"was made by a command; run: workbench rebuild"):
        rebuild(project / "out" / "c.vtt", progress=lambda done: None)


@pytest.fixture
def notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))

    def write(*cells: str, name: str = "job.ipynb") -> Path:
        schema = 'talk: str = "talk.txt"\noutput: str = "out/a.txt"'
        sources = [(schema, ["parameters"]), *((cell, []) for cell in cells)]
        told = [
            {"cell_type": "code", "metadata": {"tags": tags}, "source": source, "id": f"c{number}",
             "outputs": [], "execution_count": None}
            for number, (source, tags) in enumerate(sources)
        ]  # fmt: skip
        whole = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": told}
        Path(name).write_text(json.dumps(whole))
        return Path(name)

    return write


COPY = """
from pathlib import Path
Path(output).parent.mkdir(exist_ok=True)
Path(output).write_text(Path(talk).read_text())
"""
EXTRA = 'Path(output).with_suffix(".srt").write_text("x")\n'


@pytest.mark.notebook
def test_a_notebook_s_files_are_made_again_together(notebook: Callable[..., Path]):
    Path("words.txt").write_text("Hello.")
    run(notebook(COPY, EXTRA), {"talk": "words.txt"}, progress=lambda done: None)
    done = made_again("out/a.srt")
    assert done.identical
    assert [each.name for each in done.files] == ["a.srt", "a.txt"]
    # The notebook is another now: the executed one holds it as it was.
    notebook("raise SystemExit(3)")
    done = made_again("out/a.txt")
    assert done.identical
    assert done.notes == ("the notebook job.ipynb has changed: its cells were taken from a.ipynb",)
    Path("job.ipynb").unlink()
    Path("words.txt").write_text("Bye.")
    done = made_again("out/a.txt")
    assert done.notes == ("the notebook job.ipynb is gone: its cells were taken from a.ipynb",)
    assert done.causes[0].startswith("the input ../words.txt has changed")
    assert [(each.name, each.identical) for each in done.files] == [
        ("a.txt", False),
        ("a.srt", True),
    ]
    # Nobody holds it any more.
    executed = Path("out/a.ipynb")
    executed.write_text(executed.read_text().replace("write_text", "touch"))
    with pytest.raises(JobError, match=r"the notebook job\.ipynb is gone, and a\.ipynb does not"):
        made_again("out/a.txt")


@pytest.mark.notebook
def test_a_failure_and_a_stop_leave_nothing(notebook: Callable[..., Path], tmp_path: Path):
    import threading

    Path("words.txt").write_text("Hello.")
    run(notebook(COPY), {"talk": "words.txt"}, progress=lambda done: None)
    path = receipt_path(Path("out/a.txt"))
    before = sorted(Path("out").iterdir())
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        made_again("out/a.txt", cancel=cancel)
    receipt = json.loads(path.read_text())
    receipt["notebook"]["parameters"]["talk"] = "none.txt"
    path.write_text(json.dumps(receipt))
    with pytest.raises(WorkbenchError, match="FileNotFoundError"):
        made_again("out/a.txt")
    assert sorted(Path("out").iterdir()) == before


@pytest.mark.notebook
def test_a_video_of_a_job_notebook_is_identical(copy: Path):
    values = {
        "script": "talk.txt", "output": "short/s.mp4", "preset": "draft", "size": "320x180",
        "fps": 10, "loudness": "none", "music": "out/b.flac", "stems": True,
    }  # fmt: skip
    run("captioned_short", values, progress=lambda done: None)
    done = made_again("short/s.mp4")
    assert str(done) == "identical"
    assert {each.name for each in done.files} >= {"s.mp4", "s.srt", "s.vtt", "s.voice.wav"}
    assert verify("short", progress=lambda done: None).whole
