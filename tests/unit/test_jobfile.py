from __future__ import annotations

import codecs
import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from small_notebook import small_notebook

from workbench.errors import ParameterError, StorageError
from workbench.production.jobfile import JobFile, Mistake, read_jobs
from workbench.production.parameters import parameters

if TYPE_CHECKING:
    from pathlib import Path

CELL = """\
from pathlib import Path
from typing import Literal
text: str = "Hola."  # what is said
speed: float = 1.0  # 0.5..2 x, how fast
takes: int = 1  # 1..9
loud: bool = False
fit: Literal["cover", "pad"] = "cover"
pictures: list[Path] = []
sizes: list[int] = []
bed: Path | None = None
more: dict[str, int] = {}
any: dict = {}
output: Path = "out/a.mp4"
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    small_notebook(tmp_path, CELL)
    return tmp_path


def read(folder: Path, content: str | bytes, name: str = "jobs.csv") -> JobFile:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    source = folder / "a.ipynb"
    return read_jobs(path, source, parameters(source))


def told(found: JobFile) -> list[tuple[int, str]]:
    assert all(mistake.problem and mistake.cure for mistake in found.mistakes)
    return [(mistake.row, mistake.column) for mistake in found.mistakes]


# -- tables ----------------------------------------------------------------------------------------


def test_a_table_is_typed_by_the_notebook(here: Path):
    (here / "a.png").touch()
    (here / "b.png").touch()
    found = read(
        here,
        "name,text,speed,takes,loud,fit,pictures,sizes,more,output\n"
        '007,007,0.90,,yes, pad ,a.png; b.png,1;2,"{""a"": 1}",out/1.mp4\n'
        ',"two\nlines, and a ""quote""",,3,NO,,"[""a.png""]",[],,out/2.mp4\n'
        "\n"
        ",,,,,,,,,\n"
        ",1_000,,,,,,,,out/3.mp4\n",
    )
    assert not found.mistakes
    assert [(row.number, row.name) for row in found.rows] == [(2, "007"), (3, ""), (7, "")]
    assert found.rows[0].values == {
        "text": "007",
        "speed": 0.9,
        "loud": True,
        "fit": "pad",
        "pictures": ["a.png", "b.png"],
        "sizes": [1, 2],
        "more": {"a": 1},
        "output": "out/1.mp4",
    }
    assert found.rows[1].values == {
        "text": 'two\nlines, and a "quote"',
        "takes": 3,
        "loud": False,
        "pictures": ["a.png"],
        "sizes": [],
        "output": "out/2.mp4",
    }
    assert found.rows[2].values == {"text": "1_000", "output": "out/3.mp4"}
    assert found.rows[0].notebook == here / "a.ipynb"


ROWS = "text{0}speed\r\nÑandú{0}0.9\r\n\r\nb{0}1.1\r\n"


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (ROWS.format(",").encode(), "jobs.csv"),
        (ROWS.format(";").encode(), "jobs.csv"),  # a spreadsheet where the comma is the point
        (codecs.BOM_UTF8 + ROWS.format(";").encode(), "jobs.csv"),
        (ROWS.format("\t").encode(), "jobs.CSV"),
        (ROWS.format("\t").encode(), "jobs.tsv"),
        (ROWS.format("\t").encode("utf-16"), "jobs.tsv"),  # Unicode text, for Excel
        (ROWS.format(",").replace("\r\n", "\n").encode(), "jobs.csv"),
        (ROWS.format(",").replace("\r\n", "\r").encode(), "jobs.csv"),
        (ROWS.format(",").replace("\r\n", "  ,,\r\n").encode(), "jobs.csv"),
    ],
)
def test_any_programs_table_is_the_same(here: Path, content: bytes, name: str):
    found = read(here, content, name)
    assert not found.mistakes
    assert [(row.number, row.values) for row in found.rows] == [
        (2, {"text": "Ñandú", "speed": 0.9}),
        (4, {"text": "b", "speed": 1.1}),
    ]


def test_excels_note_of_the_separator_is_heard(here: Path):
    found = read(here, "sep=|\ntext|takes\na,b|2\n")
    assert [(row.number, row.values) for row in found.rows] == [(3, {"text": "a,b", "takes": 2})]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", [(1, "", "has no jobs")]),
        ("text,speed\n", [(1, "", "has no jobs")]),
        ("text,text\na,b\n", [(1, "text", "is the name of two columns")]),
        ("text,speed\na\n", [(2, "speed", "the row has 1 of 2 cells")]),
        ("text,speed\na,1,b\n", [(2, "", "has 3 cells under 2 columns, such as 'b'")]),
        ("text,,speed\na,x,1\nb,y,1\n", [(2, "column 2", "holds 'x' under no name")]),
        ('text\n"a\nb\n', [(2, "", "a quote that is never closed")]),
        ('text\na\n"a"b\n', [(3, "", "a quote in the middle of a cell")]),
        (b"text\na\nb\xe9\n", [(3, "", "is not UTF-8 (byte 0xe9)")]),
        ("text\na\nb\0\n", [(3, "", "has a NUL")]),
        ("txet,speed\na,1\nb,1\nc,1\n", [(1, "txet", "is not a parameter")]),
        ("speed\n1,5\n", [(2, "", "has 2 cells under 1 columns")]),
        ("speed;takes\n1,5;1\n", [(2, "speed", "needs float, not '1,5'")]),
        ("speed\n3\n\n0.4\n", [(2, "speed", "0.5 to 2 x"), (4, "speed", "0.5 to 2 x")]),
        ("bed\nno.mp3\n", [(2, "bed", "there is no such file as no.mp3")]),
        ("notebook\nno.ipynb\n", [(2, "notebook", "there is no such notebook")]),
        ("notebook\ncaptioned_shrt\n", [(2, "notebook", "neither a notebook nor a job")]),
        (f"notebook\n{'a' * 300}.ipynb\n", [(2, "notebook", "name too long")]),
        ("output\nx/a.mp4\nx/./A.MP4\n", [(3, "output", "is the output of row 2 too")]),
        ("output\na.mp4\na.wav\n", [(3, "output", "shares its executed notebook with a.mp4")]),
        ("name\na\na\n", [(3, "name", "is the name of row 2 too")]),
    ],
)
def test_what_is_wrong_with_a_table_has_its_row_and_column(
    here: Path, content: str | bytes, expected: list[tuple[int, str, str]]
):
    found = read(here, content)
    assert told(found) == [(row, column) for row, column, _ in expected]
    for mistake, (_, _, text) in zip(found.mistakes, expected, strict=True):
        assert text in mistake.problem


def test_a_cell_is_of_any_length(here: Path):
    """Python's own reader gives up at 131,072 letters."""
    found = read(here, f"text\n{'a' * 200_000}\n")
    assert len(found.rows[0].values["text"]) == 200_000


def test_a_row_may_be_of_another_notebook(here: Path):
    small_notebook(here, "words: int = 1", name="b.ipynb")
    found = read(here, "notebook,text,words\n,a,\nb.ipynb,,2\nb.ipynb,c,\n")
    assert [(row.notebook.name, row.values) for row in found.rows] == [
        ("a.ipynb", {"text": "a"}),
        ("b.ipynb", {"words": 2}),
    ]
    assert [str(mistake) for mistake in found.mistakes] == [
        "row 4, text: is not a parameter of b; empty this cell"
    ]


def test_rows_without_a_notebook_are_told_of_once(here: Path):
    (here / "jobs.csv").write_text("text\na\nb\n")
    found = read_jobs(here / "jobs.csv", None)
    assert [mistake.column for mistake in found.mistakes] == ["notebook"]
    assert not found.rows


def test_a_parameter_called_name_is_the_notebooks(tmp_path: Path):
    source = small_notebook(tmp_path, 'name: str = ""')
    (tmp_path / "jobs.csv").write_text("name\nAna\n")
    (row,) = read_jobs(tmp_path / "jobs.csv", source, parameters(source)).rows
    assert (row.name, row.values) == ("", {"name": "Ana"})


def test_what_is_no_job_file_is_said(here: Path):
    with pytest.raises(ParameterError, match=r"jobs\.txt: is no file of jobs; use \.csv"):
        read_jobs(here / "jobs.txt", None)
    with pytest.raises(StorageError, match=r"none\.csv: No such file"):
        read_jobs(here / "none.csv", None)


# -- a thousand rows -------------------------------------------------------------------------------

SEEDED: list[tuple[str, str]] = [
    ("speed", "fast"),
    ("speed", "3"),
    ("speed", "0.49"),
    ("speed", "NaN"),
    ("speed", "1,5"),
    ("speed", "1e999"),
    ("takes", "0"),
    ("takes", "10"),
    ("takes", "1.5"),
    ("takes", "007"),
    ("takes", "1_000"),
    ("takes", "two"),
    ("loud", "1"),
    ("loud", "maybe"),
    ("fit", "cover!"),
    ("fit", "stretch"),
    ("pictures", "no.png"),
    ("pictures", "[1]"),
    ("pictures", "a.png;no.png"),
    ("sizes", "1;x"),
    ("sizes", "[1, 2.5]"),
    ("bed", "no.mp3"),
    ("bed", "a" * 300),
    ("more", "a"),
    ("more", '{"a": "b"}'),
    ("more", "[1]"),
    ("any", "{"),
    ("output", "out/5.mp4"),
    ("output", "out/6.wav"),
    ("notebook", "b.ipynb"),
]


def thousand(*, mistakes: bool) -> list[dict[str, str]]:
    columns = ["notebook", *(line.partition(":")[0] for line in CELL.splitlines()[2:])]
    rows = [
        dict.fromkeys(columns, "")
        | {"text": f"Line {n}.", "speed": "0.9", "pictures": "a.png", "output": f"out/{n}.mp4"}
        for n in range(1000)
    ]
    if mistakes:
        for place, (column, cell) in enumerate(SEEDED):
            rows[17 + 31 * place][column] = cell
    return rows


def table(rows: list[dict[str, str]]) -> str:
    def quoted(cell: str) -> str:
        return '"' + cell.replace('"', '""') + '"'

    lines = [",".join(rows[0]), *(",".join(map(quoted, row.values())) for row in rows)]
    return "\n".join(lines)


def test_each_of_thirty_mistakes_in_a_thousand_rows_is_named_with_its_cure(here: Path):
    (here / "a.png").touch()
    found = read(here, table(thousand(mistakes=True)))
    expected = [(2 + 17 + 31 * n, column) for n, (column, _) in enumerate(SEEDED)]
    assert told(found) == expected
    assert len(expected) == 30
    assert len(found.rows) == 970


def test_a_thousand_rows_without_a_mistake_are_all_there(here: Path):
    (here / "a.png").touch()
    found = read(here, table(thousand(mistakes=False)))
    assert not found.mistakes
    assert [row.number for row in found.rows] == list(range(2, 1002))


# -- JSON ------------------------------------------------------------------------------------------


def test_json_lines_are_rows_by_line(here: Path):
    found = read(
        here,
        '{"text": "007", "speed": 1}\r\n\r\n {"more": {"a": 1}, "bed": null, "name": "x"} \n',
        "jobs.jsonl",
    )
    assert not found.mistakes
    assert [(row.number, row.name, row.values) for row in found.rows] == [
        (1, "", {"text": "007", "speed": 1.0}),
        (3, "x", {"more": {"a": 1}, "bed": None}),
    ]


@pytest.mark.parametrize(
    ("line", "column", "problem"),
    [
        ("{", "", "is no JSON"),
        ("[]", "", "is a list, and no job"),
        ('{"text": "a"} {"text": "b"}', "", "something after"),
        ('{"text": "a", "text": "b"}', "", "'text' is there twice"),
        ('{"more": {"a": 1, "a": 2}}', "", "'a' is there twice"),
        ('{"speed": "1"}', "speed", "needs float, not '1'"),
        ('{"speed": NaN}', "speed", "must be finite"),
        ('{"speed": 1e999}', "speed", "must be finite"),
        ('{"takes": true}', "takes", "needs int, not True"),
        ('{"takes": null}', "takes", "needs int, not None"),
        ('{"text": "\\ud800"}', "text", "half surrogates"),
        ('{"text": "\\u0000"}', "text", "without NUL"),
        ('{"txet": "a"}', "txet", "is not a parameter"),
        ('{"name": 3}', "name", "needs str, not 3"),
        ('{"notebook": ["a.ipynb"]}', "notebook", "needs str"),
        ("[" * 100_000, "", "too deep"),
        ('{"takes": ' + "9" * 5000 + "}", "", "too long"),
    ],
)
def test_a_wrong_line_is_named_and_the_next_is_read(
    here: Path, line: str, column: str, problem: str
):
    found = read(here, f'\n{line}\n{{"text": "good"}}\n', "jobs.jsonl")
    assert told(found) == [(2, column)]
    assert problem in found.mistakes[0].problem
    assert [row.number for row in found.rows] == [3]


def test_json_has_lines_and_defaults(here: Path):
    jobs = {"defaults": {"speed": 1.5, "text": "a"}, "jobs": [{"text": "b"}, {"speed": 2}]}
    found = read(here, json.dumps(jobs, indent=1), "jobs.json")
    assert [(row.number, row.values) for row in found.rows] == [
        (7, {"speed": 1.5, "text": "b"}),
        (10, {"speed": 2.0, "text": "a"}),
    ]
    found = read(here, json.dumps([{"text": "a"}, {"text": "b"}]), "jobs.json")
    assert [row.number for row in found.rows] == [1, 2]  # in one line: their places
    text = '[\n{"text": "a"},\n{"text": "b"}, {"text": "c"},\n{"text": "d"},\n{"txt": "e"}\n]'
    found = read(here, text, "jobs.json")
    assert [row.place for row in found.rows] == [2, 3, 3, 4]
    assert len({row.number for row in found.rows}) == 4
    assert told(found) == [(5, "txt")]


@pytest.mark.parametrize(
    ("text", "row", "problem"),
    [
        ("", 1, "is no list of jobs"),
        ("3", 1, "is no list of jobs"),
        ('[{"text": "a"},\n]', 2, "a comma before ]"),
        ('[{"text": "a"}\n{"text": "b"}]', 2, ", or ] belongs here"),
        ("[\n3]", 2, "is a int, and no job"),
        ('{"jobs": []\n, "jos": 1}', 2, "'jos' is no part"),
        ('{"jobs": {}}', 1, "'jobs' must be a list"),
        ('{"jobs": [], "jobs": []}', 1, "'jobs' is there twice"),
        ('{"defaults": []}', 1, "'defaults' must be an object"),
        ('{"jobs": []} x', 1, "something after its end"),
        ("[", 1, "is no JSON"),
        ("{3: 1}", 1, "is no JSON"),
    ],
)
def test_json_that_is_no_list_of_jobs_has_its_line(here: Path, text: str, row: int, problem: str):
    found = read(here, text, "jobs.json")
    assert [mistake.row for mistake in found.mistakes] == [row]
    assert problem in found.mistakes[0].problem


def test_a_mistake_in_the_defaults_is_told_of_once(here: Path):
    jobs: dict[str, Any] = {"defaults": {"speed": 9}, "jobs": [{}, {}, {"speed": 1}]}
    found = read(here, json.dumps(jobs, indent=1), "jobs.json")
    assert told(found) == [(2, "speed")]
    assert [row.values for row in found.rows] == [{"speed": 1.0}]


def test_a_mistake_reads_well():
    assert str(Mistake(3, "", "has\n2", "")) == "row 3: has\\n2"
    assert Mistake(3, "a", "b", "c").to_dict() == {
        "row": 3,
        "column": "a",
        "problem": "b",
        "cure": "c",
    }


SOUND = {
    "csv": 'name,text,speed,sizes,bed\na,"b, c",1,1;2,\n,d,2,"[3]",\n',
    "yaml": "defaults: &d {speed: 1}\njobs:\n- {}\n- <<: *d\n  sizes: [1, 2]\n  any: {a: [b, ~]}\n",
    "jsonl": '{"text": "a", "sizes": [1], "more": {"a": 1}}\n{"name": "b", "bed": null}\n',
    "json": '{"defaults": {"speed": 1},\n"jobs": [{"text": "a"},\n{"any": {"a": [null]}}]}',
}
PIECES = [*"[]{}:,;\n\r\t\0\"'|>#?%@`~-é\u202e\ufeff", "*d", "&d ", "<<: ", "!!int ", "!x ", "null"]
PIECES += ["NaN", "1e999", "9" * 400, "---\n", "...", "name", "notebook", "output", "text"]


@pytest.mark.faults
@pytest.mark.parametrize("kind", SOUND)
def test_whatever_a_file_holds_every_mistake_has_its_row_and_cure(here: Path, kind: str):
    chance = random.Random(kind)  # noqa: S311 - the same in every run
    for _ in range(400):
        text = SOUND[kind]
        for _ in range(chance.randint(1, 5)):
            place = chance.randrange(len(text) + 1)
            cut = place + chance.choice([0, 0, 1, 5])
            text = text[:place] + chance.choice(["", *PIECES]) + text[cut:]
        for mistake in read(here, text, f"jobs.{kind}").mistakes:
            assert mistake.row >= 1, text
            assert mistake.problem, text
            assert mistake.cure, text
