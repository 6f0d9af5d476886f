from __future__ import annotations

import errno
import inspect
import pickle
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench import errors
from workbench.disk import storage_error
from workbench.errors import (
    ParameterError,
    StorageError,
    StorageFull,
    VoiceNotFound,
    WorkbenchError,
    one_line,
    suggest,
)

CLASSES = [c for _, c in inspect.getmembers(errors, inspect.isclass) if issubclass(c, Exception)]
ERRORS = [c for c in CLASSES if issubclass(c, WorkbenchError)]


def visible(text: str) -> bool:
    return all(c == " " or unicodedata.category(c)[0] not in "CZ" for c in text)


def test_the_tree_in_the_docstring_is_the_tree():
    drawn = {}
    parents = {0: "WorkbenchError"}
    for line in inspect.getdoc(errors).splitlines():
        match = re.match(r"\s*([│ ]*)[├└]── (\w+)", line)
        if match:
            depth = len(match[1].replace("│", " ")) // 4
            drawn[match[2]] = parents[depth]
            parents[depth + 1] = match[2]
    real = {c.__name__: c.__mro__[1].__name__ for c in ERRORS if c is not WorkbenchError}
    assert drawn == real


def test_every_public_name_is_there_and_every_code_is_its_own():
    named = [c.__name__ for c in CLASSES]
    functions = ["one_line", "shown", "suggest"]
    assert sorted(errors.__all__) == errors.__all__
    assert set(errors.__all__) == {*named, *functions}
    assert len({c.code for c in ERRORS}) == len(ERRORS)


@pytest.mark.parametrize("kind", ERRORS)
def test_an_error_survives_a_process_boundary(kind: type[WorkbenchError]):
    error = kind("went wrong", subject="a.mp4", cure="try again")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - bytes of this very line
    assert type(again) is kind
    assert str(again) == str(error) == "a.mp4: went wrong; try again"
    assert again.to_dict() == {
        "code": kind.code,
        "subject": "a.mp4",
        "problem": "went wrong",
        "cure": "try again",
    }


def test_a_parameter_error_is_a_value_error():
    assert issubclass(ParameterError, ValueError)


@given(st.text(), st.text(), st.text())
def test_a_message_is_one_line_whatever_is_in_it(problem: str, subject: str, cure: str):
    assert visible(str(VoiceNotFound(problem, subject=subject, cure=cure)))


def test_a_message_cannot_move_the_cursor_or_turn_text_around():
    told = str(WorkbenchError("is\r\x1b[2Jbad", subject="photo\u202egpj.exe", cure="a\nb"))
    assert told == r"photo\u202egpj.exe: is\r\x1b[2Jbad; a\nb"


def test_a_message_has_an_end():
    assert len(str(WorkbenchError("x" * 10_000, subject="y" * 10_000, cure="z" * 10_000))) < 1600
    assert one_line("é" * 50, limit=10) == "é" * 9 + "…"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("ratee", "did you mean 'rate'?"),
        ("RATE", "did you mean 'rate'?"),
        ("pitsh", "did you mean 'pitch'?"),
        ("Rate", "did you mean 'rate'?"),
        ("", ""),
        ("xyzxyz", ""),
    ],
)
def test_the_nearest_name_is_offered(name: str, hint: str):
    assert suggest(name, ["rate", "pitch", "volume"]) == hint


def test_names_keep_their_own_spelling():
    assert suggest("helene", ["Helena", "Otto"]) == "did you mean 'Helena'?"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_told_apart_and_how_much_is_left(number: int, tmp_path: Path):
    error = storage_error(OSError(number, "No space"), tmp_path / "no" / "such" / "a.mp4")
    assert type(error) is StorageFull
    assert re.fullmatch(
        rf"no space left to write it \([\d,]+ bytes free in {re.escape(str(tmp_path))}\)",
        error.problem,
    )


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (OSError(errno.EACCES, "Permission denied"), "Permission denied"),
        (OSError(errno.ENAMETOOLONG, "File name too long"), "File name too long"),
        (OSError("odd"), "odd"),
        (OSError(), "OSError"),
    ],
)
def test_any_other_fault_of_the_disk_keeps_its_reason(error: OSError, problem: str):
    told = storage_error(error, Path("a.mp4"))
    assert type(told) is StorageError
    assert str(told) == f"a.mp4: {problem}; check the path and its permissions"
