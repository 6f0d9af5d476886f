"""What a batch that is watched notices; no job runs."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from workbench.errors import ParameterError
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
    return SimpleNamespace(plan=SimpleNamespace(inputs={str(path): text}, notebooks={}))


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
