from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING

import pytest

import workbench
from workbench.errors import StorageError
from workbench.storage.receipt import SCHEMA, digest, read_receipt, receipt_path, write_receipt

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def output(tmp_path: Path) -> Path:
    file = tmp_path / "a short.mp4"
    file.write_bytes(b"x" * 3_000_000)
    return file


def test_a_receipt_says_which_bytes_it_is_about(output: Path):
    path = write_receipt(output, {"voice": "espeak:es", "text": "¿qué?"})
    assert path.name == "a short.mp4.json"
    receipt = read_receipt(output)
    assert receipt == json.loads(path.read_text(encoding="utf-8"))
    made = receipt.pop("made")
    assert made.endswith("+00:00")
    assert receipt == {
        "schema": SCHEMA,
        "file": "a short.mp4",
        "bytes": 3_000_000,
        "sha256": hashlib.sha256(b"x" * 3_000_000).hexdigest(),
        "workbench": workbench.__version__,
        "voice": "espeak:es",
        "text": "¿qué?",
    }


def test_one_changed_byte_is_another_digest(output: Path):
    before = digest(output)
    with output.open("r+b") as file:
        file.seek(2_999_999)
        file.write(b"y")
    assert digest(output) != before


def test_a_name_that_is_not_utf_8_is_kept(tmp_path: Path):
    file = tmp_path / os.fsdecode(b"caf\xe9.mp4")
    file.write_bytes(b"x")
    write_receipt(file, {"scene": os.fsdecode(b"\xff.jpg")})
    receipt = read_receipt(file)
    assert os.fsencode(receipt["file"]) == b"caf\xe9.mp4"
    assert os.fsencode(receipt["scene"]) == b"\xff.jpg"


def test_a_receipt_of_nothing_is_refused(tmp_path: Path):
    with pytest.raises(StorageError, match=r"none\.mp4: No such file"):
        write_receipt(tmp_path / "none.mp4", {})
    assert list(tmp_path.iterdir()) == []


def test_a_number_that_json_does_not_have_is_refused(output: Path):
    with pytest.raises(ValueError, match="JSON"):
        write_receipt(output, {"loudness": float("nan")})
    assert not receipt_path(output).exists()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, r"a short\.mp4: has no receipt beside it"),
        (b"", "is not a receipt"),
        (b'{"schema": 1', "is not a receipt"),
        (b"\xff\xfe", "is not a receipt"),
        (b"[]", "is not a receipt that this version reads"),
        (b'{"schema": 2}', "is not a receipt that this version reads"),
        (b"{}", "is not a receipt that this version reads"),
    ],
)
def test_what_is_no_receipt_is_said(output: Path, content: bytes | None, told: str):
    if content is not None:
        receipt_path(output).write_bytes(content)
    with pytest.raises(StorageError, match=told):
        read_receipt(output)
