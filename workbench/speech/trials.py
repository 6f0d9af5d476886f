"""Trials of a blind comparison: who meets whom, on which side, in which order; and the answers."""

from __future__ import annotations

import itertools
import math
import random
import re
import secrets
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from workbench.errors import ParameterError, shown
from workbench.speech.bounds import is_number

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["CHOICES", "KINDS", "MOST", "NONE", "Answer", "Trial", "pairs_of", "schedule"]

KINDS = {
    "ab": "which of the two is better",
    "abx": "which of the two is X",
}
"""What a listener is asked in each kind of comparison."""

NONE = "none"
"""The choice of a listener who hears no difference."""

CHOICES = ("A", "B", NONE)

MOST = 5_000
"""The most trials of a session."""

_UID = re.compile(r"[0-9a-f]{16}")
_LONGEST = 1e9  # seconds over an answer


@dataclass(frozen=True, kw_only=True)
class Trial:
    """Two takes to be told apart, and where they stand.

    Parameters
    ----------
    uid
        16 hexadecimal digits that say nothing about the takes: all that a page knows of the trial.
    a, b
        The labels of the takes that are heard as A and as B.
    x
        The label of the take that is heard as X; empty where there is none.

    Raises
    ------
    ParameterError
        When a value is of another kind, or X is neither A nor B.
    """

    uid: str
    a: str
    b: str
    x: str = ""

    def __post_init__(self) -> None:
        if not all(isinstance(text, str) for text in (self.uid, self.a, self.b, self.x)):
            raise ParameterError("needs its uid and labels as text", subject="trial")
        if not _UID.fullmatch(self.uid):
            raise ParameterError(f"has the uid {shown(self.uid)}", subject="trial")
        if not self.a or not self.b or self.a == self.b:
            raise ParameterError("needs two takes", subject=f"trial {self.uid}")
        if self.x not in {"", self.a, self.b}:
            raise ParameterError("has an X that is neither A nor B", subject=f"trial {self.uid}")

    @property
    def right(self) -> str:
        """The choice that is right, ``A`` or ``B``; empty where there is no X to recognise."""
        if not self.x:
            return ""
        return "A" if self.x == self.a else "B"

    def to_dict(self) -> dict[str, Any]:
        """Return the trial as plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Trial:
        """Return the trial that `to_dict` described."""
        return cls(uid=data["uid"], a=data["a"], b=data["b"], x=data["x"])


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a listener said in a trial.

    Parameters
    ----------
    trial
        The uid of the trial.
    choice
        ``A``, ``B`` or ``none``.
    seconds
        How long it took, as far as somebody measured it.

    Raises
    ------
    ParameterError
        When the choice is none of these, or the seconds are no time.
    """

    trial: str
    choice: str
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.choice not in CHOICES:
            raise ParameterError(
                f"must be one of {', '.join(CHOICES)}, not {shown(self.choice)}", subject="choice"
            )
        if self.seconds is None:
            return
        if not is_number(self.seconds, 0, _LONGEST):
            raise ParameterError(f"must be 0 or more, not {shown(self.seconds)}", subject="seconds")
        object.__setattr__(self, "seconds", round(float(self.seconds), 3))

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Answer:
        """Return the answer that `to_dict` described."""
        return cls(trial=data["trial"], choice=data["choice"], seconds=data["seconds"])


def pairs_of(labels: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return every pair of the labels, in their order.

    Examples
    --------
    >>> pairs_of(["a", "b", "c"])
    (('a', 'b'), ('a', 'c'), ('b', 'c'))
    """
    return tuple(itertools.combinations(labels, 2))


def schedule(labels: Sequence[str], *, kind: str, rounds: int, seed: int) -> tuple[Trial, ...]:
    """Return the trials of a session in the order in which they are heard.

    In each of the rounds every pair is heard once, in a new order, so that a session which ends
    early is still nearly balanced. Of each pair either take is A as often as the other (in an odd
    number of rounds once more, by chance), so that a liking for A cancels out. X is tossed for in
    each trial, on its own: who knew that it is balanced could count.

    Parameters
    ----------
    labels
        Two or more, none of them twice.
    kind
        A key of `KINDS`.
    rounds
        How often each pair is heard, 1 or more.
    seed
        Of all that is left to chance but the uids, which are random and mean nothing.

    Raises
    ------
    ParameterError
        When there would be more than `MOST` trials.

    Examples
    --------
    >>> trials = schedule(["old", "new"], kind="abx", rounds=4, seed=1)
    >>> sorted(trial.a for trial in trials), {trial.x for trial in trials} <= {"old", "new"}
    (['new', 'new', 'old', 'old'], True)
    """
    pairs = pairs_of(labels)
    if len(pairs) * rounds > MOST:
        raise ParameterError(
            f"makes {len(pairs) * rounds:,} trials of {len(pairs):,} pairs; a session has at most "
            f"{MOST:,}",
            subject="rounds",
            cure="compare fewer takes, or in fewer rounds",
        )
    chance = random.Random(seed)  # noqa: S311 - an order that can be made again, no secret
    sides = {pair: _sides(rounds, chance) for pair in pairs}
    trials = []
    for number in range(rounds):
        for pair in chance.sample(pairs, len(pairs)):
            a, b = pair[::-1] if sides[pair][number] else pair
            x = chance.choice((a, b)) if kind == "abx" else ""
            trials.append(Trial(uid=secrets.token_hex(8), a=a, b=b, x=x))
    return tuple(trials)


def _sides(rounds: int, chance: random.Random) -> list[bool]:
    """Return for each round whether the sides are changed: in half of them."""
    half = math.ceil(rounds / 2)
    sides = ([False, True] if chance.random() < 0.5 else [True, False]) * half  # noqa: PLR2004
    sides = sides[:rounds]
    chance.shuffle(sides)
    return sides
