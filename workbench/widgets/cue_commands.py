"""What a script does with a cue editor: the same edits as by hand, one step of undo each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import traitlets as t

from workbench.captions import editing
from workbench.captions.cues import Cues
from workbench.captions.editing import Edit, History, Limits
from workbench.captions.styles import limits
from workbench.captions.styles import style as find_style
from workbench.errors import ParameterError, shown
from workbench.text.letters import wide
from workbench.widgets.cue_messages import TAGS, marks_of, rows_of
from workbench.widgets.cue_sources import file_key
from workbench.widgets.panel import Panel

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from workbench.captions.chosen import Which
    from workbench.captions.editing import Found, Numbered, Problem
    from workbench.captions.retiming import Against, Neighbours
    from workbench.captions.styles import Style
    from workbench.widgets.clip import Clip

__all__ = ["CueCommands"]


class CueCommands(Panel):
    """The commands of a `workbench.widgets.cue_editor.CueEditor`.

    Each edit returns the editor, so that one may follow another, and raises `ParameterError` when
    it cannot be done; see the function of its name in `workbench.captions.editing`.
    """

    media = t.Dict().tag(sync=True)
    language = t.Unicode().tag(sync=True)
    revision = t.Int(0).tag(sync=True)
    undoable = t.Unicode().tag(sync=True)
    redoable = t.Unicode().tag(sync=True)
    path = t.Unicode().tag(sync=True)
    notes = t.List(t.Unicode()).tag(sync=True)
    unsaved = t.Bool(default_value=False).tag(sync=True)
    caption_style = t.Unicode("plain").tag(sync=True)
    styles = t.List(t.Unicode()).tag(sync=True)
    speed_limit = t.Float(0.0).tag(sync=True)
    tags = t.Dict(TAGS).tag(sync=True)

    clip: Clip | None
    history: History
    _numbered: Numbered
    _marks: dict[int, list[list[Any]]]
    _limits: Limits | None
    _seen: dict[str, str]  # the fingerprints of files as they were read or written, by path
    _saved: Cues
    _style: Style
    _names: dict[str, Style]
    _size: tuple[int, int]
    _selected: int

    # -- what there is ------------------------------------------------------------------------

    @property
    def cues(self) -> Cues:
        """The captions now. Set it to replace them all, as one step that can be undone."""
        return self.history.present

    @cues.setter
    def cues(self, cues: Cues) -> None:
        if not isinstance(cues, Cues):
            raise ParameterError(f"must be Cues, not {type(cues).__name__}", subject="cues")
        self._become(self.history.after(cues, "replace all"))

    @property
    def limits(self) -> Limits:
        """What counts as a problem."""
        if self._limits is not None:
            return self._limits
        letters = wide("".join(word.text for word in self.cues.words))
        in_line, lines = limits(self._style, *self._size, wide=letters)
        return Limits(letters=in_line, lines=lines)

    @property
    def duration(self) -> float | None:
        """Seconds of the media, None without."""
        return (self.clip.duration or None) if self.clip else None

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What a viewer would stumble over; see `workbench.captions.editing.problems`."""
        return editing.problems(self.cues, self.duration, limits=self.limits)

    @property
    def selected(self) -> int:
        """The caption that is being looked at, from 0. Set it to lead the page there."""
        return min(self._selected, max(0, len(self.cues) - 1))

    @selected.setter
    def selected(self, index: int) -> None:
        number = self._numbered.numbers[index]
        self._selected = self._numbered.index(number)
        self._command({"kind": "select", "id": number})

    # -- edits ----------------------------------------------------------------------------------

    def _become(self, history: History, told: dict[str, Any] | None = None) -> None:
        """Have these captions from now on, and tell every page what is not as it was."""
        self.history = history
        self._numbered, change = self._numbered.after(history.present)
        marks = marks_of(self._numbered, self.problems)
        before, self._marks = self._marks, marks
        differing = [n for n in {*before, *marks} if before.get(n) != marks.get(n)]
        was = self.revision
        with self.hold_sync():
            self.revision = was + 1
            self.undoable = history.past[-1].label if history.past else ""
            self.redoable = history.future[-1].label if history.future else ""
            self.unsaved = history.present != self._saved
        self._command(
            {
                "kind": "changed",
                "was": was,
                "revision": self.revision,
                "first": change.first,
                "removed": change.removed,
                "rows": rows_of(self._numbered, change),
                "marks": [[number, marks.get(number, [])] for number in differing],
                **(told or {}),
            }
        )
        self._renew()

    def _tell_all(self, told: dict[str, Any]) -> None:
        self._marks = marks_of(self._numbered, self.problems)
        self._command(
            {
                "kind": "all",
                "revision": self.revision,
                "rows": rows_of(self._numbered),
                "marks": [[number, marks] for number, marks in self._marks.items()],
                "selected": self._numbered.numbers[self.selected] if len(self.cues) else None,
                **told,
            }
        )

    # -- the commands ---------------------------------------------------------------------------

    def do(self, edit: Edit) -> Self:
        """Do an edit that was made as a value.

        Raises
        ------
        ParameterError
            When it cannot be done.
        """
        self._become(self.history.after(edit(self.cues), edit.op))
        return self

    def split(self, index: int, *, at: float | None = None, letter: int | None = None) -> Self:
        """Cut a caption in two, at a time in seconds or at a character."""
        return self.do(Edit.of("split", index=index, at=at, letter=letter))

    def merge(self, first: int, last: int | None = None) -> Self:
        """Make one of a caption and the next, or of all up to `last`."""
        return self.do(Edit.of("merge", first=first, last=last))

    def retype(self, index: int, text: str) -> Self:
        """Give a caption another text; words that stay keep their times."""
        return self.do(Edit.of("retype", index=index, text=text))

    def rebreak(self, index: int, *, letters: int | None = None, lines: int | None = None) -> Self:
        """Break the lines of a caption anew, within the limits."""
        fit = {"letters": letters or self.limits.letters, "lines": lines or self.limits.lines}
        return self.do(Edit.of("rebreak", index=index, **fit))

    def move(
        self,
        index: int,
        *,
        start: float | None = None,
        end: float | None = None,
        neighbours: Neighbours = "stop",
    ) -> Self:
        """Let a caption begin or end at another time, in seconds."""
        told = {"start": start, "end": end, "neighbours": neighbours}
        return self.do(Edit.of("move", index=index, **told))

    def shift(self, by: float, which: Which = None, *, against: Against = "refuse") -> Self:
        """Show captions later, or earlier: all, one, several, or ``slice(3, None)``."""
        return self.do(Edit.of("shift", by=by, which=which, against=against))

    def stretch(
        self, first: tuple[float, float], second: tuple[float, float], which: Which = None
    ) -> Self:
        """Lay captions on other media by two points, each a time now and where it belongs."""
        return self.do(Edit.of("stretch", first=first, second=second, which=which))

    def insert(
        self, start: float, *, end: float | None = None, text: str = "", speaker: str = ""
    ) -> Self:
        """Put in a caption where there is room."""
        return self.do(Edit.of("insert", start=start, end=end, text=text, speaker=speaker))

    def delete(self, which: Which) -> Self:
        """Take out captions."""
        return self.do(Edit.of("delete", which=which))

    def replace(
        self, old: str, new: str, *, case: bool = False, whole_words: bool = False,
        which: Which = None,
    ) -> Self:  # fmt: skip
        """Replace a text wherever it stands."""
        how = {"case": case, "whole_words": whole_words, "which": which}
        return self.do(Edit.of("substitute", old=old, new=new, **how))

    def find(
        self, text: str, *, case: bool = False, whole_words: bool = False
    ) -> tuple[Found, ...]:
        """Return where a text stands."""
        return editing.find(self.cues, text, case=case, whole_words=whole_words)

    def snap(self, index: int) -> Self:
        """Lay a caption on the words that are heard, from a word's start to a word's end."""
        self._become(self.history.after(self._snapped(index), "snap"))
        return self

    def fix(self, index: int | None = None, kind: str | None = None) -> Self:
        """Set right what has an obvious fix: of all captions, of one, or one kind of problem."""
        if index is None:
            after = editing.fixed(self.cues, self.duration, limits=self.limits)
            label = "fix all"
        else:
            after, label = self._fixed(index, kind), "fix"
        self._become(self.history.after(after, label))
        return self

    def undo(self) -> Self:
        """Take back the last step."""
        self._become(self.history.undo())
        return self

    def redo(self) -> Self:
        """Do again what was undone."""
        self._become(self.history.redo())
        return self

    def restyle(self, style: str | Style) -> Self:
        """Have another caption style for the preview and an .ass file.

        Raises
        ------
        ParameterError
            When there is no such style; the nearest is offered.
        """
        known = self._names.get(style) if isinstance(style, str) else None
        self._style = find_style(style) if known is None else known
        self._names[self._style.name] = self._style
        with self.hold_sync():
            self.styles = list(self._names)
            self.caption_style = self._style.name
            self.speed_limit = editing.pace_limit(self.cues, self.limits)
        self._become(self.history)
        return self

    def save(self, path: str | os.PathLike[str] | None = None, *, overwrite: bool = False) -> Path:
        """Write the captions to a file and return its path; the suffix names the format.

        Parameters
        ----------
        path
            .srt, .vtt, .ass or .ttml; where they came from or were last written when None.
        overwrite
            Whether to replace a file that another has written to since.

        Raises
        ------
        ParameterError
            When no path was ever given.
        StorageError
            When another has written to the file, or it cannot be written.
        """
        told = path or self.path
        if not told:
            raise ParameterError("has no file yet", subject="captions", cure="give a path")
        width, height = self._size
        cues = self.cues
        saved = editing.save(
            cues, told, seen=self._seen.get(file_key(told), ""), overwrite=overwrite,
            style=self._style, width=width, height=height,
        )  # fmt: skip
        self._seen[file_key(saved)] = editing.fingerprint(saved)
        self._saved = cues
        self.path = str(saved)
        self.unsaved = self.cues != cues
        return saved

    def _snapped(self, index: int) -> Cues:
        words = self.clip.words if self.clip else ()
        if not words:
            raise ParameterError(
                "are not known", subject="the words that are heard",
                cure="give what was spoken as media, or transcribe it first",
            )  # fmt: skip
        return editing.snap(self.cues, index, words)

    def _fixed(self, index: int, kind: Any) -> Cues:
        found: list[Problem] = [p for p in self.problems if p.cue == index and p.fix]
        fixes = [p.fix for p in found if kind in {None, p.kind} and p.fix]
        if not fixes:
            what = "a problem" if kind is None else shown(kind)
            raise ParameterError(f"has no obvious fix for {what}", subject=f"caption {index + 1}")
        fixed: Cues = fixes[0](self.cues)
        return fixed
