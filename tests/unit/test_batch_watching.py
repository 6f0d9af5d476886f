"""What a batch that is watched notices; no job runs."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from workbench.errors import ParameterError
from workbench.production.batch import watching
from workbench.production.batch.watching import changes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def stop() -> Iterator[threading.Event]:
    """Set in the end, and when it takes too long."""
    stop = threading.Event()
    timer = threading.Timer(30, stop.set)
    timer.start()
    yield stop
    timer.cancel()


def watched(path: Path) -> Any:
    """Return a batch that reads a file."""
    text = path.read_text()
    plan = SimpleNamespace(inputs={str(path): text}, notebooks={})
    return SimpleNamespace(plan=plan, kept=(str(path.with_suffix(".wav")),))


def test_what_was_made_and_is_taken_away_is_noticed(tmp_path: Path, stop: threading.Event):
    """It was made by the batch itself meanwhile, which is no change."""
    path, made = tmp_path / "talk.txt", tmp_path / "talk.wav"
    path.write_text("said")
    looks, rounds = [], 0
    states = watching._states

    def counted(paths: Any) -> Any:
        looks.append(1)
        if rounds == 1 and len(looks) == 20:  # it rests
            made.unlink()
        return states(paths)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(watching, "_states", counted)
        for _ in changes(lambda: watched(path), [], stop, every=0.001):
            rounds += 1
            assert (rounds, made.exists()) in {(1, False), (2, False)}
            made.write_bytes(b"sound")
            if rounds == 2:
                break
    assert len(looks) >= 20, "nothing had changed before"
    assert rounds == 2


def test_a_missing_file_that_appears_is_noticed(tmp_path: Path, stop: threading.Event):
    """It is in no list of files, as no batch was made of it; and an error is told once."""
    path, looks = tmp_path / "talk.txt", []

    def prepared() -> Any:
        looks.append(1)
        if not path.is_file():
            if len(looks) == 3:
                path.write_text("here")
            raise ParameterError("there is no such file", subject="talk.txt")
        return watched(path)

    seen = []
    for found in changes(prepared, [], stop, every=0.001):
        seen.append(found)
        if not isinstance(found, Exception):
            stop.set()
    assert [isinstance(one, Exception) for one in seen] == [True, False]


def test_an_edit_while_the_first_batch_is_prepared_is_noticed(
    tmp_path: Path, stop: threading.Event
):
    """Which files it reads was known only afterwards, and taken as they were then."""
    path = tmp_path / "talk.txt"
    path.write_text("old")
    edits = ["new"]

    def prepared() -> Any:
        batch = watched(path)
        if edits:
            path.write_text(edits.pop())
        return batch

    for found in changes(prepared, [], stop, every=0.001):
        if found.plan.inputs == {str(path): "new"}:
            break
    assert not stop.is_set()
