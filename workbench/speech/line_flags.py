"""What is to be said of a line of a narration: a flag with its figure and its limit."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from workbench.errors import ParameterError
from workbench.speech.fuse import FLAGS

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["KINDS", "Flag", "LineFlags"]

KINDS: Mapping[str, str] = MappingProxyType(
    {
        **FLAGS,
        "slow": "it takes longer for its text than the other lines by this voice",
        "quick": "it takes less time for its text than the other lines by this voice",
        "loud": "it is louder than the other lines",
        "quiet": "it is quieter than the other lines",
        "warning": "the engine has something to say about it",
    }
)
"""What each flag means: those of `workbench.speech.fuse.FLAGS`, and what a line's neighbours tell.
"""


@dataclass(frozen=True, kw_only=True)
class Flag:
    """One thing about a line that is worth a second hearing.

    Parameters
    ----------
    kind
        Of `KINDS`.
    text
        What it means, for a person.
    figure, limit
        What was measured and what it may be at most or at least; None where there is no number to
        it.
    unit
        Of both, as it follows the number: `` times`` (the usual), `` %``, `` dB``, `` s``; empty
        for none.
    """

    kind: str
    text: str
    figure: float | None = None
    limit: float | None = None
    unit: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ParameterError(f"{self.kind!r} is not one of {', '.join(KINDS)}", subject="flag")

    def __str__(self) -> str:
        if self.figure is None or self.limit is None:
            return f"{self.kind}: {self.text}"
        figure, limit = (f"{value:.4g}{self.unit}" for value in (self.figure, self.limit))
        return f"{self.kind}: {self.text} ({figure}, the limit is {limit})"

    def to_dict(self) -> dict[str, Any]:
        """Return the flag as plain values."""
        return {
            "kind": self.kind,
            "text": self.text,
            "figure": self.figure,
            "limit": self.limit,
            "unit": self.unit,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Flag:
        """Return the flag that `to_dict` described."""
        return cls(**data)


@dataclass(frozen=True, kw_only=True)
class LineFlags:
    """A line of a narration and what is to be said of it.

    Parameters
    ----------
    number
        The script's line, ``part.line.number``.
    text
        What it says.
    flags
        In the order of `KINDS`; none for a line that passed.
    pace
        How much time the speech takes, of what its text usually takes at this pace; 1 for just as
        long.
    level
        The level of its loud parts in dB below full scale.
    cer
        The part of the letters that a recogniser heard differently, 0 to 1; None where nobody
        listened.
    heard
        What it heard.
    """

    number: int
    text: str
    flags: tuple[Flag, ...] = ()
    pace: float = 1.0
    level: float = 0.0
    cer: float | None = None
    heard: str = ""

    @property
    def passed(self) -> bool:
        """Whether nothing is to be said of it."""
        return not self.flags

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of its flags."""
        return tuple(flag.kind for flag in self.flags)

    def to_dict(self) -> dict[str, Any]:
        """Return the line's flags as plain values."""
        return {
            "number": self.number,
            "text": self.text,
            "flags": [flag.to_dict() for flag in self.flags],
            "pace": self.pace,
            "level": self.level,
            "cer": self.cer,
            "heard": self.heard,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> LineFlags:
        """Return the line's flags that `to_dict` described."""
        flags = tuple(Flag.from_dict(row) for row in data["flags"])
        return cls(**{**data, "flags": flags})
