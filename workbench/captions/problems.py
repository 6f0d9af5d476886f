"""What a viewer would stumble over in a set of cues, and what sets it right.

The limits are those of Netflix's Timed Text Style Guide where it has one: 42 letters in a line and
two lines; 5/6 of a second to 7 seconds on the screen; 17 letters a second in most languages with an
alphabet and 20 in English, 9 in Chinese. Cues follow each other at once or after a gap that is seen
as one: what is empty for less than a quarter of a second is taken for a flash.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.captions.edits import Edit
from workbench.captions.segment import FLICKER, LONGEST, SHORTEST, shown, usual_speed
from workbench.captions.typed import is_empty
from workbench.errors import ParameterError
from workbench.options import Options, option
from workbench.text.letters import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from workbench.captions.cue import Cue
    from workbench.captions.cues import Cues

__all__ = ["KINDS", "Limits", "Problem", "fixed", "pace_limit", "problems", "sentences"]

_HASTE = 1.2  # a cue this much faster than the usual speed is worth a word
_SOON = 0.01  # seconds; shorter overlaps are rounding
_ROUNDS = 8  # fixes of one cue that may each call for another
_CLOSE = 2e-3  # seconds: what files round to, on either side


@dataclass(frozen=True, kw_only=True)
class Limits(Options):
    """What a viewer reads with ease.

    Examples
    --------
    >>> Limits(letters=20).letters, Limits().longest
    (20, 7.0)
    """

    letters: int = option(
        42, minimum=1, maximum=500, step=1, unit="letters", help="The most in a line"
    )
    lines: int = option(2, minimum=1, maximum=10, step=1, help="The most lines in a cue")
    speed: float = option(
        0, minimum=0, maximum=1000, step=0.5, unit="letters/s",
        help="The most, spaces not counted; 0 for 20, or 11 in Chinese, Japanese and Korean",
    )  # fmt: skip
    shortest: float = option(
        SHORTEST, minimum=0, maximum=60, step=0.05, unit="s", help="The least a cue stays"
    )
    longest: float = option(
        LONGEST, minimum=0.1, maximum=600, step=0.5, unit="s", help="The most a cue stays"
    )
    gap: float = option(
        FLICKER, minimum=0, maximum=5, step=0.05, unit="s",
        help="The shortest time without a cue between two that do not touch",
    )  # fmt: skip


_SAID = {
    "fast": "{0:.1f} letters/s, limit {1:.0f}",
    "short": "stays only {0:.2f} s",
    "long": "stays {0:.1f} s, and {1:g} are enough",
    "line": "a line of {0:.0f} letters, and {1:.0f} fit",
    "lines": "{0:.0f} lines, and {1:.0f} fit",
    "overlap": "overlaps the next by {0:.2f} s",
    "gap": "the screen is empty for {0:.2f} s before the next",
    "empty": "has no text",
    "beyond": "ends at {0:.2f} s, and the media at {1:.2f}",
}

KINDS = tuple(_SAID)
"""The kinds of problems, in the order in which they are told."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong with one cue.

    Parameters
    ----------
    cue
        Which, from 0.
    kind
        One of `KINDS`.
    figure, limit
        What was measured and what it should be at most (for ``short`` and ``gap``, at least), in
        letters, lines, letters a second or seconds, as the kind has it.
    fix
        What would set it right, where that is obvious.

    Raises
    ------
    ParameterError
        When there is no such kind.

    Examples
    --------
    >>> str(Problem(cue=0, kind="lines", figure=3, limit=2))
    'caption 1: 3 lines, and 2 fit'
    """

    cue: int
    kind: str
    figure: float
    limit: float
    fix: Edit | None = None

    def __post_init__(self) -> None:
        if self.kind not in _SAID:
            raise ParameterError(f"{self.kind!r} is none of them", subject="kind")

    @property
    def text(self) -> str:
        """What is wrong, where it is plain of which caption."""
        return _SAID[self.kind].format(self.figure, self.limit)

    def __str__(self) -> str:
        return f"caption {self.cue + 1}: {self.text}"

    def to_dict(self) -> dict[str, Any]:
        """Return the problem as plain values, for JSON."""
        data = {"cue": self.cue, "kind": self.kind, "figure": self.figure, "limit": self.limit}
        return {**data, "fix": self.fix.to_dict()} if self.fix else data

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Problem:
        """Return the problem that `to_dict` described."""
        fix = Edit.from_dict(data["fix"]) if data.get("fix") else None
        return cls(**{**data, "fix": fix})


def problems(
    cues: Cues | Sequence[Cue], duration: float | None = None, *, limits: Limits | None = None
) -> tuple[Problem, ...]:
    """Return what a viewer would stumble over, cue by cue.

    Parameters
    ----------
    cues
        Captions.
    duration
        Seconds of the media, where it is known: no cue should be shown after its end.
    limits
        What counts as too much.

    Examples
    --------
    >>> from workbench.captions.cues import Cues
    >>> from workbench.captions.editing import insert
    >>> one = insert(Cues(cues=()), 0, end=0.5, text="Incomprehensibilities!")
    >>> found = problems(one)
    >>> [(p.kind, str(p)) for p in found]
    [('fast', 'caption 1: 44.0 letters/s, limit 20')]
    >>> problems(found[0].fix(one))
    ()
    """
    limits = limits or Limits()
    speed = pace_limit(cues, limits)
    return tuple(
        problem for i in range(len(cues)) for problem in _of(i, cues, speed, duration, limits)
    )


def pace_limit(cues: Iterable[Cue], limits: Limits) -> float:
    """Return the letters a second above which a cue of these counts as too fast.

    Examples
    --------
    >>> pace_limit([], Limits()), pace_limit([], Limits(speed=15))
    (20.4, 15.0)
    """
    return limits.speed or _HASTE * usual_speed(word for cue in cues for word in cue.words)


def _of(
    i: int, cues: Cues | Sequence[Cue], speed: float, duration: float | None, limits: Limits
) -> Iterator[Problem]:
    """Yield the problems of one cue."""
    cue = cues[i]
    after = cues[i + 1].start if i + 1 < len(cues) else None
    ceiling = min(math.inf if after is None else after, duration or math.inf)
    if is_empty(cue):
        yield Problem(cue=i, kind="empty", figure=0, limit=1, fix=Edit.of("delete", which=i))
    else:
        yield from _pace(i, cue, speed, ceiling, limits)
        yield from _shape(i, cue, limits)
    if after is not None:
        yield from _between(i, cue, after, limits)
    if duration and cue.end > duration + _SOON:
        # A cue that begins after the end belongs elsewhere: who knows where?
        room = duration - cue.start >= SHORTEST / 2
        fix = Edit.of("move", index=i, end=duration) if room else None
        yield Problem(cue=i, kind="beyond", figure=cue.end, limit=duration, fix=fix)


def fixed(cues: Cues, duration: float | None = None, *, limits: Limits | None = None) -> Cues:
    """Return the cues with every problem set right that has an obvious fix.

    Parameters
    ----------
    cues, duration, limits
        As for `problems`.

    Examples
    --------
    >>> from workbench.captions.cues import Cues
    >>> from workbench.captions.editing import insert
    >>> one = insert(Cues(cues=()), 0, end=0.5, text="Incomprehensibilities!")
    >>> problems(fixed(one))
    ()
    """
    limits = limits or Limits()
    speed = pace_limit(cues, limits)
    # From the end, where a cue that gives way does not move those still to be looked at.
    i, rounds = len(cues) - 1, 0
    while i >= 0:
        fixes = (p.fix for p in _of(i, cues, speed, duration, limits) if p.fix)
        fix = next(fixes, None) if rounds < _ROUNDS else None
        if fix is None:
            i, rounds = i - 1, 0
            continue
        before, cues = len(cues), fix(cues)
        i, rounds = min(i + len(cues) - before, len(cues) - 1), rounds + 1
    return cues


def _pace(i: int, cue: Cue, speed: float, ceiling: float, limits: Limits) -> Iterator[Problem]:
    """Yield that a cue is too fast, too short or too long."""
    pace = cue.reading_speed
    size = pace * cue.duration
    end = cue.start + max(size / speed, limits.shortest) + _CLOSE / 4
    if ceiling - end < limits.gap:
        end = ceiling if math.isfinite(ceiling) else end  # no flash before the next
    enough = end - cue.start >= max(size / speed, limits.shortest) and end <= ceiling
    longer = Edit.of("move", index=i, end=end) if enough else None
    if pace > speed * (1 + 1e-9):
        yield Problem(cue=i, kind="fast", figure=pace, limit=speed, fix=longer)
    elif cue.duration < limits.shortest - _CLOSE:
        yield Problem(cue=i, kind="short", figure=cue.duration, limit=limits.shortest, fix=longer)
    if cue.duration > limits.longest + _CLOSE:
        said = max(word.end for word in cue.words)
        fix = None
        if said <= cue.start + limits.longest:
            fix = Edit.of("move", index=i, end=cue.start + limits.longest)
        elif len(cue.words) > 1:
            fix = Edit.of("split", index=i)
        yield Problem(cue=i, kind="long", figure=cue.duration, limit=limits.longest, fix=fix)


def _shape(i: int, cue: Cue, limits: Limits) -> Iterator[Problem]:
    """Yield that a line is too long, or that there are too many."""
    anew = Edit.of("rebreak", index=i, letters=limits.letters, lines=limits.lines)
    longest = max(map(count, map(shown, cue.lines)))
    if longest > limits.letters:
        # A lone word that is too long has a line to itself already.
        several = any(len(line) > 1 and count(shown(line)) > limits.letters for line in cue.lines)
        fix = anew if several else None
        yield Problem(cue=i, kind="line", figure=longest, limit=limits.letters, fix=fix)
    if len(cue.lines) > limits.lines:
        yield Problem(cue=i, kind="lines", figure=len(cue.lines), limit=limits.lines, fix=anew)


def _between(i: int, cue: Cue, after: float, limits: Limits) -> Iterator[Problem]:
    """Yield that a cue overlaps the next, or leaves the screen empty for a blink."""
    room = after - cue.start >= min(SHORTEST / 2, limits.shortest)
    fix = Edit.of("move", index=i, end=after) if room else None
    if cue.end - after > _SOON:
        yield Problem(cue=i, kind="overlap", figure=cue.end - after, limit=0, fix=fix)
    elif _CLOSE < after - cue.end < limits.gap - _CLOSE:
        yield Problem(cue=i, kind="gap", figure=after - cue.end, limit=limits.gap, fix=fix)


def sentences(
    cues: Sequence[Cue], *, letters: int, lines: int, reading_speed: float | None
) -> Iterator[str]:
    """Yield a sentence for each problem that is worth a word; see `Cues.problems`.

    What `caption` could not avoid is not: a cue may be as short as half of what is wanted.
    """
    limits = Limits(
        letters=letters, lines=lines, speed=reading_speed or 0, shortest=SHORTEST / 2, gap=0
    )
    for problem in problems(cues, limits=limits):
        if problem.kind != "long":
            where = f"caption {problem.cue + 1} ({cues[problem.cue].start:.1f} s)"
            yield f"{where}: {problem.text}"
