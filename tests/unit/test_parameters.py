from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from workbench.errors import JobError, ParameterError
from workbench.media.graph import Fit
from workbench.media.motion import Motion
from workbench.production.engine import Kernel
from workbench.production.job import run
from workbench.production.notebooks import find_notebook, job_notebooks
from workbench.production.parameters import Parameter, check, from_strings, parameters


def notebook(folder: Path, cell: str | None, name: str = "a.ipynb", **about: Any) -> Path:
    cells: list[dict[str, Any]] = [
        {"cell_type": "markdown", "metadata": {}, "source": "# A"},
        {"cell_type": "code", "metadata": {}, "outputs": [], "source": "", "execution_count": None},
    ]
    if cell is not None:
        tagged = {"tags": ["parameters"]}
        cells.append({**cells[1], "metadata": tagged, "source": cell.splitlines(keepends=True)})
    data = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4, **about}
    path = folder / name
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


SCHEMA = """\
from typing import Literal

script: str = "Hola.\\nAdiós."  # the text
voice: str = "espeak:es"  # engine:voice
# pictures,
# one a scene
images: list[str] = []
rate: float = 1.0
count: int = 3
loud: bool = False
fit: Literal["cover", "pad"] = (
    "cover"  # how it fills
)
font: str | None = None
more: dict[str, int] = {"a": 1}
output: str = "out/a.mp4"
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return notebook(tmp_path, SCHEMA)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, and no kernel to be had."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delattr(Kernel, "execute")
    return tmp_path


def test_names_types_defaults_and_help_are_read(source: Path):
    assert [(p.name, p.annotation, p.default, p.help) for p in parameters(source)] == [
        ("script", "str", "Hola.\nAdiós.", "the text"),
        ("voice", "str", "espeak:es", "engine:voice"),
        ("images", "list[str]", [], "pictures, one a scene"),
        ("rate", "float", 1.0, ""),
        ("count", "int", 3, ""),
        ("loud", "bool", False, ""),
        ("fit", "Literal['cover', 'pad']", "cover", "how it fills"),
        ("font", "str | None", None, ""),
        ("more", "dict[str, int]", {"a": 1}, ""),
        ("output", "str", "out/a.mp4", ""),
    ]


def test_a_notebook_may_have_no_parameters(tmp_path: Path):
    assert parameters(notebook(tmp_path, None)) == ()
    with pytest.raises(ParameterError, match="no cell of it has the tag parameters"):
        check((), {"x": 1})


CODE = '__import__("os").system("touch pwned") #'
BAD: list[tuple[dict[Any, object], str]] = [
    ({"scrip": "a"}, r"scrip: is not a parameter .*; did you mean 'script'\?"),
    ({"Voice": "a"}, r"Voice: is not a parameter .*; did you mean 'voice'\?"),
    ({"zzz": 1}, "it has script, voice, images"),
    ({"": 1}, "is not a parameter"),
    ({1: 1}, "1: is not a parameter"),
    # papermill writes a name into the notebook as code, and runs it.
    ({f"x={CODE}": 1}, "is not a parameter"),
    ({f"voice={CODE}": 1}, "is not a parameter"),
    ({"voice\n": "a"}, "is not a parameter"),
    ({"count": "3"}, "count: needs int, not '3'"),
    ({"count": 3.0}, r"count: needs int, not 3\.0"),
    ({"count": True}, "count: needs int, not True"),
    ({"count": np.int64(3)}, "count: must be a plain value, not int64"),
    ({"rate": float("nan")}, "rate: must be finite"),
    ({"rate": float("-inf")}, "rate: must be finite"),
    ({"rate": True}, "rate: needs float"),
    ({"loud": 1}, "loud: needs bool"),
    ({"loud": "yes"}, "loud: needs bool, not 'yes'"),
    ({"fit": "blur"}, r"fit: needs Literal\['cover', 'pad'\], not 'blur'"),
    ({"images": "a.png"}, r"images: needs list\[str\], not 'a\.png'"),
    ({"images": ("a.png",)}, "images: must be a plain value, not tuple"),
    ({"images": ["a", 1]}, "images: needs"),
    ({"script": b"a"}, "script: must be a plain value, not bytes"),
    ({"script": Path("a")}, "script: must be a plain value, not PosixPath"),
    ({"script": None}, "script: needs str, not None"),
    ({"script": "a\0"}, "script: must be text without NUL"),
    ({"script": "\ud800"}, "script: must be text without NUL and half surrogates"),
    ({"more": {1: 1}}, "more: must have texts as keys"),
    ({"more": {"a": float("inf")}}, "more: must be finite"),
    ({"more": {"a": {1}}}, "more: must be a plain value, not set"),
    ({"count": 10**400}, "count: must be a smaller number"),
    ({"rate": 10**5000}, "rate: must be a smaller number"),
    ({"fit": "pda"}, r"fit: needs .*, not 'pda'; did you mean 'pad'\?"),
    ({"images": ["a", 1]}, r"\(item 2 is 1\)"),
    ({"more": {"a": "b"}}, r"\(at 'a' is 'b'\)"),
    ({"if": 1}, "if: is not a parameter"),
]


@pytest.mark.parametrize(("values", "told"), BAD)
def test_bad_values_are_refused_before_a_kernel_starts(
    source: Path, here: Path, values: dict[Any, object], told: str
):
    """papermill ran with a misspelt name, passed bytes as text and executed names of parameters."""
    with pytest.raises(ParameterError, match=told):
        run(source, values)
    assert [path.name for path in here.iterdir()] == ["a.ipynb"]


def test_the_bad_sets_of_the_test_media_are_refused(media: Path, source: Path):
    """Each of the seven was taken by papermill, ended in its traceback, or ran as code."""
    known = parameters(source)
    for values in json.loads((media / "hostile" / "parameters.json").read_text(encoding="utf-8")):
        with pytest.raises(ParameterError):
            check(known, values)


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        ({"rate": 2}, 2.0),
        ({"rate": -1e300}, -1e300),
        ({"images": []}, []),
        ({"font": None}, None),
        ({"font": "Ñandú"}, "Ñandú"),
        ({"fit": "pad"}, "pad"),
        ({"more": {}}, {}),
    ],
)
def test_good_values_keep_their_type(source: Path, values: dict[str, object], kept: object):
    (value,) = check(parameters(source), values).values()
    assert (value, type(value)) == (kept, type(kept))


# -- the command line -------------------------------------------------------------------------

REFUSED = ParameterError


@pytest.mark.parametrize(
    ("annotation", "texts", "value"),
    [
        # papermill makes 7 of 007, 1000 of 1_000 and 3.1 of 3.10, whatever the notebook wants.
        ("str", ["007"], "007"),
        ("str", ["1_000"], "1_000"),
        ("str", ["3.10"], "3.10"),
        ("str", ["yes"], "yes"),
        ("str", ["null"], "null"),
        ("str", ["a=b"], "a=b"),
        ("str", [""], ""),
        ("str | None", ["null"], "null"),
        ("int | str", ["007"], "007"),
        ("int", ["007"], REFUSED),
        ("int", ["1_000"], REFUSED),
        ("int", ["3.10"], REFUSED),
        ("int", ["yes"], REFUSED),
        ("int", ["-12"], -12),
        ("int", [""], REFUSED),
        ("int", ["1e3"], REFUSED),
        ("int", ["9" * 5000], REFUSED),
        ("float", ["3.10"], 3.1),
        ("float", ["3"], 3.0),
        ("float", ["NaN"], REFUSED),
        ("float", ["1e999"], REFUSED),
        ("float", ["true"], REFUSED),
        ("float", ["1,5"], REFUSED),
        ("bool", ["yes"], True),
        ("bool", ["No"], False),
        ("bool", ["TRUE"], True),
        ("bool", ["off"], False),
        ("bool", ["1"], REFUSED),
        ("bool", ["maybe"], REFUSED),
        ("list[str]", ["a.png"], ["a.png"]),
        ("list[str]", ["a.png", "007"], ["a.png", "007"]),
        ("list[str]", ['["a", "b"]'], ["a", "b"]),
        ("list[str]", ["[a].png"], ["[a].png"]),
        ("list[str]", [""], []),
        ("list[str] | None", ["null"], None),
        ("list[str] | None", ["a"], ["a"]),
        ("list[int]", ["1", "2"], [1, 2]),
        ("list[int]", ["1", "x"], REFUSED),
        ("list[list[int]]", ["[[1], [2]]"], [[1], [2]]),
        ("list", ["a", "b"], ["a", "b"]),
        ("dict[str, int]", ['{"a": 1}'], {"a": 1}),
        ("dict[str, int]", ['{"a": "1"}'], REFUSED),
        ("dict", ["a"], REFUSED),
        ("Literal['9:16', '1']", ["1"], "1"),
        ("Literal['9:16', '1']", ["9:16"], "9:16"),
        ("Literal[1, 2]", ["2"], 2),
        ("Literal[1, 2]", ["3"], REFUSED),
        ("Optional[int]", ["null"], None),
        ("Optional[int]", ["3"], 3),
        ("None", ["null"], None),
        ("Path", ["007"], "007"),
        ("Path", ["null"], "null"),
        ("Path", [""], REFUSED),
        ("Path | None", [""], None),
        ("Path | None", ["null"], None),
        ("Path | None", ["a.mp3"], "a.mp3"),
        ("list[Path]", ["a.png", "b c.png"], ["a.png", "b c.png"]),
        ("list[Path]", ["a.png", ""], REFUSED),
        ("bool | float", ["3"], 3.0),
        ("bool | float", ["no"], False),
        ("float | Literal['none']", ["none"], "none"),
        ("float | Literal['none']", ["nine"], REFUSED),
        ("int", ["1", "2"], REFUSED),
        ("int", ["[" * 100_000], REFUSED),
    ],
)
def test_what_is_written_on_a_command_line_has_the_notebooks_type(
    annotation: str, texts: list[str], value: object
):
    parameter = Parameter(name="x", annotation=annotation, default=None)
    if value is REFUSED:
        with pytest.raises(ParameterError, match=r"^x: "):
            parameter.parse(texts)
    else:
        found = parameter.parse(texts)
        assert (found, type(found)) == (value, type(value))


def test_assignments_are_taken_apart_at_the_first_equals_sign(source: Path):
    given = ["script=a=b", "images=1.png", "count=3", "images=2.png"]
    assert from_strings(parameters(source), given) == {
        "script": "a=b",
        "images": ["1.png", "2.png"],
        "count": 3,
    }


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["count"], "count: sets nothing; write it as -p name=value"),
        (["cuont=1"], r"cuont: is not a parameter .*; did you mean 'count'"),
        (["=1"], "is not a parameter"),
        (["count=1", "count=2"], "count: is given 2 times, and takes one"),
    ],
)
def test_wrong_assignments_are_refused(source: Path, given: list[str], told: str):
    with pytest.raises(ParameterError, match=told):
        from_strings(parameters(source), given)


def test_every_mistake_of_a_command_line_is_told():
    known = [Parameter(name=name, annotation="int", default=1) for name in ("one", "two")]
    with pytest.raises(ParameterError) as caught:
        from_strings(known, ["one=x", "two=2", "tow=3"])
    assert str(caught.value) == (
        "2 mistakes: one: needs int, not 'x'; write a whole number; "
        "tow: is not a parameter of this notebook; did you mean 'two'?"
    )


# -- cells that are no schema -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("x = 1", "line 1 of its parameters cell is not an annotated assignment"),
        ("a: int = 1\nprint(a)", "line 2 of its parameters cell"),
        ("x.y: int = 1", "not an annotated assignment"),
        ("x: int", "its parameter x has no default"),
        ("x: int = 1 +", "line 1 of its parameters cell cannot be read"),
        ("x: int = 1\n%matplotlib inline", r"line 2 of its .* cannot be read .*; write each"),
        (
            "# pid\nx: int = os.getpid()",
            (
                r"line 2 of its parameters cell cannot be read without running it: "
                r"x = os.getpid\(\); write the value itself, and compute in a cell below"
            ),
        ),
        ("x: int = __import__('os').mkdir('pwned')", "cannot be read"),
        ("x: int = 'a'", "the default of its parameter x: needs int, not 'a'"),
        ("x: str = None", "the default of its parameter x: needs str, not None"),
        ("x: float = 1e999", "the default of its parameter x: must be finite"),
        ("x: list = (1, 2)", "the default of its parameter x: must be a plain value"),
        ("x: Path = 1", "the default of its parameter x: needs Path, not 1"),
        ("x: Path = ''", "the default of its parameter x: must be a path, not an empty text"),
        ("x: Path = Path('a', 'b')", "cannot be read"),
        ("x: Path = Path(open('pwned', 'w').name)", "cannot be read"),
        ("x: int = 1\nx: int = 2", "its parameter x is there twice"),
        ("x: int = 5  # 1..4", "the default of its parameter x: must be 1 to 4, not 5"),
        ("x: list[int] = [0]  # 1..", "the default of its parameter x: must be at least 1, not 0"),
        ("x: int = 1  # 4..1", "the range 4..1 is empty"),
        ("x: 'int' = 1", "means nothing here"),
        ("x: list['int'] = []", "means nothing here"),
        ("x: list[int, str] = []", "means nothing here"),
        ("x: dict[int, str] = {}", "means nothing here"),
        ("x: Literal[()] = 1", "means nothing here"),
        ("x: Literal[1.5] = 1.5", "means nothing here"),
        ("x: Literal[[]] = 1", "means nothing here"),
        ("x: __import__('os').mkdir('pwned') = 1", "means nothing here"),
        ('x: \'__import__("os").mkdir("pwned")\' = 1', "means nothing here"),
        ("x: (lambda: 1)() = 1", "means nothing here"),
    ],
)
def test_a_cell_that_is_no_schema_is_said_and_nothing_of_it_runs(here: Path, cell: str, told: str):
    path = notebook(here, cell)
    with pytest.raises(JobError, match=told) as refused:
        parameters(path)
    assert (refused.value.subject, refused.value.mistake) == (str(path), True)  # exit code 2
    assert "; " not in refused.value.problem, "the cure is apart"
    assert not (here / "pwned").exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b'{"cells": 3}',
        b'{"cells": [3]}',
        b'{"cells": [{}]}',
        b'{"cells": [{"source": 3}]}',
        b'{"cells": [{"source": "", "metadata": null}]}',
        b'{"cells": [{"source": "", "metadata": {"tags": 3}}]}',
        b'{"worksheets": []}',
    ],
)
def test_what_is_no_notebook_is_said(tmp_path: Path, content: bytes):
    path = tmp_path / "a.ipynb"
    path.write_bytes(content)
    with pytest.raises(JobError, match=r"a\.ipynb: is not a notebook"):
        run(path)


# -- finding notebooks, and where things go -----------------------------------------------------


def test_a_notebook_is_a_path_or_a_jobs_name(source: Path, here: Path, monkeypatch):
    assert find_notebook(source) == source
    assert find_notebook("a.ipynb") == source
    monkeypatch.setenv("HOME", str(here))
    assert find_notebook("~/a.ipynb") == source
    assert find_notebook("captioned_short").name == "captioned_short.ipynb"
    with pytest.raises(JobError, match=r"b\.ipynb: there is no such notebook"):
        find_notebook("b.ipynb")
    with pytest.raises(JobError, match=r"captioned_shrt: is neither .* mean 'captioned_short'"):
        find_notebook("captioned_shrt")


def test_the_job_notebooks_state_their_parameters():
    for path in job_notebooks().values():
        known = parameters(path)
        assert known
        assert all(parameter.help for parameter in known)
        assert "output" in {parameter.name for parameter in known}


def test_the_choices_of_the_job_notebook_are_those_of_the_package():
    known = {p.name: p for p in parameters(find_notebook("captioned_short"))}
    for motion in get_args(Motion):
        assert known["motion"].check(motion) == motion
    for fit in get_args(Fit):
        assert known["fit"].check(fit) == fit
    assert len(get_args(Motion)) == known["motion"].annotation.count("'") / 2
    assert len(get_args(Fit)) == known["fit"].annotation.count("'") / 2


@pytest.mark.parametrize(
    ("values", "options", "told"),
    [
        ({"output": "a.mp4"}, {}, r"a\.ipynb: would be written over"),
        ({"output": "sub/../a.mp4"}, {}, "would be written over"),
        ({"output": "link.mp4"}, {}, "would be written over"),
        ({}, {"executed": "a.ipynb"}, "would be written over"),
        ({"output": "b.ipynb"}, {}, r"b\.ipynb: would be the executed notebook too"),
        ({}, {"executed": "b.txt"}, r"b\.txt: must end in \.ipynb"),
        ({}, {"timeout": 0}, "timeout: must be more than 0 seconds"),
        ({}, {"timeout": float("nan")}, "timeout: must be more than 0 seconds"),
        ({}, {"limit": -1}, "limit: must be more than 0 seconds"),
    ],
)
def test_the_notebook_itself_is_never_written_over(
    source: Path, here: Path, values: dict, options: dict, told: str
):
    (here / "sub").mkdir()
    (here / "link.ipynb").symlink_to(source)
    before = source.read_bytes()
    with pytest.raises(ParameterError, match=told):
        run(source, values, **options)
    assert source.read_bytes() == before


def test_ones_own_notebook_beside_an_output_is_never_written_over(source: Path, here: Path):
    """It was replaced by the executed one, which has its name."""
    own = notebook(here, "'my own work'", "analysis.ipynb")
    before = own.read_bytes()
    with pytest.raises(
        ParameterError, match=r"analysis\.ipynb: is a notebook that no run has left"
    ):
        run(source, {"output": "analysis.mp4"})
    assert own.read_bytes() == before


def test_a_failed_notebook_that_is_run_again_is_not_written_over(here: Path):
    failed = notebook(here, "output: str = 'talk.mp4'", "talk.failed.ipynb")
    with pytest.raises(ParameterError, match=r"talk\.failed\.ipynb: would be written over"):
        run(failed)


def test_a_number_among_choices_is_no_text(here: Path):
    """It was asked whether '1' was meant by '1'."""
    (level,) = parameters(notebook(here, "level: Literal['a', 1] = 'a'"))
    with pytest.raises(ParameterError, match=r"not '1'; write 1 as a number"):
        level.check("1")
    assert level.check(1) == 1


def test_a_name_that_is_there_twice_is_no_mapping(here: Path):
    """The second won, without a word."""
    (more,) = parameters(notebook(here, "more: dict = {}"))
    with pytest.raises(ParameterError, match="needs dict"):
        more.parse(['{"a": 1, "a": 2}'])
    assert more.parse(['{"a": 1, "b": 2}']) == {"a": 1, "b": 2}
