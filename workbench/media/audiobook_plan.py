"""What an audiobook is to be: its sounds in their places, chapters and tags, all checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.audio import Audio
from workbench.errors import MediaTooLarge, ParameterError
from workbench.media.chapters import (
    Chapter,
    check_chapters,
    clean,
    from_narration,
    from_zero,
    shown,
)
from workbench.media.limits import number, whole
from workbench.take import Narration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.audio import Samples

__all__ = ["LONGEST", "BookPlan", "book_plan"]

LONGEST = 12 * 3_600.0
"""Seconds a book may last."""

# Of the rates AAC has, those a voice is recorded at.
_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
_AUDIOBOOK = "2"  # iTunes' kind of media: players keep the place where one stopped


@dataclass(frozen=True, kw_only=True)
class BookPlan:
    """A book before any work.

    Parameters
    ----------
    sources
        What is to be heard.
    starts
        Second at which each begins.
    duration
        Seconds of all.
    chapters, tags
        As they go into the file.
    rate, channels
        Of the sound.
    """

    sources: tuple[Narration | Audio, ...]
    starts: tuple[float, ...]
    duration: float
    chapters: tuple[Chapter, ...]
    tags: dict[str, str]
    rate: int
    channels: int

    def samples(self) -> Samples:
        """Return all there is to hear, in one piece."""
        joined = np.zeros((max(1, round(self.duration * self.rate)), self.channels), np.float32)
        for source, start in zip(self.sources, self.starts, strict=True):
            sound = _sound(source).resample(self.rate)
            if sound.channels > 1 or self.channels == 1:
                sound = sound.with_channels(self.channels)
            first = round(start * self.rate)
            room = joined[first : first + sound.frames]
            room += sound.samples[: len(room)]
        return joined

    def describe(self) -> dict[str, Any]:
        """Return the plan as plain values: what a receipt records."""
        about = [
            {"narration": one.describe()}
            if isinstance(one, Narration)
            else {"sha256": one.digest(), "seconds": one.duration}
            for one in self.sources
        ]
        return {
            "sources": [
                {"start": start, **told} for start, told in zip(self.starts, about, strict=True)
            ],
            "chapters": [chapter.to_dict() for chapter in self.chapters],
            "tags": {name: value for name, value in self.tags.items() if value},
            "rate": self.rate,
            "channels": self.channels,
        }


def book_plan(
    source: Narration | Audio | Sequence[Narration | Audio],
    *,
    chapters: Sequence[Chapter | str] | None,
    title: str,
    author: str,
    narrator: str,
    year: int | None,
    pause: float,
) -> BookPlan:
    """Return the plan of a book; see `workbench.media.audiobook.audiobook`.

    Raises
    ------
    ParameterError, MediaTooLarge
        When a value cannot be, or the book is too long.
    """
    sources, starts, duration = _placed(source, pause)
    return BookPlan(
        sources=sources,
        starts=starts,
        duration=duration,
        chapters=from_zero(check_chapters(_chapters(sources, starts, chapters), duration)),
        tags=_tags(title, author, narrator, year),
        rate=_rate(sources),
        channels=max(min(_sound(one).channels, 2) for one in sources),
    )


def _sound(source: Narration | Audio) -> Audio:
    return source.audio if isinstance(source, Narration) else source


def _placed(
    source: Narration | Audio | Sequence[Narration | Audio], pause: float
) -> tuple[tuple[Narration | Audio, ...], tuple[float, ...], float]:
    """Return the sources, where each begins, and how long they last together."""
    pause = number("pause", pause, 0, 60, unit="s")
    sources: tuple[Any, ...] = (source,) if isinstance(source, Narration | Audio) else ()
    if isinstance(source, list | tuple):
        sources = tuple(source)
    if not sources:
        raise ParameterError("must be a Narration, an Audio, or a list of them", subject="source")
    starts, place = [], 0.0
    for index, one in enumerate(sources):
        if not isinstance(one, Narration | Audio):
            raise ParameterError(
                f"must be a Narration or an Audio, not {type(one).__name__}",
                subject=f"source[{index}]",
            )
        if not _sound(one).frames:
            raise ParameterError("has no samples", subject=f"source[{index}]")
        starts.append(place)
        place += _sound(one).duration + pause
    duration = place - pause
    if duration > LONGEST:
        raise MediaTooLarge(
            f"lasts {duration / 3600:.1f} hours, over the limit of {LONGEST / 3600:.0f}",
            subject="audiobook",
            cure="make it in several volumes",
        )
    return sources, tuple(starts), duration


def _chapters(
    sources: tuple[Narration | Audio, ...],
    starts: tuple[float, ...],
    asked: Sequence[Chapter | str] | None,
) -> tuple[Chapter, ...]:
    """Return the chapters that were asked for, or those there are by themselves."""
    if asked is not None and not isinstance(asked, list | tuple):
        raise ParameterError("must be a list of Chapter values or of titles", subject="chapters")
    given: list[Any] = list(asked or ())
    if asked is not None and not any(isinstance(one, str) for one in given):
        return tuple(given)
    first = sources[0]
    if len(sources) == 1 and isinstance(first, Narration):
        return from_narration(first, titles=given or None)
    if given and len(given) != len(sources):
        raise ParameterError(
            f"are {len(given)} titles for {len(sources)} sources",
            subject="chapters",
            cure="give one each",
        )
    if given:
        names = given
    elif len(sources) == 1:
        return ()
    else:
        names = [
            shown(one.parts[0].take.text) if isinstance(one, Narration) else f"Chapter {index}"
            for index, one in enumerate(sources, start=1)
        ]
    return tuple(Chapter(start=s, title=t) for s, t in zip(starts, names, strict=True))


def _tags(title: str, author: str, narrator: str, year: int | None) -> dict[str, str]:
    """Return the tags of a book, as players and shops read them."""
    named = clean("title", title)
    by, read = clean("author", author), clean("narrator", narrator)
    return {
        "title": named,
        "album": named,
        "artist": by,
        "album_artist": by,
        "composer": read,
        "date": "" if year is None else str(whole("year", year, 1, 9_999)),
        "genre": "Audiobook",
        "media_type": _AUDIOBOOK,
    }


def _rate(sources: tuple[Narration | Audio, ...]) -> int:
    """Return the lowest rate of AAC that keeps the best of the sources."""
    best = max(_sound(one).rate for one in sources)
    return next((rate for rate in _RATES if rate >= best), _RATES[-1])
