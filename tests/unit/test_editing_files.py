"""Edited captions and their file: nothing that another wrote is lost."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from workbench.captions.cues import Cues
from workbench.captions.editing import (
    Edit,
    fingerprint,
    insert,
    merge,
    problems,
    retype,
    save,
    shift,
    split,
)
from workbench.errors import ParameterError, StorageError, TextError, WorkbenchError

if TYPE_CHECKING:
    from pathlib import Path


def some(count: int = 6) -> Any:
    cues = Cues(cues=(), language="en")
    for i in range(count):
        cues = insert(cues, i * 2, end=i * 2 + 1.5, text=f"Cue <i>{i}</i> & {{more}}\nof --> it.")
    return cues


@pytest.mark.parametrize("suffix", [".srt", ".vtt", ".ass", ".ttml"])
def test_what_was_edited_is_read_back(tmp_path: Path, suffix: str) -> None:
    cues = merge(split(shift(some(), 0.25), 2, letter=9), 3)
    path = save(cues, tmp_path / f"a{suffix}")
    again = Cues.read(path)
    assert [cue.text for cue in again] == [cue.text for cue in cues]
    for before, after in zip(cues, again, strict=True):
        assert after.start == pytest.approx(before.start, abs=0.01)
        assert after.end == pytest.approx(before.end, abs=0.01)
    edited = retype(again, 0, "Quite another <b>text</b>.")
    assert Cues.read(save(edited, path, seen=fingerprint(path)))[0].text == edited[0].text


def test_what_another_wrote_is_not_lost(tmp_path: Path) -> None:
    path = save(some(), tmp_path / "a.srt")
    seen = fingerprint(path)
    path.write_text("1\n00:00:00,000 --> 00:00:01,000\nMine\n\n")
    with pytest.raises(StorageError, match="was changed since it was read; save under another"):
        save(some(2), path, seen=seen)
    assert "Mine" in path.read_text()
    save(some(2), path, seen=seen, overwrite=True)
    assert "Mine" not in path.read_text()


def test_a_file_that_was_never_read_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.vtt"
    path.write_text("WEBVTT\n\n")
    with pytest.raises(StorageError, match="is there already"):
        save(some(), path)
    assert path.read_text() == "WEBVTT\n\n"


def test_a_cue_without_text_is_not_written(tmp_path: Path) -> None:
    cues = insert(some(2), 20)
    assert len(Cues.read(save(cues, tmp_path / "a.srt"))) == 2
    with pytest.raises(TextError, match="no text to save"):
        save(cues[2:], tmp_path / "b.srt")
    assert not (tmp_path / "b.srt").exists()


def test_a_failed_write_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(some(), tmp_path / "a.srt")
    before = path.read_bytes()

    def full(*_: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("workbench.captions.files.write_bytes", full)
    with pytest.raises(StorageError):
        save(some(2), path, seen=fingerprint(path))
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.srt"]


def test_no_folder_is_made_without_a_word(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"none: there is no such folder; make it first"):
        save(some(), tmp_path / "none" / "a.srt")
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_none_is_refused(tmp_path: Path) -> None:
    for path in ("", "a\0.srt", 3):
        with pytest.raises(ParameterError):
            save(some(), path)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="names no caption format"):
        save(some(), tmp_path / "a.doc")
    with pytest.raises(StorageError):
        save(some(), tmp_path)
    with pytest.raises(ParameterError, match="overwrite"):
        save(some(), tmp_path / "a.srt", overwrite="yes")  # type: ignore[arg-type]


HOSTILE = [
    "<script>alert(1)</script>",
    "{\\an8}\\N\\h",
    "a\u2028b\x07\u202eabc",
    "1\n00:00:00,000 --> 00:00:01,000\n",
    "&lt;&amp;\u200d\ufeff",
    "🏳️‍🌈👩‍👩‍👧",
    "שלום abc",
    "กำลังไป",
    "\ud800",
    "—",
    "x" * 200,
]


def random_edit(rng: Any, cues: Cues) -> Any:
    n = len(cues)
    i = rng.randrange(n) if n else 0
    time = round(rng.uniform(-0.5, 20), 2)
    options = [
        Edit.of("split", index=i, at=time),
        Edit.of("split", index=i),
        Edit.of("split", index=i, letter=rng.randrange(20)),
        Edit.of("merge", first=i),
        Edit.of("retype", index=i, text=" ".join(rng.choices(HOSTILE, k=rng.randrange(4)))),
        Edit.of("shift", by=round(rng.uniform(-2, 2), 2), which=slice(i, None)),
        Edit.of("shift", by=0.3, which=i, against="push"),
        Edit.of("move", index=i, end=time),
        Edit.of("move", index=i, start=time, neighbours="roll"),
        Edit.of("move", index=i, end=time, neighbours="push"),
        Edit.of("insert", start=time, text=rng.choice(HOSTILE)),
        Edit.of("delete", which=i),
        Edit.of("rebreak", index=i, letters=rng.randrange(1, 40)),
        Edit.of("substitute", old=rng.choice("aeiou<{"), new=rng.choice(HOSTILE)),
        Edit.of("stretch", first=(0, 0), second=(10, 10 + rng.uniform(-1, 1))),
        *[p.fix for p in problems(cues, 30)[:3] if p.fix],
    ]
    return rng.choice(options)


@pytest.mark.parametrize("seed", range(12))
def test_no_row_of_edits_ends_in_captions_that_are_none(seed: int, tmp_path: Path) -> None:
    """Each edit works or is refused; what was told apart in time stays apart, and can be saved."""
    rng = random.Random(seed)  # noqa: S311 - no secret
    cues = some()
    done = 0
    for _ in range(120):
        edit = random_edit(rng, cues)
        try:
            after = edit(cues)
        except WorkbenchError:
            continue
        done += 1
        cues = after
        for before, following in zip(cues.cues, cues.cues[1:], strict=False):
            assert before.end <= following.start + 1e-9, edit
        for cue in cues:
            assert cue.start < cue.end
            assert all(cue.start <= w.start <= w.end <= cue.end for w in cue.words), edit
        assert all(p.cue < len(cues) for p in problems(cues, 30))
        assert Cues.from_dict(cues.to_dict()) == cues
    assert done > 40
    if any(cue.text.strip() for cue in cues):
        assert len(Cues.read(save(cues, tmp_path / "a.srt"))) <= len(cues)
