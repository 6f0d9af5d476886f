"""Cues: the words of a caption, the lines they stand in, and when it is on the screen."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any, Protocol, overload

from workbench.captions import styles
from workbench.captions.cue import Cue
from workbench.captions.segment import Lines, segment, spread, usual_speed, within
from workbench.errors import ParameterError, WorkbenchWarning, one_line
from workbench.paths import user_path
from workbench.text.letters import wide
from workbench.timing import Word

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["Cue", "Cues", "Spoken", "caption"]


class Spoken(Protocol):
    """What can be captioned: a Narration, a Take, a Transcript."""

    @property
    def words(self) -> Sequence[Word]:
        """The words in time order."""
        ...

    @property
    def language(self) -> str:
        """A BCP 47 tag; empty when it is not known."""
        ...


@dataclass(frozen=True, kw_only=True, repr=False)
class Cues:
    """Captions in time order, and the language they are in.

    Parameters
    ----------
    cues
        In order of their start.
    language
        A BCP 47 tag; empty when it is not known.

    Examples
    --------
    >>> word = Word(text="Hola.", start=0.5, end=1.0)
    >>> cues = Cues(cues=(Cue(start=0.5, end=1.5, lines=((word,),)),), language="es")
    >>> cues
    Cues(1 cue, 1 word, 1.5 s, es)
    >>> cues.to_vtt().splitlines()
    ['WEBVTT', '', '00:00:00.500 --> 00:00:01.500', 'Hola.', '']
    """

    cues: tuple[Cue, ...]
    language: str = ""

    def __post_init__(self) -> None:
        cues = tuple(self.cues)
        for before, after in pairwise(cues):
            if after.start < before.start:
                raise ParameterError(
                    f"must be in time order, but one at {after.start:.3f} s follows one at "
                    f"{before.start:.3f} s",
                    subject="cues",
                )
        object.__setattr__(self, "cues", cues)

    def __repr__(self) -> str:
        number, words = len(self.cues), len(self.words)
        return (
            f"Cues({number} cue{'s' if number != 1 else ''}, "
            f"{words} word{'s' if words != 1 else ''}, {self.duration:.1f} s"
            f"{f', {one_line(self.language, limit=40)}' if self.language else ''})"
        )

    def __len__(self) -> int:
        return len(self.cues)

    def __iter__(self) -> Iterator[Cue]:
        return iter(self.cues)

    @overload
    def __getitem__(self, index: int) -> Cue: ...
    @overload
    def __getitem__(self, index: slice) -> Cues: ...
    def __getitem__(self, index: int | slice) -> Cue | Cues:
        if isinstance(index, slice):
            return replace(self, cues=self.cues[index])
        return self.cues[index]

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """The words of all cues."""
        return tuple(word for cue in self.cues for word in cue.words)

    @property
    def text(self) -> str:
        """The lines of all cues, one below the other."""
        return "\n".join(cue.text for cue in self.cues)

    @property
    def duration(self) -> float:
        """The end of the last cue in seconds, 0 without cues."""
        return max((cue.end for cue in self.cues), default=0.0)

    def shift(self, seconds: float) -> Cues:
        """Return the same cues `seconds` later (or earlier, if negative)."""
        return replace(self, cues=tuple(cue.shift(seconds) for cue in self.cues))

    def replace(self, old: str, new: str, *, cue: int | None = None) -> Cues:
        """Return the same cues with a text in their words replaced, at the same times.

        Parameters
        ----------
        old, new
            A part of a word, and what stands there instead.
        cue
            Which cue, from 0; all of them when None.

        Raises
        ------
        ParameterError
            When `old` is in no word of these cues, or `new` would leave a word empty.
        """
        chosen = range(len(self.cues))[slice(None) if cue is None else slice(cue, cue + 1 or None)]
        if not old or not any(old in w.text for i in chosen for w in self.cues[i].words):
            raise ParameterError(f"{old!r} is in no word of them", subject="cues")
        found = [c.replace(old, new) if i in chosen else c for i, c in enumerate(self.cues)]
        return replace(self, cues=tuple(found))

    def problems(
        self, *, letters: int = 42, lines: int = 2, reading_speed: float | None = None
    ) -> list[str]:
        """Return what a viewer would stumble over, a line each; empty when all is well.

        Parameters
        ----------
        letters, lines
            The most letters in a line, the most lines in a cue.
        reading_speed
            Letters a second; 20 when not given, 11 for Chinese, Japanese and Korean.

        Examples
        --------
        >>> word = Word(text="Incomprehensibilities!", start=0, end=1)
        >>> Cues(cues=(Cue(start=0, end=1, lines=((word,),)),)).problems()
        ['caption 1 (0.0 s): 22.0 letters/s, limit 20']
        """
        from workbench.captions.problems import sentences

        found = sentences(self.cues, letters=letters, lines=lines, reading_speed=reading_speed)
        return list(found)

    def to_dict(self) -> dict[str, Any]:
        """Return the cues as plain values, for JSON."""
        return {"language": self.language, "cues": [cue.to_dict() for cue in self.cues]}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Cues:
        """Return the cues that `to_dict` described."""
        cues = tuple(Cue.from_dict(cue) for cue in data["cues"])
        return cls(cues=cues, language=data.get("language", ""))

    def to_srt(self) -> str:
        """Return the cues as SubRip text; see `workbench.captions.files`."""
        from workbench.captions.files import to_srt

        return to_srt(self)

    def to_vtt(self) -> str:
        """Return the cues as WebVTT text."""
        from workbench.captions.files import to_vtt

        return to_vtt(self)

    def to_ttml(self) -> str:
        """Return the cues as TTML text; see `workbench.captions.ttml`."""
        from workbench.captions.ttml import to_ttml

        return to_ttml(self, self.language)

    def to_ass(
        self,
        style: str | styles.Style = "plain",
        width: int = 1920,
        height: int = 1080,
        *,
        speakers: Mapping[str, str] | str | None = None,
    ) -> str:
        """Return the cues as ASS text, styled for a frame of that size.

        Parameters
        ----------
        style
            A `workbench.captions.styles.Style` or the name of one.
        width, height
            The video's size in pixels.
        speakers
            The speakers' colours, as in `workbench.captions.ass.prepare`.

        Raises
        ------
        ParameterError
            When there is no such style, its font is no font file, or the size is none.

        Warns
        -----
        WorkbenchWarning
            When a font or a letter in it is missing.
        """
        from workbench.captions.ass import prepare

        prepared = prepare(self, style, width, height, speakers=speakers)
        for warning in prepared.warnings:
            warnings.warn(warning, WorkbenchWarning, stacklevel=2)
        return prepared.ass

    def write(
        self,
        path: str | os.PathLike[str],
        *,
        style: str | styles.Style = "plain",
        width: int = 1920,
        height: int = 1080,
    ) -> Path:
        """Write the cues to a file, whole or not at all, and return its path.

        Parameters
        ----------
        path
            Its suffix names the format: .srt, .vtt, .ass, .ttml or .dfxp (TTML too).
        style, width, height
            For .ass only, as in `to_ass`.

        Raises
        ------
        ParameterError
            When the suffix is none of these.
        StorageError
            When the file cannot be written.
        """
        from workbench.captions.files import write

        path = user_path(path)
        texts = {
            ".srt": self.to_srt,
            ".vtt": self.to_vtt,
            ".ass": lambda: self.to_ass(style, width, height),
            ".ttml": self.to_ttml,
            ".dfxp": self.to_ttml,
        }
        write(path, texts)
        return path

    @classmethod
    def read(cls, path: str | os.PathLike[str], *, language: str = "") -> Cues:
        """Return the cues of an .srt, .vtt, .ass or .ttml file.

        The times of the words are not in such files: each cue's time is shared by letters.

        Parameters
        ----------
        path
            The file; its content says what it is, then its suffix.
        language
            A BCP 47 tag; else what a TTML file says of itself.

        Raises
        ------
        MediaNotFound
            When there is no such file.
        TextError
            When it holds no captions.
        """
        from workbench.captions.files import read

        cues, told = read(user_path(path))
        return cls(cues=tuple(cues), language=language or told)


def caption(
    source: Spoken,
    *,
    letters: int | None = None,
    lines: int | None = None,
    reading_speed: float | None = None,
    style: str | styles.Style = "plain",
    width: int = 1920,
    height: int = 1080,
    whole_words: bool = False,
) -> Cues:
    r"""Return the captions of what was spoken.

    A cue never holds words of two lines of the script. See `workbench.captions.segment` for the
    rest of the rules.

    Parameters
    ----------
    source
        A Narration, a Take, a Transcript, or Cues to cut anew.
    letters
        The most letters in a line; else what the style says, else what `styles.limits` finds.
    lines
        The most lines in a cue; likewise.
    reading_speed
        Letters a second; a cue stays longer, where silence follows, to be read at this pace.
        17 when not given, 9 for Chinese, Japanese and Korean.
    style, width, height
        The style and the frame in pixels that the lines are for.
    whole_words
        Whether a word with more letters than a line has one to itself, rather than being cut.

    Raises
    ------
    ParameterError
        When the source holds no words to caption, or a limit is out of range.

    Examples
    --------
    >>> from workbench.timing import Transcript
    >>> said = "Welcome back to the channel. Today we tune a voice by ear, and by number.".split()
    >>> words = tuple(Word(text=t, start=i / 3, end=(i + 1) / 3) for i, t in enumerate(said))
    >>> for cue in caption(Transcript(words=words), letters=24):
    ...     print(f"{cue.start:.1f}-{cue.end:.1f} {cue.text!r}")
    0.0-1.7 'Welcome back\nto the channel.'
    1.7-5.0 'Today we tune a voice\nby ear, and by number.'
    """
    groups = _groups(source)
    words = [word for group in groups for word in group]
    chosen = styles.style(style)
    by_shape = styles.limits(chosen, width, height, wide=wide("".join(word.text for word in words)))
    letters = _whole("letters", by_shape[0] if letters is None else letters, 500)
    lines = _whole("lines", by_shape[1] if lines is None else lines, 10)
    if reading_speed is None:
        reading_speed = usual_speed(words)
    if not (math.isfinite(reading_speed) and reading_speed > 0):
        raise ParameterError(f"must be above 0, not {reading_speed!r}", subject="reading_speed")
    cut: list[Lines] = []
    speakers: list[str] = []
    for group, speaker in zip(groups, _speakers(source, len(groups)), strict=True):
        cut += segment([group], letters=letters, lines=lines, whole=whole_words)
        speakers += [speaker] * (len(cut) - len(speakers))
    length = float(getattr(source, "duration", 0.0))
    times = spread(cut, duration=length, reading_speed=reading_speed)
    cues = tuple(
        Cue(start=start, end=end, lines=within(one, start, end), speaker=speaker)
        for one, (start, end), speaker in zip(cut, times, speakers, strict=True)
    )
    return Cues(cues=cues, language=source.language)


def _groups(source: Spoken) -> list[Sequence[Word]]:
    """Return the words of each line of the script, or of each speaker, or all in one."""
    if isinstance(source, Cues):
        turns = groupby(source.cues, lambda cue: cue.speaker)
        return [[word for cue in cues for word in cue.words] for _, cues in turns]
    parts = getattr(source, "parts", None)
    groups: list[Any] = [part.words for part in parts or (source,) if hasattr(part, "words")]
    if not groups or not all(
        isinstance(group, list | tuple) and all(isinstance(word, Word) for word in group)
        for group in groups
    ):
        raise ParameterError(
            f"has no words with times: it is {type(source).__name__}",
            subject="source",
            cure="pass a Narration, a Take or a Transcript",
        )
    return groups


def _speakers(source: Spoken, number: int) -> list[str]:
    """Return who says each group: the script's name for the voice, else the voice's own."""
    if isinstance(source, Cues):
        return [speaker for speaker, _ in groupby(source.cues, lambda cue: cue.speaker)]
    parts = getattr(source, "parts", None) or (source,)
    names = [
        getattr(getattr(part, "line", None), "voice", "")
        or str(getattr(getattr(part, "take", part), "voice", ""))
        for part in parts
        if hasattr(part, "words")
    ]
    return names if len(names) == number else [""] * number


def _whole(name: str, value: int, most: int) -> int:
    if type(value) is not int or not 1 <= value <= most:
        raise ParameterError(
            f"must be a whole number from 1 to {most}, not {value!r}", subject=name
        )
    return value
