"""A manuscript spoken, each chapter as a narration of its own."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from workbench.errors import ParameterError, WorkbenchWarning
from workbench.paths import user_path
from workbench.speech.bounds import need_number
from workbench.speech.speak import speak
from workbench.speech.voices import resolve
from workbench.take import Narration

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from pathlib import Path

    from workbench.text.manuscript import Manuscript
    from workbench.voice import Preset, Voice

__all__ = ["Chapters", "check_language", "speak_chapters"]


@dataclass(frozen=True, kw_only=True)
class Chapters:
    """The chapters of a manuscript as they were spoken.

    Parameters
    ----------
    titles
        One each.
    parts
        Their narrations.
    gap
        Seconds of silence between two of them.
    """

    titles: tuple[str, ...]
    parts: tuple[Narration, ...]
    gap: float

    @property
    def starts(self) -> tuple[float, ...]:
        """Second at which each begins in the whole."""
        starts, place = [], 0.0
        for one in self.parts:
            starts.append(place)
            place += one.duration + self.gap
        return tuple(starts)

    @property
    def narration(self) -> Narration:
        """All of them in one."""
        parts = [
            replace(part, start=part.start + start)
            for one, start in zip(self.parts, self.starts, strict=True)
            for part in one.parts
        ]
        return Narration(parts=tuple(parts), duration=self.starts[-1] + self.parts[-1].duration)

    def files(self, path: str | os.PathLike[str]) -> tuple[tuple[Path, Narration], ...]:
        """Return where each goes when each is a file: ``talk.01.mp3`` and so on, of ``talk.mp3``.

        Examples
        --------
        >>> from workbench.text.manuscript import Manuscript
        >>> spoken = speak_chapters(Manuscript.read("One."))
        >>> [path.name for path, _ in spoken.files("out/talk.mp3")]
        ['talk.01.mp3']
        """
        file = user_path(path)
        digits = max(2, len(str(len(self.parts))))
        return tuple(
            (file.with_name(f"{file.stem}.{number:0{digits}d}{file.suffix}"), one)
            for number, one in enumerate(self.parts, start=1)
        )


def speak_chapters(
    manuscript: Manuscript,
    voice: str | Voice | Preset | None = None,
    *,
    language: str = "",
    chapter_gap: float = 1.0,
    **ways: Any,
) -> Chapters:
    r"""Speak a manuscript chapter by chapter.

    Parameters
    ----------
    manuscript
        What is said.
    voice
        Who speaks where it does not say, see `workbench.speech.voices.find_voice`.
    language
        The text's BCP 47 tag: a voice of another language is refused. Where it is not told, a voice
        of another language than the manuscript's own is warned of.
    chapter_gap
        Seconds of silence between two chapters, 0 to 60.
    **ways
        As for `workbench.speech.speak.speak`: ``gap``, ``seed``, ``lexicon``, ``verify`` … and the
        engine's options.

    Raises
    ------
    ParameterError
        When the voice is of another language, or a value cannot be; before anything is spoken.
    TextError, ModelError, Cancelled
        As for ``speak``.

    Examples
    --------
    >>> from workbench.text.manuscript import Manuscript
    >>> spoken = speak_chapters(Manuscript.read("One.\n\nTwo.").by_paragraph(), chapter_gap=2)
    >>> spoken.titles, len(spoken.narration.parts)
    (('One.', 'Two.'), 2)
    """
    chapter_gap = need_number("chapter_gap", chapter_gap, 0, 60, unit="seconds")
    check_language(voice, language, book=manuscript.language)
    # In one go: every voice is found before the first line is spoken.
    told = speak(manuscript.script, voice, **ways)
    counts = [len(section.script.lines) for section in manuscript.sections]
    return Chapters(titles=manuscript.titles, parts=_divided(told, counts), gap=chapter_gap)


def _divided(narration: Narration, counts: Sequence[int]) -> tuple[Narration, ...]:
    """Return a narration in pieces of so many lines; the silence between them is left out."""
    if len(counts) == 1:
        return (narration,)
    rows = iter(narration.parts)
    pieces = []
    for count in counts:
        parts = [next(rows) for _ in range(count)]
        start = parts[0].start
        moved = tuple(replace(part, start=part.start - start) for part in parts)
        pieces.append(Narration(parts=moved, duration=moved[-1].end))
    return tuple(pieces)


def check_language(voice: str | Voice | Preset | None, language: str, *, book: str = "") -> None:
    """Refuse a voice of another language than was asked for, and warn of one that is not `book`.

    Raises
    ------
    ParameterError
        When the voice speaks another language than `language`.
    VoiceNotFound, EngineNotFound, EngineMissing
        When there is no such voice.

    Examples
    --------
    >>> check_language("espeak:es", "en-GB")
    Traceback (most recent call last):
    workbench.errors.ParameterError: language=en-GB: espeak:es speaks es; choose a voice of that language
    """  # noqa: E501 - the message is one line
    found, info, _ = resolve(voice)
    spoken = info.language
    if language and _primary(language) != _primary(spoken):
        raise ParameterError(
            f"{found} speaks {spoken or 'an unknown language'}",
            subject=f"language={language}",
            cure="choose a voice of that language",
        )
    if not language and book and spoken and _primary(book) != _primary(spoken):
        warnings.warn(
            f"the text says it is in {book}, and {found} speaks {spoken}",
            WorkbenchWarning,
            stacklevel=3,
        )


def _primary(tag: str) -> str:
    return tag.replace("_", "-").partition("-")[0].lower()
