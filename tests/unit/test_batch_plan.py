"""A batch is planned whole before it begins: names, places, files, identities."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from workbench.errors import ParameterError
from workbench.production.batch.plan import Mistakes, Plan, Ways, plan
from workbench.production.jobfile import Row

if TYPE_CHECKING:
    from pathlib import Path

CELL = """
from pathlib import Path
number: int = 1  # 0..9
picture: Path | None = None
output: str = "out/a.wav"
"""


@pytest.fixture
def notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return written(tmp_path / "talk.ipynb", CELL)


def written(path: Path, source: str) -> Path:
    cell = {
        "cell_type": "code",
        "metadata": {"tags": ["parameters"]},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }
    text = json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4})
    path.write_text(text, encoding="utf-8")
    return path


def row(notebook: Path, number: int, name: str = "", **values: Any) -> Row:
    return Row(number=number, values=values, notebook=notebook, name=name)


def planned(notebook: Path, *rows: Row) -> Plan:
    return plan(rows, notebook.parent / "out", Ways(), title="jobs")


def test_each_job_has_a_name_and_a_place(notebook: Path, tmp_path: Path):
    made = planned(
        notebook,
        row(notebook, 2),
        row(notebook, 3, "hello"),
        row(notebook, 104, output="here/own.wav"),
    )
    out = tmp_path / "out"
    assert [(t.name, t.output, t.executed) for t in made.tasks] == [
        ("talk-002", str(out / "talk-002.wav"), str(out / "talk-002.ipynb")),
        ("hello", str(out / "hello.wav"), str(out / "hello.ipynb")),
        ("own", str(tmp_path / "here/own.wav"), str(tmp_path / "here/own.ipynb")),
    ]
    assert made.tasks[2].values == {"output": "here/own.wav"}


def test_a_notebook_without_an_output_is_its_own_result(tmp_path: Path):
    bare = written(tmp_path / "bare.ipynb", "n: int = 1")
    (task,) = planned(bare, row(bare, 1, n=2)).tasks
    assert (task.output, task.values) == ("", {"n": 2})
    assert task.executed.endswith("out/bare-1.ipynb")


def mistakes(notebook: Path, *rows: Row) -> list[tuple[int, str, str]]:
    with pytest.raises(Mistakes) as caught:
        planned(notebook, *rows)
    return [(m.row, m.column, m.problem) for m in caught.value.mistakes]


def test_two_rows_may_not_write_the_same(notebook: Path):
    found = mistakes(
        notebook,
        row(notebook, 2, output="a.wav"),
        row(notebook, 3, output="A.mp3"),
        row(notebook, 4, "b"),
        row(notebook, 5, "b"),
        row(notebook, 6, "caf\u00e9"),
        row(notebook, 7, "cafe\u0301"),  # the same for the eye, and on a Mac
    )
    assert found == [
        (3, "output", "would be kept as A.ipynb, like row 2"),
        (5, "name", "would be kept as b.ipynb, like row 4"),
        (7, "name", "would be kept as cafe\u0301.ipynb, like row 6"),
    ]


@pytest.mark.parametrize("name", ["../up", "a/b", ".hidden", "a\nb", "x" * 200, "a\\b"])
def test_a_name_must_be_one(notebook: Path, name: str):
    ((number, column, problem),) = mistakes(notebook, row(notebook, 2, name))
    assert (number, column) == (2, "name")
    assert "cannot name a file" in problem


def test_a_file_that_is_not_there_is_found_before_anything_begins(notebook: Path, tmp_path: Path):
    (tmp_path / "there.png").write_bytes(b"a")
    found = mistakes(
        notebook,
        row(notebook, 2, picture="there.png"),
        row(notebook, 3, picture="their.png"),
        row(notebook, 4, picture="no/such.png"),
    )
    assert [(number, column) for number, column, _ in found] == [(3, "picture"), (4, "picture")]


def test_a_voice_that_nobody_has_is_found_before_anything_begins(tmp_path: Path):
    talk = written(tmp_path / "v.ipynb", 'voice: str = "es"\nvoices: list[str] = []')
    found = mistakes(
        talk,
        row(talk, 2, voice="espeak:es"),
        row(talk, 3, voice="espeak:nope"),
        row(talk, 4, voice="expeak:es"),
        row(talk, 5, voices=["es", "Ana=espeak:x", "narator"]),
        row(talk, 6, voice=""),
    )
    assert [(number, column, problem.split(":")[0]) for number, column, problem in found] == [
        (3, "voice", "espeak"), (4, "voice", "expeak"),
        (5, "voices", "Ana=espeak"), (5, "voices", "narator"),
    ]  # fmt: skip


def test_a_job_is_known_by_its_content(notebook: Path, tmp_path: Path):
    picture = tmp_path / "a.png"
    picture.write_bytes(b"one")
    rows = [row(notebook, 2, picture="a.png"), row(notebook, 3)]
    before = [task.id for task in planned(notebook, *rows).tasks]
    assert [task.id for task in planned(notebook, *rows).tasks] == before
    picture.write_bytes(b"two")
    after = [task.id for task in planned(notebook, *rows).tasks]
    assert (after[0] != before[0], after[1]) == (True, before[1]), "one of them reads it"
    written(notebook, CELL + "more: int = 1")
    changed = [task.id for task in planned(notebook, *rows).tasks]
    assert not set(changed) & set(after), "both run it"


def test_the_inputs_of_all_are_known(notebook: Path, tmp_path: Path):
    (tmp_path / "a.png").write_bytes(b"one")
    made = planned(notebook, row(notebook, 2, picture="a.png"), row(notebook, 3))
    assert list(made.inputs) == [str(tmp_path / "a.png")]


@pytest.mark.parametrize("bad", [0, -1])
def test_limits_are_positive(bad: float):
    with pytest.raises(ParameterError, match="timeout: must be more than 0"):
        Ways(timeout=bad)
    with pytest.raises(ParameterError, match="limit: must be more than 0"):
        Ways(limit=bad)


def test_all_mistakes_are_told_and_travel(notebook: Path):
    import pickle

    rows = [row(notebook, number, ".") for number in range(2, 9)]
    with pytest.raises(Mistakes, match=r"jobs: has 7 mistakes: row 2, name: .*; and 4 more") as bad:
        planned(notebook, *rows)
    again = pickle.loads(pickle.dumps(bad.value))  # noqa: S301 - of our own making
    assert (again.mistakes, str(again)) == (bad.value.mistakes, str(bad.value))


def test_the_same_work_twice_is_a_mistake(tmp_path: Path):
    """One of them would be lost: a job is known by its content."""
    bare = written(tmp_path / "bare.ipynb", "n: int = 1")
    found = mistakes(bare, row(bare, 2, "one", n=2), row(bare, 3, "two", n=2))
    assert found == [(3, "", "is the same job as row 2")]


def test_files_that_would_be_another_s_are_a_mistake(notebook: Path):
    made = planned(notebook, row(notebook, 2, "talk"), row(notebook, 3, "talk.en"))
    assert [task.name for task in made.tasks] == ["talk", "talk.en"], "a file for each language"
    found = mistakes(
        notebook,
        row(notebook, 2, "talk"),
        row(notebook, 3, "Talk.failed"),
        row(notebook, 4, output="out/talk.wav.json"),
        row(notebook, 5, "batch"),
        row(notebook, 6, output="out/Report.wav"),
        row(notebook, 7, output="elsewhere/report.wav"),
    )
    assert found == [
        (3, "name", "Talk.failed has the name of what is kept of row 2 when it fails"),
        (4, "output", "talk.wav.json is the receipt of row 2"),
        (5, "name", "batch is the name of the batch's own ledger"),
        (6, "name", "Report is the name of the batch's own report"),
    ]
    ((number, column, problem),) = mistakes(notebook, row(notebook, 2, output="out.wav"))
    assert (number, column) == (2, "output")
    assert "batch's own folder" in problem


def test_one_file_by_two_ways_is_a_mistake(notebook: Path):
    found = mistakes(
        notebook, row(notebook, 2, output="a/b.wav"), row(notebook, 3, output="a/../a/b.wav")
    )
    assert found == [(3, "output", "would be kept as b.ipynb, like row 2")]


def test_a_name_is_limited_in_bytes(notebook: Path):
    ((_, column, problem),) = mistakes(notebook, row(notebook, 2, "語" * 100))
    assert (column, "cannot name a file" in problem) == ("name", True)
