"""What a dub made: the narration, and how well each line fits its time."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.take import Narration

__all__ = ["Dub", "DubLine", "Slot", "clock"]

_SEEN = 0.04  # seconds: a frame of a film; what is nearer is in time
_SHOWN = 40  # letters of a line in a warning


@dataclass(frozen=True, kw_only=True)
class Slot:
    """A text and its time, where no captions file is at hand.

    Parameters
    ----------
    start, end
        Seconds.
    text
        What is said.
    speaker
        Who says it; may be empty.
    """

    start: float
    end: float
    text: str
    speaker: str = ""


@dataclass(frozen=True, kw_only=True)
class DubLine:
    """A line, its slot, and when it is heard.

    Parameters
    ----------
    number
        Of its caption, from 1, in the order of their times.
    text, speaker, voice
        What is said, for whom, by which voice.
    start, end
        Seconds: its caption's time.
    begun, ended
        Seconds: when it is heard.
    tempo
        How many times as fast as usual it is spoken.
    cut
        Seconds at its end that are not heard, since the video is over.
    heard
        Whether any of it is: not what comes after the end of the video.
    """

    number: int
    text: str
    speaker: str
    voice: str = ""
    start: float
    end: float
    begun: float
    ended: float
    tempo: float = 1.0
    cut: float = 0.0
    heard: bool = True

    @property
    def late(self) -> float:
        """Seconds by which it begins too late, since the line before it was not over."""
        return max(0.0, self.begun - self.start)

    @property
    def over(self) -> float:
        """Seconds by which it ends too late."""
        return max(0.0, self.ended - self.end)

    @property
    def fits(self) -> bool:
        """Whether all of it is heard in its time, to a frame of a film."""
        return self.heard and max(self.late, self.over, self.cut) <= _SEEN

    @property
    def warning(self) -> str:
        """What a listener should know: which line misses its time, and by how much."""
        if self.fits:
            return ""
        text = self.text if len(self.text) <= _SHOWN else f"{self.text[: _SHOWN - 1].rstrip()}…"
        line = f"line {self.number} at {clock(self.start)} (“{text}”)"
        if not self.heard:
            return f"{line} is not heard: the video ends at {clock(self.begun)}"
        if self.cut > _SEEN:
            return f"{line} is cut off, {self.cut:.2f} s too long for the end of the video"
        if self.over > _SEEN:
            return f"{line} ends {self.over:.2f} s too late, at {clock(self.ended)}"
        return f"{line} begins {self.late:.2f} s too late, at {clock(self.begun)}"

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        missed = {"late": round(self.late, 3), "over": round(self.over, 3), "fits": self.fits}
        return {**asdict(self), **missed}


@dataclass(frozen=True, kw_only=True, repr=False)
class Dub:
    """Captions as they were spoken.

    Parameters
    ----------
    narration
        The speech, each line at its time.
    lines
        How each fits, in order.
    left_out
        Captions that say nothing, such as ``[door opens]``.
    """

    narration: Narration
    lines: tuple[DubLine, ...]
    left_out: tuple[str, ...] = ()

    def __repr__(self) -> str:
        many = f"{len(self.lines)} line{'s' if len(self.lines) != 1 else ''}"
        bad = f"{len(self.unfit)} not in time" if self.unfit else "all in time"
        return f"Dub({many}, {self.narration.duration:.1f} s, {bad})"

    @property
    def unfit(self) -> tuple[DubLine, ...]:
        """The lines that are not heard in their time."""
        return tuple(line for line in self.lines if not line.fits)

    @property
    def fits(self) -> bool:
        """Whether all lines are heard in their time."""
        return not self.unfit

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a listener should know: a sentence for each line that is not in time."""
        return (*(line.warning for line in self.unfit), *self.narration.warnings)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain values, without the sound."""
        return {
            "duration": self.narration.duration,
            "lines": [line.to_dict() for line in self.lines],
            "left_out": list(self.left_out),
            "fits": self.fits,
        }

    def _repr_html_(self) -> str:
        heads = ("", "speaker", "text", "from", "to", "heard from", "to", "pace", "too late")
        rows = "".join(
            f"<tr>{_cells(line)}</tr>"
            for line in sorted(self.lines, key=lambda line: (line.fits, line.number))
        )
        head = "".join(f"<th>{name}</th>" for name in heads)
        out = f"<p>Not spoken: {escape(' · '.join(self.left_out))}</p>" if self.left_out else ""
        return f"<p>{escape(repr(self))}</p><table><tr>{head}</tr>{rows}</table>{out}"


def clock(seconds: float) -> str:
    """Return a time as players show it, with hundredths.

    Examples
    --------
    >>> clock(6.5), clock(3661.234)
    ('0:06.50', '1:01:01.23')
    """
    minutes, rest = divmod(round(seconds * 100), 6_000)
    hours, minutes = divmod(minutes, 60)
    first = f"{hours}:{minutes:02d}" if hours else str(minutes)
    return f"{first}:{rest // 100:02d}.{rest % 100:02d}"


def _cells(line: DubLine) -> str:
    times = (line.start, line.end, line.begun, line.ended)
    missed = "" if line.fits else f"<b>{max(line.over, line.late):.2f} s</b>"
    if line.cut or not line.heard:
        missed = f"<b>{f'cut by {line.cut:.2f} s' if line.heard else 'not heard'}</b>"
    return (
        f"<td>{line.number}</td><td>{escape(line.speaker)}</td>"
        f'<td style="text-align:left" dir="auto">{escape(line.text)}</td>'
        + "".join(f"<td>{time:.2f}</td>" for time in times)
        + f"<td>{line.tempo:.2f}</td><td>{missed}</td>"
    )
