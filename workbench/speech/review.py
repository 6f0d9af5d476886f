"""The work on a narration: retakes of each line, which of them is kept, what is done and noted."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from workbench.errors import ParameterError, shown
from workbench.script import Line
from workbench.speech import review_file
from workbench.speech.bounds import is_whole
from workbench.speech.joining import place_of, remove_line, replace_part
from workbench.speech.retake import insert_line, respeak
from workbench.take import Narration, Part, Take

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["LineReview", "Review", "Version"]

_LONGEST_NOTE = 5_000


@dataclass(frozen=True, kw_only=True)
class Version:
    """One way in which a line was spoken.

    Parameters
    ----------
    text
        What the script says there, ``part.line.text``.
    voice
        The script's name for the voice, ``part.line.voice``; None for its default.
    take
        The line as spoken.
    """

    text: str
    voice: str | None = None
    take: Take

    def line(self, number: int) -> Line:
        """Return the line of the script, given its number."""
        return Line(text=self.text, number=number, voice=self.voice)


@dataclass(frozen=True, kw_only=True)
class LineReview:
    """A line under review.

    Parameters
    ----------
    versions
        Every way in which it was spoken, the first first.
    kept
        Which of them stands in the narration, counted from 0.
    shown
        Which of them is in front, to be heard and judged: the last retake, or another one that was
        chosen.
    accepted
        Whether somebody has said that the one kept is right.
    note
        What somebody wrote about it.

    Raises
    ------
    ParameterError
        When there is no version, or none of such a number.
    """

    versions: tuple[Version, ...]
    kept: int = 0
    shown: int = 0
    accepted: bool = False
    note: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "versions", tuple(self.versions))
        last = len(self.versions) - 1
        for name in ("kept", "shown"):
            if not is_whole(getattr(self, name), 0, last):
                raise ParameterError(
                    f"there is no version {shown(getattr(self, name))} of it", subject=name
                )
        if not isinstance(self.accepted, bool):
            raise ParameterError(f"must be true or false, not {self.accepted!r}", subject="accept")
        note: object = self.note
        if not isinstance(note, str) or len(note) > _LONGEST_NOTE:
            raise ParameterError(
                f"must be text of at most {_LONGEST_NOTE:,} letters", subject="note"
            )

    @property
    def version(self) -> Version:
        """The version in front."""
        return self.versions[self.shown]

    @property
    def pending(self) -> bool:
        """Whether the version in front is not the one in the narration."""
        return self.shown != self.kept


@dataclass(frozen=True, kw_only=True, repr=False)
class Review:
    r"""A narration and the work on its lines; every change gives a new one.

    Parameters
    ----------
    narration
        What is kept of every line, joined.
    lines
        One for each of its parts.

    Raises
    ------
    ParameterError
        When they do not go together.

    Examples
    --------
    >>> import workbench as wb
    >>> review = Review.of(wb.speak("It begins.\nThen this happens.\nIt ends."))
    >>> tried = review.retake(2, text="Then that happens.")
    >>> tried.narration.parts[1].take.text, tried.at(2).version.text
    ('Then this happens.', 'Then that happens.')
    >>> done = tried.accept(2)
    >>> done.narration.parts[1].take.text, done
    ('Then that happens.', Review(3 lines, 1 accepted, 4 takes))
    """

    narration: Narration
    lines: tuple[LineReview, ...] = field(default=())

    def __post_init__(self) -> None:
        if not isinstance(self.narration, Narration):
            raise ParameterError(
                f"must be a Narration, not {type(self.narration).__name__}",
                subject="narration",
                cure="workbench.speak returns one",
            )
        parts = self.narration.parts
        lines = tuple(self.lines) or tuple(_fresh(part) for part in parts)
        object.__setattr__(self, "lines", lines)
        if len(lines) != len(parts) or any(
            line.versions[line.kept].take is not part.take
            for line, part in zip(lines, parts, strict=True)
        ):
            raise ParameterError("is not what is kept of its lines", subject="narration")

    @classmethod
    def of(cls, narration: Narration) -> Review:
        """Return the beginning of the work on a narration."""
        return cls(narration=narration)

    def __repr__(self) -> str:
        accepted = sum(line.accepted for line in self.lines)
        takes = sum(len(line.versions) for line in self.lines)
        lines = f"{len(self.lines)} line{'s' if len(self.lines) != 1 else ''}"
        return f"Review({lines}, {accepted} accepted, {takes} takes)"

    def place(self, line: int | Part) -> int:
        """Return where a line stands, from 0; see `workbench.speech.joining.place_of`."""
        return place_of(self.narration, line)

    def at(self, line: int | Part) -> LineReview:
        """Return the state of a line."""
        return self.lines[self.place(line)]

    @property
    def pending(self) -> tuple[Part, ...]:
        """The lines that have another version in front than the narration has."""
        pairs = zip(self.narration.parts, self.lines, strict=True)
        return tuple(part for part, line in pairs if line.pending)

    @property
    def done(self) -> bool:
        """Whether every line is accepted and none has a version still to be judged."""
        return all(line.accepted and not line.pending for line in self.lines)

    # -- work ---------------------------------------------------------------------------------

    def respoken(self, line: int | Part, **ways: Any) -> Version:
        """Speak a line again, starting from the version in front; see `retake`."""
        place = self.place(line)
        here = self.lines[place]
        part = self.narration.parts[place]
        part = replace(part, line=here.version.line(part.line.number), take=here.version.take)
        tried = {version.take.seed for version in here.versions}
        new = respeak(part, **{"avoid": tried, **ways})
        return Version(text=new.line.text, voice=new.line.voice, take=new.take)

    def retake(self, line: int | Part, **ways: Any) -> Review:
        """Speak a line again; the new version comes to the front and the narration stays.

        Parameters
        ----------
        line
            Its number in the script, or the part itself.
        **ways
            As `workbench.speech.retake.retake` takes them, on top of the version in front:
            ``text``, ``voice``, ``seed``, ``normalize``, ``lexicon``, ``verify``, ``cache``,
            ``cancel``, the engine's options. With none of them, the next seed that was not tried.

        Raises
        ------
        ParameterError, TextError, ModelError, Cancelled
            As there.
        """
        return self.add(line, self.respoken(line, **ways))

    def add(self, line: int | Part, version: Version) -> Review:
        """Put a version in front; one that is there already is not kept twice."""
        here = self.at(line)
        if not isinstance(version, Version):
            raise ParameterError(
                f"must be a Version, not {type(version).__name__}", subject="version"
            )
        if version in here.versions:
            return self._with(line, shown=here.versions.index(version))
        return self._with(line, versions=(*here.versions, version), shown=len(here.versions))

    def show(self, line: int | Part, version: int) -> Review:
        """Put another version in front, counted from 0; the narration stays."""
        return self._with(line, shown=version)

    def accept(self, line: int | Part, version: int | None = None) -> Review:
        """Take a version into the narration and say that it is right; None for that in front."""
        place = self.place(line)
        here = self.lines[place]
        chosen = here.shown if version is None else version
        new = replace(here, kept=chosen, shown=chosen, accepted=True)
        number = self.narration.parts[place].line.number
        narration = self.narration
        if chosen != here.kept:
            kept = new.version
            narration = replace_part(narration, place, kept.line(number), kept.take)
        return replace(self, narration=narration, lines=self._lines(place, new))

    def reopen(self, line: int | Part) -> Review:
        """Say that a line is not right after all."""
        return self._with(line, accepted=False)

    def annotate(self, line: int | Part, note: str) -> Review:
        """Write a note to a line, in place of the one there is."""
        return self._with(line, note=note)

    def insert(self, text: str, *, after: int | Part | None, **ways: Any) -> Review:
        """Speak a line more, see `workbench.speech.retake.insert_line`; it is in the narration."""
        place = 0 if after is None else self.place(after) + 1
        narration = insert_line(self.narration, text, after=after, **ways)
        new = _fresh(narration.parts[place])
        return Review(narration=narration, lines=(*self.lines[:place], new, *self.lines[place:]))

    def remove(self, line: int | Part) -> Review:
        """Take a line away with all its versions; see `workbench.speech.retake.remove_line`."""
        place = self.place(line)
        narration = remove_line(self.narration, self.narration.parts[place])
        return Review(narration=narration, lines=(*self.lines[:place], *self.lines[place + 1 :]))

    def _with(self, line: int | Part, **changes: Any) -> Review:
        place = self.place(line)
        return replace(self, lines=self._lines(place, replace(self.lines[place], **changes)))

    def _lines(self, place: int, new: LineReview) -> tuple[LineReview, ...]:
        return (*self.lines[:place], new, *self.lines[place + 1 :])

    # -- keeping it ---------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Return the work as plain values, all sounds included."""
        return review_file.written(self, Take.to_dict)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Review:
        """Return the work that `to_dict` described.

        Raises
        ------
        ParameterError
            When it is none, or of a later version.
        """
        return review_file.understood(data, Take.from_dict)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the work to a JSON file, and its sounds to a folder beside it; return the path.

        ``talk.json`` has its sounds in ``talk.sounds/``, WAV files of 32-bit floats that are
        exactly what was spoken. To save again writes the new ones only.

        Raises
        ------
        StorageError
            When it cannot be written.
        """
        return review_file.save(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Review:
        """Return the work that `save` wrote, to go on with it.

        Raises
        ------
        StorageError
            When there is no such file.
        ParameterError
            When it is not whole: what is wrong is said.
        """
        return review_file.load(path)


def _fresh(part: Part) -> LineReview:
    line = part.line
    return LineReview(versions=(Version(text=line.text, voice=line.voice, take=part.take),))
