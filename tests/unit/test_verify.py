from __future__ import annotations

import json
import os
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

from workbench.errors import Cancelled, StorageError
from workbench.production import verify as verifying
from workbench.production.verify import verify
from workbench.storage.receipt import receipt_path, write_receipt


@pytest.fixture
def delivery(tmp_path: Path) -> Path:
    folder = tmp_path / "delivery"
    (folder / "es").mkdir(parents=True)
    for name in ("a.mp4", "a.srt", "es/b.wav", "es/notes"):
        (folder / name).write_bytes(name.encode() * 100)
        write_receipt(folder / name, {"inputs": [{"path": "../bed.mp3", "sha256": "0" * 64}]})
    (folder / "a.ipynb").write_text("{}")
    (folder / "report.json").write_text('{"jobs": []}')
    return folder


def _states(folder: Path) -> dict[str, str]:
    found = verify(folder, progress=lambda done: None)
    return {each.name: each.state for each in found.files}


def _damage(folder: Path, name: str = "a.mp4", **fields: Any) -> None:
    path = receipt_path(folder / name)
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def test_a_whole_delivery_is_whole_wherever_it_is(delivery: Path, tmp_path: Path):
    told: list[float] = []
    found = verify(delivery, progress=told.append)
    assert found.whole
    assert found.totals == {"ok": 4}
    assert [each.name for each in found.files] == ["a.mp4", "a.srt", "es/b.wav", "es/notes"]
    assert told == sorted(told)
    assert told[-1] == 1
    moved = shutil.move(delivery, tmp_path / "elsewhere")
    assert verify(moved, progress=told.append).whole


def test_one_changed_byte_is_found(delivery: Path):
    file = delivery / "es" / "b.wav"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    (delivery / "a.srt").write_bytes(b"shorter")
    found = verify(delivery, progress=lambda done: None)
    assert not found.whole
    assert found.totals == {"ok": 2, "changed": 2}
    told = {each.name: each.told for each in found.files if each.state == "changed"}
    assert told == {
        "a.srt": "7 bytes, and not 500",
        "es/b.wav": "as long as it was, with other bytes",
    }
    assert "changed            es/b.wav: as long" in str(found)
    assert json.loads(json.dumps(found.to_dict()))["whole"] is False


def test_what_is_missing_is_found(delivery: Path):
    (delivery / "a.mp4").unlink()
    receipt_path(delivery / "a.srt").unlink()
    (delivery / "bed.mp3").write_bytes(b"an input that a receipt names")
    (delivery / "song.mp3").write_bytes(b"nobody's")
    assert _states(delivery) == {
        "a.mp4": "missing file",
        "a.srt": "missing receipt",
        "es/b.wav": "ok",
        "es/notes": "ok",
        "song.mp3": "missing receipt",
    }


@pytest.mark.parametrize(
    "fields",
    [
        {"file": "../a.mp4"},
        {"file": "/etc/passwd"},
        {"file": "a.srt"},
        {"file": ["a.mp4"]},
        {"file": None},
        {"bytes": "400"},
        {"bytes": -1},
        {"bytes": True},
        {"sha256": None},
        {"sha256": "0"},
        {"sha256": 1},
        {"schema": 0},
        {"schema": "1"},
        {"schema": True},
        {"schema": None},
    ],
)
def test_a_receipt_of_the_wrong_kind_is_refused(delivery: Path, fields: dict[str, Any]):
    _damage(delivery, **fields)
    assert _states(delivery)["a.mp4"] == "unreadable receipt"


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"\xff\xfe", b"[]", b"null", b"[" * 100_000, b'{"schema": 1e999}', b"9" * 10_000],
)
def test_what_is_no_json_is_refused(delivery: Path, data: bytes):
    receipt_path(delivery / "a.mp4").write_bytes(data)
    assert _states(delivery)["a.mp4"] == "unreadable receipt"


def test_a_huge_receipt_is_not_read(delivery: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(verifying, "MOST", 1_000)
    _damage(delivery, padding="x" * 1_000)
    states = _states(delivery)
    assert states.pop("a.mp4") == "unreadable receipt"
    assert set(states.values()) == {"ok"}


def test_a_receipt_of_a_newer_version_is_told_apart(delivery: Path):
    _damage(delivery, schema=7)
    found = verify(delivery, progress=lambda done: None)
    assert found.files[0].state == "newer receipt"
    assert "schema 7" in found.files[0].told


@pytest.mark.parametrize(
    ("inputs", "state"),
    [("bed.mp3", "missing receipt"), ([1, {"path": 2}, {}], "missing receipt"), (None, "ok")],
)
def test_inputs_of_the_wrong_kind_excuse_nothing(delivery: Path, inputs: Any, state: str):
    (delivery / "bed.mp3").write_bytes(b"x")
    for name in ("a.mp4", "a.srt", "es/notes"):
        _damage(delivery, name, inputs=inputs)
    if inputs is not None:
        _damage(delivery, "es/b.wav", inputs=inputs)
    assert _states(delivery).get("bed.mp3", "ok") == state


def test_links_out_of_the_folder_are_not_followed(
    delivery: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    outside = tmp_path / "outside"
    outside.mkdir()
    shutil.copy(delivery / "a.mp4", outside / "a.mp4")
    (delivery / "a.mp4").unlink()
    (delivery / "a.mp4").symlink_to(outside / "a.mp4")
    shutil.move(receipt_path(delivery / "a.srt"), outside / "a.srt.json")
    receipt_path(delivery / "a.srt").symlink_to(outside / "a.srt.json")
    (delivery / "folder").symlink_to(outside)
    (delivery / "nothing.wav").symlink_to(tmp_path / "nothing")
    (delivery / "circle.wav").symlink_to("circle.wav")
    opened: list[Path] = []
    real = Path.open

    def watched(path: Path, *arguments: Any, **more: Any) -> Any:
        opened.append(path.resolve())
        return real(path, *arguments, **more)

    monkeypatch.setattr(Path, "open", watched)
    states = _states(delivery)
    assert {name for name, state in states.items() if state == "refused"} == {
        "a.mp4",
        "a.srt",
        "folder",
        "nothing.wav",
        "circle.wav",
    }
    assert opened
    assert all(path.is_relative_to(delivery) for path in opened)


def test_a_link_within_the_folder_is_as_good_as_a_file(delivery: Path):
    (delivery / "a.mp4").rename(delivery / "es" / "kept")
    (delivery / "a.mp4").symlink_to("es/kept")
    assert _states(delivery)["a.mp4"] == "ok"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes in a folder here")
def test_a_pipe_does_not_hold_it_up(delivery: Path):
    for name in ("a.mp4", "a.srt.json"):
        (delivery / name).unlink()
        os.mkfifo(delivery / name)
    states = _states(delivery)
    assert states["a.mp4"] == "missing file"
    assert states["a.srt"] == "missing receipt"


def test_it_can_be_stopped(delivery: Path):
    cancel = threading.Event()

    def stop(done: float) -> None:
        cancel.set()

    with pytest.raises(Cancelled):
        verify(delivery, progress=stop, cancel=cancel)


@pytest.mark.parametrize("name", ["none", "a.mp4"])
def test_what_is_no_folder_is_said(delivery: Path, name: str):
    with pytest.raises(StorageError, match="is no folder"):
        verify(delivery / name)


def test_without_a_receipt_nothing_is_known_to_be_right(tmp_path: Path):
    """It was exit code 0: the wrong folder passed."""
    (tmp_path / "notes.txt").write_text("no delivery")
    found = verify(tmp_path)
    assert not found.whole
    assert f"{tmp_path}: no file in it has a receipt" in str(found)
