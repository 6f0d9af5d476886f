"""Chapters of a recording or a video, and the text in which ffmpeg takes them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from workbench.errors import ParameterError
from workbench.media.limits import DEFAULT_LIMITS, choice, number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from workbench.take import Narration, Part

__all__ = [
    "Chapter",
    "check_chapters",
    "clean",
    "ffmetadata",
    "from_narration",
    "from_zero",
    "shown",
]

_LONGEST_TITLE = 1_000
_MOST = 10_000
_SHOWN = 60  # letters of a line that make a title
_TICKS = 1_000  # a second
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_ESCAPED = re.compile(r"[=;#\\\n]")


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """Where a chapter begins, and what it is called; it lasts until the next one.

    Parameters
    ----------
    start
        Seconds.
    title
        1 to 1000 letters, line breaks included. What no file can hold (NUL, half a surrogate
        pair) is replaced, and a line break of any kind is a line feed.

    Raises
    ------
    ParameterError
        When the start is no time, or the title is empty or too long.

    Examples
    --------
    >>> Chapter(start=12.5, title="Two = 2; #two")
    Chapter(start=12.5, title='Two = 2; #two')
    """

    start: float
    title: str

    def __post_init__(self) -> None:
        start = number("chapter start", self.start, 0, 10 * DEFAULT_LIMITS.seconds, unit="s")
        object.__setattr__(self, "start", start)
        object.__setattr__(self, "title", clean("chapter title", self.title))
        if not self.title.strip():
            raise ParameterError("is empty", subject="chapter title", cure="write one")

    def to_dict(self) -> dict[str, Any]:
        """Return the chapter as plain values."""
        return {"start": self.start, "title": self.title}


def clean(name: str, text: object) -> str:
    r"""Return a text as a file's tag can hold it.

    Raises
    ------
    ParameterError
        When it is not text, or longer than 1000 letters.

    Examples
    --------
    >>> clean("title", "a\0b\r\nc")
    'ab\nc'
    """
    if not isinstance(text, str):
        raise ParameterError(f"must be text, not {type(text).__name__}", subject=name)
    if len(text) > _LONGEST_TITLE:
        raise ParameterError(
            f"is {len(text):,} letters long, more than {_LONGEST_TITLE:,}",
            subject=name,
            cure="shorten it",
        )
    whole = text.encode("utf-8", "replace").decode()
    return whole.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")


def check_chapters(chapters: Iterable[Chapter], duration: float) -> tuple[Chapter, ...]:
    """Return chapters that lie in order within a duration.

    Raises
    ------
    ParameterError
        When one is not a `Chapter`, begins no later than the one before it, or after the end.

    Examples
    --------
    >>> check_chapters([Chapter(start=0, title="One"), Chapter(start=9, title="Two")], 8.0)
    Traceback (most recent call last):
    workbench.errors.ParameterError: chapter 2: begins at 9 s, and the end is at 8 s
    """
    found = tuple(chapters)
    if len(found) > _MOST:
        raise ParameterError(f"are {len(found):,}, more than {_MOST:,}", subject="chapters")
    last = -1.0
    for index, chapter in enumerate(found, start=1):
        subject = f"chapter {index}"
        if not isinstance(chapter, Chapter):
            raise ParameterError(
                f"must be a Chapter, not {type(chapter).__name__}", subject=subject
            )
        if chapter.start * _TICKS < last * _TICKS + 1:
            raise ParameterError(
                f"begins at {chapter.start:g} s, not after the one before it ({last:g} s)",
                subject=subject,
                cure="put them in order",
            )
        if chapter.start >= duration:
            raise ParameterError(
                f"begins at {chapter.start:g} s, and the end is at {duration:g} s", subject=subject
            )
        last = chapter.start
    return found


def from_zero(chapters: Sequence[Chapter]) -> tuple[Chapter, ...]:
    """Return the chapters with the first one from the start: MP4 has no time without a chapter."""
    return (replace(chapters[0], start=0.0), *chapters[1:]) if chapters else ()


def from_narration(
    narration: Narration,
    *,
    by: Literal["paragraph", "line"] = "paragraph",
    titles: Sequence[str] | None = None,
) -> tuple[Chapter, ...]:
    r"""Return a chapter for each paragraph, or each line, of a narration.

    Parameters
    ----------
    narration
        As it was spoken.
    by
        ``paragraph``: lines that follow one another without an empty row between them; ``line``:
        each row of the script.
    titles
        One for each; None for how each begins.

    Raises
    ------
    ParameterError
        When there are not as many titles as chapters.

    Examples
    --------
    >>> import workbench as wb
    >>> told = wb.speak("One.\nStill one.\n\nTwo.")
    >>> [chapter.title for chapter in from_narration(told)]
    ['One.', 'Two.']
    >>> len(from_narration(told, by="line"))
    3
    """
    choice("by", by, ("paragraph", "line"))
    step = 1 if by == "paragraph" else 0
    firsts: list[Part] = []
    before = None
    for part in narration.parts:
        if before is None or part.line.number > before + step:
            firsts.append(part)
        before = part.line.number
    if isinstance(titles, str):
        raise ParameterError("must be a list of texts, not one text", subject="titles")
    if titles is not None and len(titles) != len(firsts):
        raise ParameterError(
            f"are {len(titles)} for {len(firsts)} chapters", subject="titles", cure="give one each"
        )
    names = [shown(part.take.text) for part in firsts] if titles is None else titles
    starts = [0.0, *(part.start for part in firsts[1:])]
    return tuple(Chapter(start=s, title=t) for s, t in zip(starts, names, strict=True))


def shown(text: str) -> str:
    """Return how a text begins, cut between two words.

    Examples
    --------
    >>> shown("It was " + "very " * 20)
    'It was very very very very very very very very very very…'
    """
    text = " ".join(text.split())
    if len(text) <= _SHOWN:
        return text
    head = text[:_SHOWN]
    return f"{head.rsplit(' ', 1)[0] if ' ' in head else head}…"


def ffmetadata(
    chapters: Iterable[Chapter], duration: float, tags: Mapping[str, str] | None = None
) -> str:
    r"""Return chapters and tags as ffmpeg reads them (its ``ffmetadata`` format).

    Write it as UTF-8 without translating line ends.

    Parameters
    ----------
    chapters
        In order; the first is written from 0 on.
    duration
        Seconds, where the last one ends.
    tags
        Names and values of the whole; empty values are left out.

    Raises
    ------
    ParameterError
        When the chapters are not in order within the duration, or a tag's name is none.

    Examples
    --------
    >>> print(ffmetadata([Chapter(start=0, title="a=b")], 2.5, {"title": "T"}))
    ;FFMETADATA1
    title=T
    [CHAPTER]
    TIMEBASE=1/1000
    START=0
    END=2500
    title=a\=b
    <BLANKLINE>
    """
    found = from_zero(check_chapters(chapters, duration))
    rows = [";FFMETADATA1"]
    for name, value in (tags or {}).items():
        if not _KEY.fullmatch(name):
            raise ParameterError("cannot be the name of a tag", subject=name)
        text = clean(name, value)
        if text:
            rows.append(f"{name}={_escaped(text)}")
    ends = [*(chapter.start for chapter in found[1:]), duration]
    for chapter, end in zip(found, ends, strict=False):
        rows += [
            "[CHAPTER]",
            f"TIMEBASE=1/{_TICKS}",
            f"START={round(chapter.start * _TICKS)}",
            f"END={round(end * _TICKS)}",
            f"title={_escaped(chapter.title)}",
        ]
    return "\n".join(rows) + "\n"


def _escaped(text: str) -> str:
    escaped = _ESCAPED.sub(lambda found: f"\\{found[0]}", text)
    # A backslash before the end of a line goes on with the next one, even an escaped backslash;
    # a line also ends at a NUL, and there it does not.
    return f"{escaped}\0" if text.endswith("\\") else escaped
