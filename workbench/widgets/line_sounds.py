"""The sounds a line board can play: a clip for every take that is shown, and the joined one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from workbench.widgets.clip import Clip

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workbench.take import Narration, Take

__all__ = ["LineSounds", "joined_clip", "lasting"]

_COLUMNS = 400  # of a line's outline; the page draws a bar for each three pixels


@dataclass(frozen=True, kw_only=True)
class _Band:
    """A line in the joined waveform."""

    start: float
    end: float
    text: str


class LineSounds:
    """Clips by take and by the name that the page has for them.

    Examples
    --------
    >>> import workbench as wb
    >>> narration = wb.speak("It begins.")
    >>> sounds = LineSounds()
    >>> sounds.keep(narration, [narration.parts[0].take])
    True
    >>> uid = sounds.uid(narration.parts[0].take)
    >>> sounds.clip(uid).text, sounds.clip(sounds.joined.uid).about, sounds.clip("x")
    ('It begins.', '1.1 s, 1 line, 2 words, espeak:en-us', None)
    """

    def __init__(self) -> None:
        self._by_take: dict[int, tuple[Take, Clip]] = {}
        self._by_uid: dict[str, tuple[Take, Clip]] = {}
        self._narration: Narration | None = None
        self._joined: Clip | None = None

    def keep(self, narration: Narration, takes: Iterable[Take]) -> bool:
        """Have a clip for each of the takes and no other; return whether the joined one is new."""
        known = self._by_take  # a take stays alive with its clip, so its id is its own
        self._by_take = {id(take): known.get(id(take)) or (take, Clip.of(take)) for take in takes}
        self._by_uid = {clip.uid: (take, clip) for take, clip in self._by_take.values()}
        if self._narration is narration:
            return False
        self._narration, self._joined = narration, joined_clip(narration)
        return True

    @property
    def joined(self) -> Clip:
        """The sound of the whole narration; `keep` comes first."""
        assert self._joined is not None  # noqa: S101 - see above
        return self._joined

    def uid(self, take: Take) -> str:
        """Return what the page calls the sound of a take."""
        return self._by_take[id(take)][1].uid

    def clip(self, uid: str) -> Clip | None:
        """Return the clip that the page calls so, None where there is none."""
        if uid == self.joined.uid:
            return self.joined
        found = self._by_uid.get(uid)
        return found[1] if found else None

    def takes(self, uids: Iterable[str]) -> dict[str, Take]:
        """Return the takes that the page calls so, as far as they are there."""
        return {uid: self._by_uid[uid][0] for uid in uids if uid in self._by_uid}

    @staticmethod
    def outline(take: Take) -> bytes:
        """Return the outline of a take's sound as signed bytes, low and high in turn."""
        return take.audio.peaks(_COLUMNS).tobytes()


def joined_clip(narration: Narration) -> Clip:
    """Return what plays all lines, each of them a band in the waveform.

    The sound is joined for the clip alone: of an hour's narration there is one copy, not one for
    every change that can be undone.
    """
    bands = tuple(
        _Band(start=part.start, end=part.end, text=part.take.text) for part in narration.parts
    )
    whole = Clip.of(replace(narration), cues=bands)
    facts = ", ".join([lasting(narration.duration), *whole.about.split(", ")[1:]])
    return replace(whole, words=(), breaks=(), notes=(), about=facts)


def lasting(seconds: float) -> str:
    """Return how long something is, for a person: seconds, and from a minute on as on a clock.

    Examples
    --------
    >>> lasting(1.06), lasting(59.96), lasting(125.3), lasting(3_725)
    ('1.1 s', '1:00', '2:05', '1:02:05')
    """
    if round(seconds, 1) < 60:  # noqa: PLR2004 - of a minute
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds + 0.05), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
