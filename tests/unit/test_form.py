"""A notebook's form: what stands in it, what is wrong with it, the command, and the run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from small_notebook import small_notebook

from workbench.errors import JobError, ParameterError
from workbench.production.parameters import Parameter, from_strings, parameters
from workbench.widgets import form_fields
from workbench.widgets.form import Form, form

CELL = """\
from pathlib import Path
from typing import Literal
text: str = "Hola."  # what is said
speed: float = 1.0  # 0.5..2 x, how fast
takes: int = 1  # 1..9
count: int | None = None  # 1..
loud: bool = False
fit: Literal["cover", "pad"] | None = "cover"
level: float | Literal["none"] = "none"
pictures: list[Path] = []
sizes: list[int] = [1, 2]
bed: Path | None = None
more: dict[str, int] = {}
title: str | None = ""
output: str = "out/a.txt"
"""
WRITE = "Path(output).parent.mkdir(exist_ok=True)\nPath(output).write_text(text)"


@pytest.fixture
def panel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Form:
    monkeypatch.chdir(tmp_path)
    return form(small_notebook(tmp_path, CELL, WRITE))


class Page:
    """What a page says to the form."""

    def __init__(self, panel: Form) -> None:
        self.panel = panel

    def say(self, kind: str, **content: Any) -> None:
        self.panel._on_message(self.panel, {"kind": kind, **content}, [])

    def write(self, name: str, value: Any) -> None:
        self.say("write", name=name, value=value)


@pytest.fixture
def page(panel: Form) -> Page:
    return Page(panel)


def test_each_parameter_has_the_control_that_fits(panel: Form):
    assert {one["name"]: one["control"] for one in panel.fields} == {
        "text": "text",
        "speed": "slider",
        "takes": "slider",
        "count": "number",
        "loud": "flag",
        "fit": "choice",
        "level": "text",
        "pictures": "list",
        "sizes": "list",
        "bed": "path",
        "more": "json",
        "title": "text",
        "output": "text",
    }
    speed = panel.fields[1]
    assert (speed["minimum"], speed["maximum"], speed["step"]) == (0.5, 2.0, 0.02)
    assert (speed["unit"], speed["help"], speed["range"]) == ("x", "how fast", "0.5 to 2 x")
    assert panel.fields[5]["choices"] == ["cover", "pad", "null"]


def test_the_defaults_stand_in_it_and_nothing_is_changed(panel: Form):
    assert panel.values == {p.name: p.default for p in panel.known}
    assert (panel.changed, panel.mistakes) == ([], {})
    assert panel.command == "workbench run a.ipynb"
    assert panel.entered["sizes"] == "1\n2"
    assert panel.notes == {"output": "is new"}


@pytest.mark.parametrize(
    ("name", "entered", "value"),
    [
        ("text", "007", "007"),
        ("text", "", ""),
        ("speed", "0.90", 0.9),
        ("count", "3", 3),
        ("count", " ", None),
        ("loud", True, True),
        ("fit", "pad", "pad"),
        ("fit", "null", None),
        ("level", "-14", -14.0),
        ("level", "none", "none"),
        ("sizes", "3\n\n4\n", [3, 4]),
        ("sizes", "[5, 6]", [5, 6]),
        ("sizes", "", []),
        ("more", '{"a": 1}', {"a": 1}),
        ("title", "", ""),
        ("title", "null", "null"),
        ("bed", "", None),
    ],
)
def test_what_a_person_enters_is_typed_by_the_notebook(
    page: Page, name: str, entered: Any, value: Any
):
    page.write(name, entered)
    found = page.panel.values[name]
    assert (found, type(found)) == (value, type(value))
    assert page.panel.mistakes == {}
    assert page.panel.entered[name] == entered  # not another spelling of it
    assert (name in page.panel.changed) == (
        value != {p.name: p for p in page.panel.known}[name].default
    )


@pytest.mark.parametrize(
    ("name", "entered", "message"),
    [
        ("speed", "3", "must be 0.5 to 2 x, not 3.0; choose a number in that range"),
        ("speed", "1,5", "needs float, not '1,5'; write it with a point: 1.5"),
        ("speed", "", "needs float, not ''"),
        ("takes", "1.5", "needs int, not 1.5"),
        ("loud", "yes", "needs bool, not 'yes'"),
        ("fit", "padd", "needs .*; did you mean 'pad'"),
        ("sizes", "1\nx", r"needs list\[int\], not \[1, 'x'\] \(item 2 is 'x'\)"),
        ("more", "{", "needs dict"),
        ("bed", "no.mp3", "there is no such file as no.mp3"),
        ("pictures", "no.png", "there is no such file as no.png"),
        ("text", "a\0", "must be text without NUL"),
    ],
)
def test_what_is_wrong_stands_beside_the_field_and_nothing_runs(
    page: Page, name: str, entered: Any, message: str
):
    before = page.panel.values
    page.write(name, entered)
    assert list(page.panel.mistakes) == [name]
    assert re.match(message, page.panel.mistakes[name])
    assert page.panel.command == ""
    assert page.panel.values == before or name in {"bed", "pictures"}
    page.say("run")
    assert page.panel.error.startswith(f"{name}: ")
    assert not page.panel.busy
    with pytest.raises(ParameterError, match=f"^{name}: "):
        page.panel.run()
    page.say("reset", name=name)
    assert page.panel.mistakes == {}


def test_the_message_is_that_of_the_command_line(page: Page):
    page.write("speed", "fast")
    with pytest.raises(ParameterError) as refused:
        from_strings(page.panel.known, ["speed=fast"])
    assert str(refused.value) == f"speed: {page.panel.mistakes['speed']}"


@pytest.mark.parametrize(
    "content",
    [
        {"kind": "write", "name": "spede", "value": "1"},
        {"kind": "write", "name": "speed", "value": 3},
        {"kind": "write", "name": "speed", "value": ["1"]},
        {"kind": "write"},
        {"kind": "reset", "name": "spede"},
        {"kind": "fly"},
        "write",
        None,
    ],
)
def test_a_message_that_means_nothing_changes_nothing(panel: Form, content: Any):
    before = panel.get_state()["entered"]
    panel._on_message(panel, content, [])
    assert panel.error
    assert panel.entered == before


def test_the_page_sets_no_state(panel: Form):
    panel.set_state({"entered": {"text": "x"}, "command": "rm -rf /"})
    assert panel.error == "command, entered: is not for the page to set"
    assert panel.command == "workbench run a.ipynb"


HOSTILE = "a'b\"c$(touch pwned)`touch pwned`\n; touch pwned # \\ !! ñ"


def test_the_command_says_the_same_whatever_is_in_it(panel: Form):
    (panel.notebook.parent / "it's.png").touch()
    values = {
        "text": HOSTILE,
        "pictures": ["it's.png"],
        "sizes": [],
        "loud": True,
        "more": {HOSTILE: 1},
        "fit": None,
        "count": 3,
    }
    panel.fill(**values)
    words = shlex.split(panel.command)
    assert words[:3] == ["workbench", "run", "a.ipynb"]
    assert set(words[3::2]) == {"-p"}
    assert from_strings(panel.known, words[4::2]) == values


def test_lists_are_said_item_by_item_where_that_says_the_same(panel: Form):
    panel.fill(sizes=[3, 4])
    assert panel.command == "workbench run a.ipynb -p sizes=3 -p sizes=4"
    strings = Parameter(name="x", annotation="list[str]", default=[])
    for value in (["[1]"], ["a\nb"], [""], ["", "b"], ["null"]):
        text = form_fields.written(strings, value)
        assert form_fields.read(strings, text) == value


def test_python_fills_it_all_or_nothing(panel: Form):
    with pytest.raises(ParameterError, match=r"speed: must be 0\.5 to 2"):
        panel.fill(text="b", speed=3)
    with pytest.raises(ParameterError, match="did you mean 'text'"):
        panel.fill(txet="b")
    assert panel.values["text"] == "Hola."
    panel.values = {"text": "b"}
    assert panel.entered["text"] == "b"
    panel.reset("text")
    assert panel.changed == []


def test_a_form_begins_with_values(tmp_path: Path):
    source = small_notebook(tmp_path, CELL)
    assert form(source, speed=2).values["speed"] == 2.0
    with pytest.raises(ParameterError, match="speed: must be"):
        form(source, speed=9)
    with pytest.raises(JobError, match="neither a notebook nor a job"):
        form("captioned_shrt")
    assert form("captioned_short").about == "Captioned short"


def test_the_twin_shows_the_values_as_text(panel: Form):
    panel.fill(text="<script>alert(1)</script>")
    html = panel.twin()
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert f"wb-{panel.uid}" in html
    assert "workbench run a.ipynb -p" in html
    assert panel.still()[0]["text/plain"].startswith("Form: workbench run")


def test_every_value_of_every_type_comes_back_from_its_field(tmp_path: Path):
    for parameter in parameters(small_notebook(tmp_path, CELL)):
        text = form_fields.written(parameter, parameter.default)
        assert form_fields.read(parameter, text) == parameter.default


@pytest.mark.notebook
def test_it_runs_and_shows_what_was_made(panel: Form, page: Page):
    (panel.notebook.parent / "out").mkdir()
    page.write("text", "Adiós.")
    seen: list[bool] = []
    panel.observe(lambda change: seen.append(panel.busy), "busy")
    page.say("run")
    assert panel.wait(120)
    assert panel.error == ""
    assert panel.result is not None
    assert seen == [True, False]
    assert Path("out/a.txt").read_text() == "Adiós."
    assert {one["path"] for one in panel.made} >= {"out/a.txt", "out/a.ipynb"}
    assert panel.played == {}  # a text does not play
    assert "out/a.txt" in panel.twin()
    assert panel.notes["output"].startswith("is there")


@pytest.mark.notebook
def test_it_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    code = "import time, pathlib\npathlib.Path('begun').touch()\ntime.sleep(600)"
    panel = form(small_notebook(tmp_path, "x: int = 1", code))
    page = Page(panel)
    page.say("run")
    for _ in range(6_000):
        if (tmp_path / "begun").exists() or panel.wait(0.01):
            break
    assert panel.busy
    page.say("stop")
    assert panel.wait(60)
    assert (panel.busy, panel.error, panel.result) == (False, "", None)


@pytest.mark.notebook
def test_a_failure_is_told_with_its_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    panel = form(small_notebook(tmp_path, "x: int = 1", "1 / 0"))
    Page(panel).say("run")
    assert panel.wait(120)
    assert "ZeroDivisionError" in panel.error
    assert "a.failed.ipynb" in panel.error
    with pytest.raises(JobError, match="ZeroDivisionError"):
        panel.run(x=2)


def test_it_looks_as_a_batch_does_before_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Voices, and files that stand in texts, were known to be wrong by the kernel alone."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "talks").mkdir()
    panel = form("captioned_short")
    controls = {one["name"]: one["control"] for one in panel.fields}
    assert (controls["script"], controls["music"], controls["images"]) == ("lines", "path", "list")
    assert not panel.mistakes
    entered = {
        "script": "talks",
        "voice": "espeak:nobody",
        "images": "no.jpg",
        "size": "1x2",
        "output": "a.mp3",
        "fps": "many",
    }
    for name, text in entered.items():
        Page(panel).write(name, text)
    assert panel.mistakes.keys() == entered.keys()
    assert panel.command == ""
    assert "is a folder" in panel.mistakes["script"]
    assert "is not a voice" in panel.mistakes["voice"]
    with pytest.raises(ParameterError):
        panel.run()
    panel.reset()
    assert not panel.mistakes


# -- what a person sees is what runs ------------------------------------------------------------


def test_a_field_that_nobody_touched_keeps_its_default(tmp_path: Path, monkeypatch):
    """A whole number was marked as changed at once, and a text became a list of one."""
    monkeypatch.chdir(tmp_path)
    cell = """
from typing import Literal
bits: int | str = 5
ways: list[str] | str = "a"
gap: float = 1
on: bool | str = True
any: dict | str = "a"
no: Literal["null", "a"] | None = None
sizes: list[int] | str = "a"
output: str = "b.txt"
"""
    work = "Path(output).write_text(repr((bits, ways, gap, on, any, no, sizes)))"
    panel = form(small_notebook(tmp_path, cell, f"from pathlib import Path\n{work}"))
    assert (panel.changed, panel.mistakes, panel.command) == ([], {}, "workbench run a.ipynb")
    panel.fill(ways="b")
    assert (panel.values["ways"], panel.changed, panel.command) == ("b", ["ways"], "")
    panel.reset()
    assert panel.changed == []
    panel.run()
    assert Path("b.txt").read_text() == "(5, 'a', 1, True, 'a', None, 'a')"
    Page(panel).write("ways", "b")  # what is typed there is a list
    assert panel.values["ways"] == ["b"]


def test_items_of_a_list_are_its_lines(page: Page):
    page.write("pictures", "[intro] hello\r\nsecond\u2028line\n\n")
    assert page.panel.values["pictures"] == ["[intro] hello", "second\u2028line"]
    page.write("pictures", '["a", "b"]')
    assert page.panel.values["pictures"] == ["a", "b"]


def test_a_text_of_several_lines_has_a_field_for_them(panel: Form):
    """A field of one line glued them together."""
    assert control_of(panel, "text") == "text"
    panel.fill(text="uno\ndos")
    assert (control_of(panel, "text"), panel.entered["text"]) == ("lines", "uno\ndos")
    panel.fill(text="uno")
    assert control_of(panel, "text") == "text"
    script = Parameter(name="script", annotation="str | Path", default="")
    assert form_fields.control(script) == "lines"


def control_of(panel: Form, name: str) -> str:
    return next(str(one["control"]) for one in panel.fields if one["name"] == name)


def test_a_notebook_that_has_changed_is_shown_before_it_runs(panel: Form, page: Page):
    """What ran was the new default, while the old one stood there."""
    panel.fill(speed=1.5, fit="pad")
    cell = CELL.replace('"Hola."', '"Adiós."').replace('"cover", "pad"', '"cover", "blur"')
    small_notebook(Path.cwd(), f"{cell}extra: int = 3\n", WRITE)
    with pytest.raises(ParameterError, match=r"a\.ipynb: has changed since the form was made"):
        panel.run()
    assert (panel.entered["text"], panel.entered["extra"]) == ("Adiós.", "3")
    assert (panel.changed, panel.values["fit"]) == (["speed"], "cover")
    panel.run()
    assert Path("out/a.txt").read_text() == "Adiós."
    small_notebook(Path.cwd(), CELL, WRITE)
    page.say("run")
    assert "has changed since the form was made" in panel.error
    assert panel.entered["text"] == "Hola."
