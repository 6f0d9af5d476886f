from __future__ import annotations

from pathlib import Path

import pytest
from small_notebook import small_notebook

from workbench.production.jobfile import JobFile, read_jobs
from workbench.production.parameters import parameters

CELL = """\
text: str = "Hola."
speed: float = 1.0  # 0.5..2
takes: int | None = 1
loud: bool = False
sizes: list[str] = []
more: dict[str, int] = {}
any: dict = {}
"""


def read(folder: Path, text: str) -> JobFile:
    (folder / "jobs.yaml").write_text(text, encoding="utf-8")
    source = small_notebook(folder, CELL)
    return read_jobs(folder / "jobs.yaml", source, parameters(source))


def test_what_yaml_would_change_is_typed_by_the_notebook(tmp_path: Path):
    """YAML 1.1 makes 7, 1000, 3.1, True, False, 556 and a date of these."""
    found = read(
        tmp_path,
        """\
- {text: 007, sizes: [9:16, 007, no]}
- text: 1_000
- text: 3.10
- text: yes
  loud: no
- text: 2024-01-01
  takes: null
- text: "null"
  speed: 2
  any: {a: 1, b: [x, true, null], c: "1"}
- text: |
    two
    lines
  takes:
  more: {a: 1}
""",
    )
    assert not found.mistakes
    assert [row.values for row in found.rows] == [
        {"text": "007", "sizes": ["9:16", "007", "no"]},
        {"text": "1_000"},
        {"text": "3.10"},
        {"text": "yes", "loud": False},
        {"text": "2024-01-01", "takes": None},
        {"text": "null", "speed": 2.0, "any": {"a": 1, "b": ["x", True, None], "c": "1"}},
        {"text": "two\nlines\n", "more": {"a": 1}},
    ]
    assert [row.number for row in found.rows] == [1, 2, 3, 4, 6, 8, 11]


def test_defaults_and_what_is_merged_give_way_to_the_row(tmp_path: Path):
    found = read(
        tmp_path,
        """\
defaults: &d
  speed: 1.5
  text: a
jobs:
- {}
- text: b
- <<: *d
  speed: 2
- <<: [{takes: 2}, {takes: 3, loud: yes}]
""",
    )
    assert not found.mistakes
    assert [row.values for row in found.rows] == [
        {"speed": 1.5, "text": "a"},
        {"speed": 1.5, "text": "b"},
        {"speed": 2.0, "text": "a"},
        {"speed": 1.5, "text": "a", "takes": 2, "loud": True},
    ]


BOMB = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))


@pytest.mark.parametrize(
    ("text", "row", "column", "problem"),
    [
        ("", 1, "", "has no jobs"),
        ("# nothing", 1, "", "has no jobs"),
        ("text: a", 1, "", "'text' is no part"),
        ("jobs: 3", 1, "", "is no list of jobs"),
        ("defaults: {text: a}", 1, "", "has no jobs"),
        ("- text: a\n- 3\n", 2, "", "is no mapping"),
        ("- text: a\n  text: b\n", 2, "text", "is there twice"),
        ("- more: {a: 1, a: 2}\n", 1, "more", "a is there twice"),
        ("- text: a\n- text: [a\n", 3, "", "is no YAML"),
        ("- text: a\n- txet: a\n", 2, "txet", "is not a parameter"),
        ("- text: a\n- speed: 3\n", 2, "speed", "must be 0.5 to 2"),
        ("- text: a\n- takes: '3'\n", 2, "takes", "needs int | None, not '3'"),
        ("- text: null\n", 1, "text", "needs str, not None"),
        ("- sizes: a\n", 1, "sizes", "needs list[str], not 'a'"),
        ("- sizes: [[a]]\n", 1, "sizes", "item 1 is ['a']"),
        ("- [a]: b\n", 1, "", "has a key that is no name"),
        ("- <<: a\n", 1, "<<", "merges what is no mapping"),
        ("- text: !!python/object/apply:os.system ['touch pwned']\n", 1, "text", "needs str"),
        ("- text: !!python/name:os.system ''\n", 1, "text", "has the tag"),
        ("- text: !mine a\n", 1, "text", "has the tag"),
        ("- text: *none\n", 1, "", "is no YAML"),
        ("- text: a\n---\n- text: b\n", 2, "", "is no YAML"),
        ("- &a {more: *a}\n", 1, "", "holds itself"),
        (f"a0: &a0 [x, x]\n{BOMB}jobs: *a11\n", 1, "", "stands for more than"),
        ("- any: " + "[" * 200 + "]" * 200, 1, "", "is nested too deeply"),
        # Composing it, which is done in C, ended the process.
        ("- a: b\n- any: " + "[" * 40_000 + "]" * 40_000, 2, "", "is nested too deeply"),
    ],
)
def test_a_mistake_has_its_line(tmp_path: Path, text: str, row: int, column: str, problem: str):
    found = read(tmp_path, text)
    assert [(mistake.row, mistake.column) for mistake in found.mistakes] == [(row, column)]
    assert problem in found.mistakes[0].problem
    assert found.mistakes[0].cure
    assert not Path("pwned").exists()
