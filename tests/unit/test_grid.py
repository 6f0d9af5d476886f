from __future__ import annotations

from typing import Any

import pytest

from workbench.errors import ParameterError
from workbench.production.grid import grid
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
        (
            {"voice": [str(n) for n in range(400)], "pictures": [str(n) for n in range(400)]},
            "has 160,000 combinations",
        ),
    ],
)
def test_what_is_no_grid_is_refused(axes: dict[str, Any], told: str):
    with pytest.raises(ParameterError, match=told):
        grid(KNOWN, axes)
