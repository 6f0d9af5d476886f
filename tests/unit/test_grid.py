from __future__ import annotations

from typing import Any

import pytest

from workbench.errors import ParameterError
from workbench.production.grid import grid, grid_mistakes, read_axes
from workbench.production.parameters import Parameter

KNOWN = [
    Parameter(name="voice", annotation="str", default="es"),
    Parameter(name="speed", annotation="float", default=1.0, minimum=0.5, maximum=2.0),
    Parameter(name="pictures", annotation="list[str]", default=[]),
    Parameter(name="output", annotation="Path", default="a.mp4"),
]


def test_all_combinations_are_there_once_and_in_order():
    rows = grid(KNOWN, {"voice": ["007", "en"], "speed": ["1", 2]})
    assert [row.values for row in rows] == [
        {"voice": "007", "speed": 1.0},
        {"voice": "007", "speed": 2.0},
        {"voice": "en", "speed": 1.0},
        {"voice": "en", "speed": 2.0},
    ]
    assert [row.number for row in rows] == [1, 2, 3, 4]
    assert [row.values for row in grid(KNOWN, {})] == [{}]
    lists = grid(KNOWN, {"pictures": ["a.png", '["b", "c"]', ["d"]]})
    assert [row.values["pictures"] for row in lists] == [["a.png"], ["b", "c"], ["d"]]


@pytest.mark.parametrize(
    ("axes", "told"),
    [
        ({"vioce": ["a"]}, "did you mean 'voice'"),
        ({"speed": ["1", "3"]}, "speed: must be 0.5 to 2, not 3"),
        ({"speed": ["fast"]}, "speed: needs float"),
        ({"speed": []}, "speed: has no values"),
        ({"speed": ["1", "1.0"]}, "speed: has '1.0' twice"),
        ({"output": ["a", "b"]}, "output: is written by every job"),
        ({"voice": "es"}, "voice: must be a list of values, not 'es'"),
        ({"voice": 3}, "voice: must be a list of values, not 3"),
        ([("voice", ["a"])], "grid: must be values by name, not list"),
        (
            {"voice": [str(n) for n in range(400)], "pictures": [str(n) for n in range(400)]},
            "has 160,000 combinations",
        ),
    ],
)
def test_what_is_no_grid_is_refused(axes: Any, told: str):
    with pytest.raises(ParameterError, match=told):
        grid(KNOWN, axes)


def test_every_mistake_of_a_grid_is_told():
    """Only the first was."""
    wrong = {"speed": ["x", "1", "3"], "vioce": ["a"], "output": ["a"], "voice": ["a", "a"]}
    assert [error.subject for error in grid_mistakes(KNOWN, wrong)] == [
        "speed", "speed", "vioce", "output", "voice"
    ]  # fmt: skip


def test_values_of_an_axis_may_hold_blanks_and_commas():
    """They were cut there, and the pieces taken for other axes."""
    assert read_axes(["title=Good morning,Bye", 'voice="a, ""b""", c', 'pictures=["a","b"],d']) == {
        "title": ["Good morning", "Bye"],
        "voice": ['a, "b"', "c"],
        "pictures": ['["a","b"]', "d"],
    }


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (["voice"], "voice: is no axis; write it as NAME=A,B"),
        (["voice="], "is no axis"),
        (["=a"], "is no axis"),
        (["voice=a", "voice=b"], "--grid voice: is given twice; put all its values into one"),
        (["voice=a,b speed=1"], "holds another axis, speed; give it as a word of its own"),
        (['voice="a"b'], "something after a quote"),
    ],
)
def test_what_is_no_axis_is_refused(texts: list[str], told: str):
    with pytest.raises(ParameterError, match=told):
        read_axes(texts)
