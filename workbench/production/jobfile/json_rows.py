"""Rows of JSON and of JSON lines."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.errors import suggest
from workbench.production.jobfile.rows import Mistake, Written

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.production.parameters import Parameter

__all__ = ["PARTS", "ValueCell", "read_json", "read_json_lines", "unknown_part"]

PARTS = ("defaults", "jobs")
"""What a file may be made of besides a list of jobs."""

_BLANK = re.compile(r"[ \t\r\n]*")


@dataclass(frozen=True)
class ValueCell:
    """A value, which must be of the parameter's type."""

    value: Any

    def read(self, parameter: Parameter) -> Any:
        """Return it as that type."""
        return parameter.check(self.value)


class _Wrong(ValueError):
    """What is written is no JSON, or not of jobs."""

    def __init__(self, problem: str, place: int, cure: str) -> None:
        super().__init__(problem)
        self.problem, self.place, self.cure = problem, place, cure


def read_json_lines(text: str) -> tuple[list[Written], list[Mistake]]:
    r"""Return the rows of a text with an object in each line; empty lines are passed over.

    Examples
    --------
    >>> rows, mistakes = read_json_lines('{"voice": "es"}\n\n[]\n')
    >>> [row.number for row in rows], [str(mistake) for mistake in mistakes]
    ([1], ['row 3: is a list, and no job; write {"name": value} in each line'])
    """
    rows, mistakes = [], []
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        if not line.strip():
            continue
        try:
            found = _object(line)
        except _Wrong as error:
            mistakes.append(Mistake(number, "", error.problem, error.cure))
        else:
            rows.append(Written(number=number, cells=_cells(found)))
    return rows, mistakes


def _object(line: str) -> dict[str, Any]:
    """Return the object that a line holds."""
    found, end = _value(line, _skip(line, 0))
    if line[end:].strip():
        raise _Wrong("has something after its object", end, _CURE_LINE)
    if not isinstance(found, dict):
        raise _Wrong(f"is a {type(found).__name__}, and no job", 0, _CURE_LINE)
    return found


def read_json(text: str) -> tuple[list[Written], list[Mistake]]:
    """Return the rows of a list of objects, or of ``{"defaults": {…}, "jobs": […]}``."""
    breaks = [found.end() for found in re.finditer(r"\r\n|\r|\n", text)]

    def line(place: int) -> int:
        return bisect_right(breaks, place) + 1

    try:
        defaults, jobs, where = _parts(text)
    except _Wrong as error:
        return [], [Mistake(line(error.place), "", error.problem, error.cure)]
    mistakes = [
        Mistake(line(place), "", f"is a {type(job).__name__}, and no job", _CURE)
        for place, job in jobs
        if not isinstance(job, dict)
    ]
    good = [(line(place), job) for place, job in jobs if isinstance(job, dict)]
    shared = _cells(defaults)
    return [
        Written(
            number=number,
            cells=shared | _cells(job),
            shared={name: line(where) for name in shared if name not in job},
        )
        for number, job in good
    ], mistakes


def unknown_part(name: str) -> tuple[str, str]:
    """Return the problem and the cure of a part of a file that means nothing."""
    cure = suggest(name, PARTS) or "write a list of jobs, or defaults and jobs"
    return f"{name!r} is no part of a job file", cure


_CURE = 'write a list of {"name": value}'
_CURE_LINE = 'write {"name": value} in each line'


def _cells(found: Mapping[str, Any]) -> dict[str, ValueCell]:
    return {name: ValueCell(value) for name, value in found.items()}


def _parts(text: str) -> tuple[dict[str, Any], list[tuple[int, Any]], int]:
    """Return the defaults, each job with its place, and the place of the defaults."""
    start = _skip(text, 0)
    jobs: list[tuple[int, Any]] = []
    defaults: dict[str, Any] = {}
    where = 0
    if text[start : start + 1] == "[":
        end = _list(text, start, jobs)
    elif text[start : start + 1] == "{":
        seen: set[str] = set()
        end = _skip(text, start + 1)
        while text[end : end + 1] != "}":
            name, place = _value(text, end)
            place = _skip(text, place)
            if not isinstance(name, str) or text[place : place + 1] != ":":
                raise _Wrong("is no JSON: a name and : belong here", end, _CURE)
            place = _skip(text, place + 1)
            if name not in PARTS or name in seen:
                problem, cure = unknown_part(name)
                if name in seen:
                    problem, cure = f"{name!r} is there twice", "put the two together"
                raise _Wrong(problem, end, cure)
            seen.add(name)
            if name == "jobs" and text[place : place + 1] == "[":
                end = _list(text, place, jobs)
            else:
                found, end = _value(text, place)
                if not isinstance(found, dict) or name == "jobs":
                    wanted = "a list" if name == "jobs" else "an object"
                    raise _Wrong(f"{name!r} must be {wanted}", place, _CURE)
                defaults, where = found, place
            end = _comma(text, end, "}")
        end += 1
    else:
        raise _Wrong("is no list of jobs", start, _CURE)
    if text[_skip(text, end) :]:
        raise _Wrong("has something after its end", _skip(text, end), "take it out")
    return defaults, jobs, where


def _list(text: str, start: int, jobs: list[tuple[int, Any]]) -> int:
    """Read a list; return where it has ended."""
    end = _skip(text, start + 1)
    while text[end : end + 1] != "]":
        place = end
        found, end = _value(text, place)
        jobs.append((place, found))
        end = _comma(text, end, "]")
    return end + 1


def _comma(text: str, end: int, closing: str) -> int:
    """Return the place of the next item, or of the end."""
    end = _skip(text, end)
    if text[end : end + 1] == ",":
        end = _skip(text, end + 1)
        if text[end : end + 1] != closing:
            return end
        raise _Wrong(f"is no JSON: a comma before {closing}", end, "take the comma out")
    if text[end : end + 1] != closing:
        raise _Wrong(f"is no JSON: , or {closing} belongs here", end, "look at this line")
    return end


def _skip(text: str, place: int) -> int:
    found = _BLANK.match(text, place)
    return found.end() if found else place


def _value(text: str, place: int) -> tuple[Any, int]:
    try:
        return _DECODER.raw_decode(text, place)
    except json.JSONDecodeError as error:
        told = error.msg[0].lower() + error.msg[1:]
        raise _Wrong(f"is no JSON: {told}", error.pos, "look at this line") from error
    except (ValueError, RecursionError) as error:  # a key twice, too deep, too long a number
        told = str(error) if isinstance(error, _Twice) else "a value too deep or too long"
        raise _Wrong(f"is no JSON for a job: {told}", place, "write it once and plainly") from error


class _Twice(ValueError):
    """A name stands twice in an object."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _Twice(f"{name!r} is there twice")
        found[name] = value
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_once)
