from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from workbench.production.receipts import HIDDEN, outputs, seal
from workbench.storage.receipt import digest, place, read_receipt, receipt_path, seen_from
from workbench.storage.receipt import write_receipt as write


@pytest.fixture
def made(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    for name in ("a.mp4", "a.srt", "data.json"):
        (folder / name).write_text(name)
    (tmp_path / "bed.mp3").write_text("bed")
    return folder


def _about(folder: Path, **more: Any) -> dict[str, Any]:
    return {
        "notebook": {
            "path": str(folder.parent / "jobs" / "talk.ipynb"),
            "sha256": "1" * 64,
            "cells": "2" * 64,
            "parameters": {"music": "bed.mp3", "speed": 1.0, "output": "out/a.mp4"},
            "executed": str(folder / "a.ipynb"),
        },
        "folder": folder.parent,
        "job": "job_1",
        "inputs": {str(folder.parent / "bed.mp3"): digest(folder.parent / "bed.mp3")},
        "versions": {"numpy": "2"},
        **more,
    }


def _files(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def test_every_file_of_a_run_gets_a_receipt(made: Path):
    assert seal(_files(made), _about(made)) == ()
    assert sorted(path.name for path in made.iterdir()) == [
        "a.mp4", "a.mp4.json", "a.srt", "a.srt.json", "data.json", "data.json.json",
    ]  # fmt: skip
    receipt = read_receipt(made / "a.srt")
    assert receipt["sha256"] == digest(made / "a.srt")
    assert receipt["notebook"] == {
        "name": "talk.ipynb",
        "path": "../jobs/talk.ipynb",
        "sha256": "1" * 64,
        "cells": "2" * 64,
        "parameters": {"music": "bed.mp3", "speed": 1.0, "output": "out/a.mp4"},
        "executed": "a.ipynb",
        "folder": "..",
    }
    assert receipt["inputs"] == [
        {"path": "../bed.mp3", "sha256": digest(made.parent / "bed.mp3"), "from": "bed.mp3"}
    ]
    assert receipt["files"] == ["a.mp4", "a.srt", "data.json"]
    assert receipt["job"] == "job_1"
    assert receipt["versions"] == {"numpy": "2"}
    assert receipt["machine"]["threads"] >= 1
    assert str(made.parent) not in receipt_path(made / "a.srt").read_text()


def test_sealing_again_changes_nothing_but_the_date(made: Path):
    def told() -> list[dict[str, Any]]:
        names = sorted(made.glob("*.json"))
        return [
            {**json.loads(path.read_text()), "made": ""} for path in names if path.stem[0] == "a"
        ]

    write(made / "a.mp4", {"scenes": 3, "inputs": [{"path": "logo.png", "sha256": "3"}]})
    seal(_files(made), _about(made))
    before = told()
    assert len(before) == 2
    seal(_files(made), _about(made))
    changed = [dict(each) for each in told()]
    for each in changed + before:  # a tool's inputs are written anew with its file
        each.pop("inputs")
    assert changed == before


def test_what_a_tool_wrote_is_kept(made: Path):
    kept = {
        "scenes": [1, 2],
        "warnings": ["loud", "dark"],
        "inputs": [{"path": "logo.png", "sha256": "3" * 64}, {"path": "../bed.mp3", "sha256": "4"}],
    }
    write(made / "a.mp4", kept)
    write(made / "a.srt", {"warnings": ["loud"]})
    assert seal(_files(made), _about(made)) == ("loud", "dark")
    receipt = read_receipt(made / "a.mp4")
    assert receipt["scenes"] == [1, 2]
    assert [each["path"] for each in receipt["inputs"]] == ["../bed.mp3", "logo.png"]
    assert receipt["inputs"][0]["sha256"] == digest(made.parent / "bed.mp3")


@pytest.mark.parametrize("damage", ["another file's", "broken", "newer"])
def test_a_receipt_that_is_not_this_file_s_is_not_kept(made: Path, damage: str):
    write(made / "a.srt", {"lie": True})
    if damage == "another file's":
        (made / "a.srt").write_text("written again")
    else:
        receipt_path(made / "a.srt").write_text("{" if damage == "broken" else '{"schema": 9}')
    seal(_files(made), _about(made))
    assert "lie" not in read_receipt(made / "a.srt")


def test_what_an_earlier_run_said_of_the_same_bytes_is_replaced(made: Path):
    seal(_files(made), _about(made, narrations=["old"]))
    other = _about(made, job="job_2", inputs={}, versions={})
    del other["notebook"]
    other["run"] = {"command": ["say"], "values": {"output": "out/a.srt"}}
    seal([made / "a.srt"], other)
    receipt = read_receipt(made / "a.srt")
    assert receipt["job"] == "job_2"
    assert receipt["inputs"] == []
    assert receipt["run"]["folder"] == ".."
    assert receipt["files"] == ["a.srt"]
    assert not {"notebook", "narrations"} & receipt.keys()


def test_secrets_are_not_kept(made: Path):
    about = _about(made)
    about["notebook"]["parameters"] = {
        "api_key": "hunter2",
        "hf_token": "hunter2",
        "server": {"password": "hunter2", "url": "https://me:hunter2@host/a?b=1"},
        "keyword": "shown",
        "key": "C minor",
        "service": {"key": "hunter2 hunter2 hunter2"},
        "max_tokens": 400,
        "passwordless": True,
        "pass_tokens": "hunter2",
        "password": 4711,
    }
    seal(_files(made), about)
    text = receipt_path(made / "a.mp4").read_text()
    assert "hunter2" not in text
    parameters = json.loads(text)["notebook"]["parameters"]
    assert parameters["api_key"] == parameters["hf_token"] == HIDDEN
    assert parameters["server"]["url"] == "https://host/a?b=1"
    assert (parameters["keyword"], parameters["key"]) == ("shown", "C minor")
    assert (parameters["max_tokens"], parameters["passwordless"]) == (400, True)
    assert parameters["password"] == HIDDEN


def test_an_input_that_changed_meanwhile_is_told(made: Path):
    about = _about(made)
    (made.parent / "bed.mp3").write_text("another bed")
    (note,) = seal(_files(made), about)
    assert note.startswith(f"{made.parent / 'bed.mp3'} changed while it was read")


def test_a_receipt_is_an_output_where_what_it_is_about_was_not_written(tmp_path: Path):
    names = ("a.mp4", "a.mp4.json", "b.mp4.json")
    found = outputs(tmp_path / name for name in names)
    assert [path.name for path in found] == ["a.mp4", "b.mp4.json"]


@pytest.mark.parametrize(
    ("path", "folder", "told"),
    [
        ("/w/in/a.jpg", "/w/out", "../in/a.jpg"),
        ("/w/out/a.jpg", "/w/out", "a.jpg"),
        ("/fonts/a.ttf", "/w/out", "/fonts/a.ttf"),
        ("/home/me/a.jpg", "/w/out", "~/a.jpg"),
        ("/home/me/a.jpg", "/home/me/out", "../a.jpg"),
        ("/home/you/a.jpg", "/home/me/out", "/home/you/a.jpg"),
    ],
)
def test_a_path_is_told_as_it_is_seen(
    path: str, folder: str, told: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Path, "home", lambda: Path("/home/me"))
    assert seen_from(path, Path(folder)) == told
    assert place(told, Path(folder)) == Path(path)


def test_a_name_that_is_not_utf_8_is_kept(made: Path):
    name = os.fsdecode(b"caf\xe9.srt")
    (made / name).write_text("x")
    seal([made / name], _about(made))
    assert read_receipt(made / name)["files"] == [name]


def test_an_input_that_a_tool_named_from_another_folder_is_there_once(made: Path):
    """Rebuild looked for it beside the file, and told that it was missing."""
    sha256 = digest(made.parent / "bed.mp3")
    write(made / "a.mp4", {"inputs": [{"path": "bed.mp3", "sha256": sha256}]})
    seal(_files(made), _about(made))
    inputs = read_receipt(made / "a.mp4")["inputs"]
    assert [each["path"] for each in inputs if each["sha256"] == sha256] == ["../bed.mp3"]
