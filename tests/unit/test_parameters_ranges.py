from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from small_notebook import small_notebook

from workbench.errors import ParameterError
from workbench.production.parameters import Parameter, missing, mistakes, parameters
from workbench.production.parameters.ranges import read_range

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("comment", "minimum", "maximum", "unit", "told"),
    [
        ("0.5..2 x, how fast", 0.5, 2, "x", "how fast"),
        ("0.5..2, how fast", 0.5, 2, "", "how fast"),
        ("0.5..2 how fast it is", 0.5, 2, "", "how fast it is"),
        ("-24..-6 LUFS; how loud", -24, -6, "LUFS", "how loud"),
        ("1..", 1, None, "", ""),
        ("1.., takes", 1, None, "", "takes"),
        ("..10 dB", None, 10, "dB", ""),
        ("1e-3..1E3 %", 0.001, 1000, "%", ""),
        ("3..3", 3, 3, "", ""),
        ("", None, None, "", ""),
        ("0 to 4", None, None, "", "0 to 4"),
        ("..", None, None, "", ".."),
        ("1...3", None, None, "", "1...3"),
        ("... and so on", None, None, "", "... and so on"),
        ("1..x", None, None, "", "1..x"),
        ("see 1..3", None, None, "", "see 1..3"),
    ],
)
def test_a_comment_may_begin_with_a_range_and_a_unit(
    comment: str, minimum: float | None, maximum: float | None, unit: str, told: str
):
    found = read_range(comment)
    assert (found.minimum, found.maximum, found.unit, found.help) == (minimum, maximum, unit, told)


CELL = """\
from pathlib import Path
speed: float = 1.0  # 0.5..2 x, how fast
count: int | None = None  # 1.., takes
# ..0 dB, of each voice
levels: list[float] = [-3.0]
level: float | Literal["none", 9] = "none"  # -30..0 LUFS
pages: str = ""  # 1..3, say, or all
bed: Path | None = None  # a sound
pictures: list[Path] = [Path("a.png"), "b.png"]
output: Path = Path("out/a.mp4")
"""


@pytest.fixture
def known(tmp_path: Path) -> dict[str, Parameter]:
    return {p.name: p for p in parameters(small_notebook(tmp_path, CELL))}


def test_the_range_is_read_where_numbers_are_meant(known: dict[str, Parameter]):
    found = {p.name: (p.minimum, p.maximum, p.unit, p.help) for p in known.values()}
    assert found["speed"] == (0.5, 2, "x", "how fast")
    assert found["levels"] == (None, 0, "dB", "of each voice")
    assert found["pages"] == (None, None, "", "1..3, say, or all")
    assert known["speed"].range == "0.5 to 2 x"
    assert known["pictures"].default == ["a.png", "b.png"]
    assert known["output"].default == "out/a.mp4"


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("speed", 2.1, r"^speed: must be 0\.5 to 2 x, not 2\.1; choose a number in that range$"),
        ("speed", 0, "must be 0.5 to 2 x, not 0.0"),
        ("count", 0, "must be at least 1, not 0"),
        ("levels", [-1.0, 0.5], "must be at most 0 dB, not 0.5"),
        ("level", -31, "must be -30 to 0 LUFS, not -31"),
    ],
)
def test_a_number_out_of_its_range_is_refused(
    known: dict[str, Parameter], name: str, value: Any, told: str
):
    with pytest.raises(ParameterError, match=told):
        known[name].check(value)


@pytest.mark.parametrize(
    ("name", "value"),
    [("speed", 2), ("speed", 0.5), ("count", None), ("levels", []), ("level", 9), ("level", 0)],
)
def test_the_ends_and_what_is_no_number_are_in_the_range(
    known: dict[str, Parameter], name: str, value: Any
):
    assert known[name].check(value) == value


@pytest.mark.parametrize(
    ("annotation", "value", "kept"),
    [
        ("bool | int", True, True),
        ("int | bool", 1, 1),
        ("float | int", 3, 3),
        ("int | float", 3, 3),
        ("float | None", 3, 3.0),
        ("list[float]", [1], [1.0]),
        ("dict[str, float]", {"a": 1}, {"a": 1.0}),
        ("list[int] | list[str]", ["a"], ["a"]),
        ("list | None", [1, "a"], [1, "a"]),
        ("Literal[True, 'a']", True, True),
    ],
)
def test_a_value_keeps_the_nearest_of_its_types(annotation: str, value: Any, kept: Any):
    found = Parameter(name="x", annotation=annotation, default=None).check(value)
    assert (repr(found), type(found)) == (repr(kept), type(kept))


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        ("Literal[1, 2]", True),  # which is 1 for Python
        ("Literal[1, 2]", 1.0),
        ("Literal[False]", 0),
        ("int", True),
        ("float", False),
        ("int", 3.0),
        ("list[int]", [True]),
        ("Path", "a\nb"),
        ("Path", " "),
        ("Path", "a" * 256),
        ("Path", "é" * 128),
        ("Path", "a/" * 2100),
        ("list[Path]", ["a", ""]),
        ("list", [[]]),
    ],
)
def test_nothing_passes_for_what_it_is_not(annotation: str, value: Any):
    if annotation == "list":  # in itself, as Python allows and JSON does not
        value[0].append(value)
    with pytest.raises(ParameterError):
        Parameter(name="x", annotation=annotation, default=None).check(value)


def test_a_list_of_choices_tells_them():
    kinds = Parameter(name="x", annotation="list[Literal['srt', 'vtt']]", default=["srt"])
    for value, cure in ((["sub"], "the values are srt, vtt"), (["srt", "vtts"], "mean 'vtt'")):
        with pytest.raises(ParameterError, match=cure):
            kinds.check(value)


def test_every_refusal_says_what_to_do(known: dict[str, Parameter]):
    bad = {
        "speed": "1,5",
        "count": "many",
        "levels": 3,
        "level": "nine",
        "bed": "",
        "pictures": [3],
        "outptu": "a",
    }
    found = mistakes(list(known.values()), bad)
    assert list(found) == list(bad)
    assert all(error.cure for error in found.values())
    assert found["speed"].cure == "write it with a point: 1.5"
    assert found["outptu"].cure.startswith("did you mean 'output'")
    assert found["level"].cure == "did you mean 'none'?"


def test_files_that_are_not_there_are_named_with_the_nearest(
    known: dict[str, Parameter], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "b.png").touch()
    (tmp_path / "pictures").mkdir()
    assert missing(known["pictures"], ["b.png", "pictures"]) is None
    assert missing(known["bed"], None) is None
    assert missing(known["output"], "none/a.mp4") is None
    assert missing(known["pages"], "none.txt") is None
    told = str(missing(known["pictures"], ["b.png", "b.pgn"]))
    assert told == "pictures: there is no such file as b.pgn; did you mean 'b.png'?"
    assert f"is meant in {tmp_path}" in str(missing(known["bed"], "q/zzz.wav"))
    assert missing(known["bed"], "b.png", folder=tmp_path / "pictures") is not None
    assert "home of nobody" in str(missing(known["bed"], "~nobody-of-that-name/a"))


SUFFIXED = """\
from pathlib import Path
text: str | Path = "Good morning."  # .txt or .md, or the text itself
sources: list[str | Path] = ["One."]
bed: Path | None = None  # .wav or .mp3; with pictures .mp4
note: str = ".x"  # .a or .b is only help here
font: str | Path = ""
output: str = "a.wav"  # .wav or .mp3, the sound
"""


def test_suffixes_and_texts_are_known_from_the_cell(tmp_path: Path):
    known = {p.name: p for p in parameters(small_notebook(tmp_path, SUFFIXED))}
    assert known["bed"].suffixes == (".wav", ".mp3", ".mp4")
    assert [name for name, p in known.items() if p.sample] == ["text", "sources"]
    assert known["bed"].check("a.MP4") == "a.MP4"
    assert known["note"].check("c") == "c"
    assert known["font"].check("") == ""
    found = mistakes(
        list(known.values()),
        {"bed": "bed.wave", "output": "out/a", "text": " \n", "sources": ["One.", ""]},
    )
    assert [str(error) for error in found.values()] == [
        "bed: must end in .wav, .mp3, .mp4, not 'bed.wave'; did you mean '.wav'?",
        "output: must end in .wav, .mp3, not 'out/a'; take one of these",
        "text: is empty; write the text, or the path of a file (.txt, .md)",
        "sources: is empty; write the text, or the path of a file",
    ]
    assert mistakes(list(known.values()), {"sources": []})
    (film,) = parameters(small_notebook(tmp_path, "film: Path = 'a.mp4'  # .mp4"))
    for text, cure in (("out/b.mkv", "such as 'out/b.mp4'"), ("/", "take one of these")):
        with pytest.raises(ParameterError, match=f"must end in .mp4, not '{text}'; {cure}"):
            film.check(text)


def test_a_text_that_is_a_path_to_nothing_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """It was spoken: a folder, a path without its suffix, a slip in it, a file of another kind."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "talks").mkdir()
    (tmp_path / "talks/monday.txt").touch()
    (tmp_path / "a.pdf").touch()
    (tmp_path / "m.txt").touch()  # no slip of n.txt
    known = {p.name: p for p in parameters(small_notebook(tmp_path, SUFFIXED))}
    for good in ("Hola.", "talks/monday.txt", "and/or."):
        assert missing(known["text"], good) is None
    told = [str(missing(known["text"], bad)) for bad in ("talks", "talks/monday", "a.pdf", "n.txt")]
    said = "or end it with a full stop if it is to be said"
    assert told == [
        f"text: talks: is a folder, not a text; name a file in it, {said}",
        (
            "text: talks/monday: looks like a path, and there is no such file; "
            f"did you mean 'talks/monday.txt', {said}"
        ),
        (
            "text: a.pdf: is the name of a pdf, not a text; give the text, "
            "or a file that ends in .txt, .md"
        ),
        f"text: there is no such file as n.txt; check the path, which is meant in {tmp_path}",
    ]
    assert missing(known["sources"], ["One.", "talks/tuesday"]) is not None
    assert missing(known["text"], "monday.txt", folder=tmp_path / "talks") is None
