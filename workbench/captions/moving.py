"""What moves in captions: fading, growing, filling."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Fade", "Filled", "Pop"]

_RISE, _SETTLED = 0.07, 0.12  # seconds after which a word is largest, and after which it rests
_REST = 0.4  # of the growth is left then
_CLEAR = 255


@dataclass(frozen=True, kw_only=True)
class Fade:
    """A cue that appears and vanishes.

    Parameters
    ----------
    first, last
        When the cue is shown, in steps of its clock.
    rate
        Steps a second.
    appear, vanish
        Seconds; together no longer than the cue.
    """

    first: int
    last: int
    rate: int
    appear: float
    vanish: float

    def going(self, first: int, last: int) -> str:
        """Return the commands for an event of the cue."""
        begin, end = (self.first - first) / self.rate, (self.last - first) / self.rate
        times = (begin, begin + self.appear, end - self.vanish, end)
        if times[1] <= 0 and times[2] >= (last - first) / self.rate:
            return ""
        return f"{{\\fade({_CLEAR},0,{_CLEAR},{','.join(str(round(t * 1000)) for t in times)})}}"

    def still(self, now: int) -> str:
        """Return the command for how much is seen in the middle of a step."""
        since, left = (now - self.first + 0.5) / self.rate, (self.last - now - 0.5) / self.rate
        seen = min(
            1.0,
            since / self.appear if self.appear else 1.0,
            left / self.vanish if self.vanish else 1.0,
        )
        alpha = round(_CLEAR * (1 - seen))
        return f"{{\\fade({alpha},{alpha},{alpha},0,0,0,0)}}" if alpha else ""


@dataclass(frozen=True, kw_only=True)
class Pop:
    """A word that jumps up when it is said and settles a little larger than the others.

    Parameters
    ----------
    first
        When it is said, in steps.
    rate
        Steps a second.
    growth
        How much larger it becomes, as a share of its size.
    """

    first: int
    rate: int
    growth: float

    def going(self, first: int, last: int) -> str:  # noqa: ARG002 - as `Moving` has it
        """Return the commands for the word's own event."""
        rise, settled = round(_RISE * 1000), round(_SETTLED * 1000)
        return (
            f"{{\\t(0,{rise},{_scale(self.growth)})"
            f"\\t({rise},{settled},{_scale(_REST * self.growth)})}}"
        )

    def still(self, now: int) -> str:
        """Return the command for the size in the middle of a step."""
        since = (now - self.first + 0.5) / self.rate
        if since < _RISE:
            share = since / _RISE
        else:
            share = 1 - (1 - _REST) * min(1.0, (since - _RISE) / (_SETTLED - _RISE))
        return f"{{{_scale(share * self.growth)}}}"


def _scale(growth: float) -> str:
    percent = f"{100 * (1 + growth):.5g}"
    return f"\\fscx{percent}\\fscy{percent}"


@dataclass(frozen=True, kw_only=True)
class Filled:
    r"""How far karaoke has got in a cue.

    In a single frame it stands still: a step counts so many hundredths of a second there that the
    frame itself lasts next to nothing, and the start lies as many back as have passed.

    Parameters
    ----------
    first
        When the cue is shown, in steps.
    unit
        What a step counts in the cue's ``\k`` commands.
    """

    first: int
    unit: int

    def going(self, first: int, last: int) -> str:  # noqa: ARG002 - as `Moving` has it
        """Return nothing: it starts with its event."""
        return ""

    def still(self, now: int) -> str:
        """Return the command that puts the start back; one more makes sure of an end."""
        return f"{{\\k-{(now - self.first) * self.unit + 1}}}"
