"""A line of a narration: which one is meant, and the narration with another take in its place."""

from __future__ import annotations

from dataclasses import replace
from numbers import Real
from typing import TYPE_CHECKING, cast

from workbench.errors import ParameterError, TextError
from workbench.script import Line, Script
from workbench.take import Narration, Part, Take

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "USUAL_GAP",
    "check_gap",
    "insert_take",
    "one_line_of",
    "place_of",
    "remove_line",
    "replace_part",
    "replace_take",
]

USUAL_GAP = 0.35
"""Seconds of silence before a line, as `workbench.speech.speak` leaves."""

_LONGEST_GAP = 60.0  # seconds, as there


def place_of(narration: Narration, line: int | Part) -> int:
    r"""Return where in ``narration.parts`` a line stands, counted from 0.

    Parameters
    ----------
    narration
        What was spoken.
    line
        The script's number of the line, ``part.line.number``, which warnings and the line board
        tell too; or the part itself, ``narration.parts[4]``, where a ``[pause]`` or a ``[voice:…]``
        makes several parts of one line of the script.

    Raises
    ------
    ParameterError
        When there is no such line, or the number is that of several parts.

    Examples
    --------
    >>> import workbench as wb
    >>> narration = wb.speak("One.\n\nTwo.")
    >>> place_of(narration, 3), place_of(narration, narration.parts[0])
    (1, 0)
    >>> place_of(narration, 2)
    Traceback (most recent call last):
    workbench.errors.ParameterError: line: there is no line 2; the lines are 1, 3
    """
    if isinstance(line, Part):
        for place, part in enumerate(narration.parts):
            if part is line or part == line:
                return place
        raise ParameterError(
            "that part is not in this narration",
            subject="line",
            cure="take it from narration.parts: those of an earlier narration have other times",
        )
    if isinstance(line, bool) or not isinstance(line, int):
        raise ParameterError(
            f"must be a line's number or a part of the narration, not {type(line).__name__}",
            subject="line",
        )
    numbers = [part.line.number for part in narration.parts]
    found = [place for place, number in enumerate(numbers) if number == line]
    if not found:
        raise ParameterError(
            f"there is no line {line}", subject="line", cure=f"the lines are {_listed(numbers)}"
        )
    if len(found) > 1:
        which = " or ".join(f"narration.parts[{place}]" for place in found[:4])
        raise ParameterError(
            f"{len(found)} parts stand in line {line}", subject="line", cure=f"give {which}"
        )
    return found[0]


def _listed(numbers: Iterable[int]) -> str:
    """Return numbers as a person writes them: 1-4, 6, 9-12."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    told = [f"{a}" if a == b else f"{a}-{b}" for a, b in runs[:8]]
    return ", ".join([*told, *(["…"] if len(runs) > 8 else [])])  # noqa: PLR2004 - enough to see


def one_line_of(text: object) -> str:
    r"""Return the text of one line as it is spoken: white space folded, without markup.

    Raises
    ------
    TextError
        When there is nothing to speak in it, or more than a line.
    ParameterError
        When it is no text.

    Examples
    --------
    >>> one_line_of(" It  works. ")
    'It works.'
    >>> one_line_of("One.\nTwo.")
    Traceback (most recent call last):
    workbench.errors.TextError: text: is 2 lines; give them one by one, with insert_line
    """
    if not isinstance(text, str):
        raise ParameterError(f"must be text, not {type(text).__name__}", subject="text")
    script = Script.parse(text)
    if len(script.lines) > 1:
        raise TextError(
            f"is {len(script.lines)} lines",
            subject="text",
            cure="give them one by one, with insert_line",
        )
    line = script.lines[0]
    if len(script.items) > 1 or line.voice is not None:
        raise TextError(
            "holds a [pause] or a [voice:…], which belong to a script",
            subject="text",
            cure="give the words alone; voice= names another voice",
        )
    return line.text


def replace_part(narration: Narration, place: int, line: Line, take: Take) -> Narration:
    """Return the narration with `line` as `take` at a place in its parts, counted from 0.

    The silence on both sides stays as long as it was, so what follows moves by the difference in
    length; all other takes are the same objects as before.
    """
    parts = narration.parts
    old = parts[place]
    later = take.duration - old.take.duration
    moved = [replace(p, start=p.start + later) if later else p for p in parts[place + 1 :]]
    return Narration(
        parts=(*parts[:place], replace(old, line=line, take=take), *moved),
        duration=narration.duration + later,
    )


def replace_take(narration: Narration, line: int | Part, take: Take) -> Narration:
    r"""Return the narration with another take of a line, such as one that was kept from before.

    Parameters
    ----------
    narration
        What was spoken.
    line
        Which line, see `place_of`.
    take
        What stands there from now on. Where it says another text, the line has that text.

    Returns
    -------
    Narration
        The silence between the lines is as long as it was; what follows moves.

    Raises
    ------
    ParameterError
        When there is no such line, or `take` is none.

    Examples
    --------
    >>> import workbench as wb
    >>> narration = wb.speak("One.\nTwo.\nThree.")
    >>> other = wb.speak("Twenty-two.").parts[0].take
    >>> replace_take(narration, 2, other).text.splitlines()
    ['One.', 'Twenty-two.', 'Three.']
    """
    place = place_of(narration, line)
    _check_take(take)
    old = narration.parts[place]
    kept = old.line if take.text == old.take.text else replace(old.line, text=take.text)
    return replace_part(narration, place, kept, take)


def insert_take(
    narration: Narration,
    take: Take,
    *,
    after: int | Part | None,
    gap: float = USUAL_GAP,
    line: Line | None = None,
) -> Narration:
    r"""Return the narration with a take more.

    Parameters
    ----------
    narration
        What was spoken.
    take
        The new line as spoken.
    after
        The line behind which it stands, see `place_of`; None for the beginning.
    gap
        Seconds of silence between the new line and the one it follows (at the beginning, the one
        that follows it), 0 to 60. Silence that is there already stays.
    line
        What the script says there; by default the take's text. Its number is set here: the lines
        that follow are counted on.

    Raises
    ------
    ParameterError
        When there is no such line, or the gap is out of range.

    Examples
    --------
    >>> import workbench as wb
    >>> narration = wb.speak("One.\nThree.")
    >>> longer = insert_take(narration, wb.speak("Two.").parts[0].take, after=1)
    >>> [(part.line.number, part.take.text) for part in longer.parts]
    [(1, 'One.'), (2, 'Two.'), (3, 'Three.')]
    """
    _check_take(take)
    gap = check_gap(gap)
    parts = narration.parts
    line = line or Line(text=take.text)
    later = gap + take.duration
    if after is None:
        number = parts[0].line.number
        new = Part(line=replace(line, number=number), take=take, start=parts[0].start)
        rest = [_moved(part, later, 1) for part in parts]
        return Narration(parts=(new, *rest), duration=narration.duration + later)
    place = place_of(narration, after)
    before, behind = parts[place], parts[place + 1 :]
    number = before.line.number + 1
    new = Part(line=replace(line, number=number), take=take, start=before.end + gap)
    # A line of the script that is parted by the new one becomes two.
    on = 2 if behind and behind[0].line.number < number else 1
    rest = [_moved(part, later, on) for part in behind]
    return Narration(parts=(*parts[: place + 1], new, *rest), duration=narration.duration + later)


def remove_line(narration: Narration, line: int | Part) -> Narration:
    r"""Return the narration without a line and the silence before it.

    At the beginning the silence behind it goes, and that before it stays. The lines that follow are
    counted down, unless another part stands in the same line of the script.

    Parameters
    ----------
    narration
        What was spoken.
    line
        Which line, see `place_of`.

    Raises
    ------
    ParameterError
        When there is no such line, or no other.

    Examples
    --------
    >>> import workbench as wb
    >>> narration = wb.speak("One.\nTwo.\nThree.")
    >>> [part.take.text for part in remove_line(narration, 2).parts]
    ['One.', 'Three.']
    """
    place = place_of(narration, line)
    parts = narration.parts
    if len(parts) == 1:
        raise ParameterError("it is the only line", subject="line", cure="retake it instead")
    gone = parts[place]
    last = place == len(parts) - 1
    earlier = gone.end - parts[place - 1].end if place else parts[1].start - gone.start
    if last:
        duration = narration.duration - earlier
        return Narration(parts=parts[:-1], duration=max(duration, parts[-2].end))
    shared = sum(part.line.number == gone.line.number for part in parts) > 1
    rest = [_moved(part, -earlier, 0 if shared else -1) for part in parts[place + 1 :]]
    return Narration(parts=(*parts[:place], *rest), duration=narration.duration - earlier)


def _moved(part: Part, seconds: float, numbers: int) -> Part:
    line = replace(part.line, number=part.line.number + numbers) if numbers else part.line
    return replace(part, line=line, start=part.start + seconds)


def check_gap(gap: object) -> float:
    """Return the seconds of a silence between two lines.

    Raises
    ------
    ParameterError
        When it is no number from 0 to 60.

    Examples
    --------
    >>> check_gap(1)
    1.0
    """
    number = isinstance(gap, Real) and not isinstance(gap, bool)
    if not number or not 0 <= cast("float", gap) <= _LONGEST_GAP:
        raise ParameterError(f"must be 0 to 60 seconds, not {gap!r}", subject="gap")
    return float(cast("float", gap))


def _check_take(take: object) -> None:
    if not isinstance(take, Take):
        raise ParameterError(
            f"must be a Take, not {type(take).__name__}",
            subject="take",
            cure="such as narration.parts[0].take",
        )
