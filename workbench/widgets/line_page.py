"""The line board as the page sees it: its state, its messages, its sounds."""

from __future__ import annotations

import inspect
import secrets
import threading
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import traitlets as t

from workbench.captions.saving import fingerprint, taken
from workbench.errors import ParameterError, WorkbenchError, one_line, shown
from workbench.speech.ears import Ears, ears
from workbench.speech.flagged import flagged
from workbench.speech.json_file import sounds_folder
from workbench.speech.retake import respeak
from workbench.widgets import line_rows, pictures
from workbench.widgets.cue_sources import file_key
from workbench.widgets.line_sounds import LineSounds
from workbench.widgets.panel import Panel, clip_state, front, style
from workbench.widgets.steps import Steps

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from workbench.progress import Report
    from workbench.speech.line_flags import LineFlags
    from workbench.speech.review import Review, Version
    from workbench.take import Narration, Part, Take
    from workbench.widgets.clip import Clip
    from workbench.widgets.outputs import Bundle

__all__ = ["LinePage", "new_name"]

_FROM_PAGE = ("text", "voice")  # what a click may ask of a retake, and the engine's options
_ARGUMENTS = frozenset(inspect.signature(respeak).parameters)  # which no option is

_CHANGES: Mapping[str, Callable[[Review, Part, dict[str, Any]], Review]] = MappingProxyType(
    {
        "accept": lambda review, part, asked: review.accept(part, asked.get("version")),
        "reopen": lambda review, part, _: review.reopen(part),
        "show": lambda review, part, asked: review.show(part, asked["version"]),
        "note": lambda review, part, asked: review.annotate(part, asked["text"]),
    }
)


class _State(NamedTuple):
    """The work, and what the page calls its lines whatever their numbers become."""

    review: Review
    names: tuple[str, ...]


class LinePage(Panel):
    """What `workbench.widgets.line_board.LineBoard` is made of: the work, and how it is shown.

    Parameters
    ----------
    work
        The review to begin with.
    ways
        How every retake is spoken.
    listener
        Who can be asked to listen; empty for nobody.
    path
        The file to be saved to; empty for none.
    seen
        The fingerprints of files as they were read, by path.

    Attributes
    ----------
    rows
        What is shown of each line, see `workbench.widgets.line_rows.row`.
    joined
        What plays the whole.
    at
        The page's name of the line that is being spoken.
    path
        The file that `save` writes to when it is told none; empty when none is known.
    unsaved
        Whether something was changed since it was read, saved or begun.
    undoable, redoable
        Whether there is something to undo, or to do again.
    """

    _esm = front(
        "tuner_parts.js", "board_retake.js", "board_line.js", "board_file.js", "line_board.js"
    )
    _css = style("line_board.css")

    rows = t.List(t.Dict()).tag(sync=True)
    joined = t.Dict().tag(sync=True)
    at = t.Unicode().tag(sync=True)
    listener = t.Unicode().tag(sync=True)
    path = t.Unicode().tag(sync=True)
    unsaved = t.Bool(default_value=False).tag(sync=True)
    undoable = t.Bool(default_value=False).tag(sync=True)
    redoable = t.Bool(default_value=False).tag(sync=True)

    _from_page: ClassVar[frozenset[str]] = frozenset()

    def __init__(
        self,
        work: Review,
        ways: dict[str, Any],
        *,
        listener: str = "",
        path: str = "",
        seen: dict[str, str],
    ) -> None:
        self._ways = ways
        self._ears: Ears | None = None
        self._steps = Steps(_State(work, tuple(new_name() for _ in work.lines)))
        self._saved = work
        self._seen = seen  # the fingerprints of files as they were read or written, by path
        self._sounds = LineSounds()
        self._faults: dict[str, str] = {}
        self._changing = threading.RLock()
        self._looking = threading.Lock()
        self.flags: tuple[LineFlags, ...] = ()
        super().__init__(listener=listener, path=path)
        self._draw()

    @property
    def review(self) -> Review:
        """The work as it is."""
        return self._steps.now.review

    @property
    def narration(self) -> Narration:
        """What is kept of every line, joined."""
        return self.review.narration

    # -- the work -----------------------------------------------------------------------------

    def _apply(
        self, change: Callable[[Review], Review], names: tuple[str, ...] | None = None
    ) -> None:
        with self._changing:
            now = self._steps.now
            self._steps.do(_State(change(now.review), names or now.names))
            self._draw()
        self._changed()

    def _step(self, step: Callable[[], bool]) -> None:
        with self._changing:
            if not step():
                return
            self._draw()
        self._changed()

    def _changed(self) -> None:
        self._renew()

    def _speaking(self, place: int) -> str:
        return f"speaking line {self.narration.parts[place].line.number}"

    def _respoken(
        self, start: Review, place: int, cancel: threading.Event, ways: dict[str, Any]
    ) -> Version:
        """Return a line spoken anew, with all that is known of it: nothing is left to wait for."""
        part = start.narration.parts[place]
        version = start.respoken(part, **{"cancel": cancel, **ways})
        flagged([replace(part, take=version.take)], listener=self._ears, cancel=cancel)
        return version

    def _add(self, name: str, version: Version) -> None:
        self._faults.pop(name, None)
        self._apply(lambda review: review.add(self._part(name), version))

    def _hear(self, start: Review, who: Ears, report: Report, cancel: threading.Event) -> None:
        pairs = zip(start.narration.parts, start.lines, strict=True)
        parts = [replace(part, take=v.take) for part, line in pairs for v in line.versions]
        flagged(parts, listener=who, progress=report, cancel=cancel)

    def _listened(self, who: Ears) -> None:
        with self._changing:
            self._ears = who
            self._draw()
        self._changed()

    def save(self, path: str | os.PathLike[str] | None = None) -> Path:
        """Write the work to a JSON file with its sounds beside it; see `Review.save`.

        Parameters
        ----------
        path
            The file; None for the one it was read from or saved to last.

        Raises
        ------
        ParameterError
            When no path was ever given.
        StorageError
            When it cannot be written.
        """
        told = path or self.path
        if not told:
            raise ParameterError("has no file yet", subject="review", cure="give a path")
        review = self.review
        saved = review.save(told)
        self._seen[file_key(saved)] = fingerprint(saved)
        self._saved, self.path = review, str(saved)
        self.unsaved = self.review is not review
        return saved

    def _save_for_page(self, path: str, *, overwrite: bool) -> None:
        """Save; what is there and is not this work's own file, the page has to ask about first."""
        why = taken(path, self._seen.get(file_key(path), "")) if path else ""
        if why and not overwrite:
            self._command({"kind": "taken", "path": path, "text": f"{path} {why}."})
            return
        saved = self.save(path or None)
        sounds = sounds_folder(saved).name
        told = f"Saved in {saved.name}, with its sounds in {sounds}/: keep both together"
        self._command({"kind": "saved", "text": told})

    # -- from the page ------------------------------------------------------------------------

    def _handle(self, kind: str, content: dict[str, Any]) -> None:
        if kind == "look":
            takes = self._sounds.takes(str(uid) for uid in content["uids"])
            threading.Thread(target=self._look, args=(takes,), daemon=True).start()
        elif kind == "voices?":
            spoken = {"voices": line_rows.voices(), "engines": line_rows.engines()}
            fixed = not {"lexicon", "verify"} & set(self._ways)
            self._command({"kind": "voices", **spoken, "fixed": fixed})
        elif kind == "undo":
            self._step(self._steps.undo)
        elif kind == "redo":
            self._step(self._steps.redo)
        elif kind == "listen":
            who, start = ears(self.listener or "stt"), self.review
            self._work(
                "listening",
                lambda report, cancel: self._hear(start, who, report, cancel),
                lambda _: self._listened(who),
            )
        elif kind == "save":
            path = str(content.get("path") or self.path)
            self._save_for_page(path, overwrite=content.get("overwrite") is True)
        elif kind == "retake":
            self._retake_for_page(str(content["id"]), content)
        elif kind in _CHANGES:
            change, part = _CHANGES[kind], self._part(content["id"])
            self._apply(lambda review: change(review, part, content))
        else:
            super()._handle(kind, content)

    def _retake_for_page(self, name: str, content: dict[str, Any]) -> None:
        place, start = self._place(name), self.review
        given: dict[str, Any] = {key: content[key] for key in _FROM_PAGE if key in content}
        options = dict(content.get("options", {}))
        foreign = sorted(set(options) & _ARGUMENTS)
        if foreign:
            raise ParameterError("is not for the page to set", subject=", ".join(foreign))
        given |= options

        def speak(_: Report, cancel: threading.Event) -> Version | Exception:
            try:
                return self._respoken(start, place, cancel, {**self._ways, **given})
            except Exception as error:  # noqa: BLE001 - it is shown at the line
                return error

        def then(result: Version | Exception) -> None:
            if not isinstance(result, Exception):
                self._add(name, result)
                return
            known = isinstance(result, WorkbenchError)
            told = str(result) if known else f"{type(result).__name__}: {result}"
            with self._changing:
                self._faults[name] = one_line(told, limit=600)
                self._draw()

        if not self.busy:  # what is at work already has its own line
            self.at = name
        self._work(self._speaking(place), speak, then)

    def _place(self, name: str) -> int:
        names = self._steps.now.names
        if name not in names:
            raise ParameterError(f"there is no line {shown(name)} here", subject="line")
        return names.index(name)

    def _part(self, name: str) -> Part:
        return self.narration.parts[self._place(name)]

    def _look(self, takes: dict[str, Take]) -> None:
        """Send the outlines of sounds that came into view, then what each measures."""
        from workbench.speech.measure import measure

        with self._telling(), self._looking:
            outlines = [self._sounds.outline(take) for take in takes.values()]
            self.send({"kind": "outlines", "uids": list(takes)}, buffers=list(outlines))
            for uid, take in takes.items():
                found = line_rows.cells(measure(take))
                self.send({"kind": "measures", "uid": uid, "cells": found})

    @t.observe("busy")
    def _rested(self, change: Any) -> None:
        if not change.new:
            self.at = ""

    # -- how it looks -------------------------------------------------------------------------

    def _draw(self) -> None:
        """Bring the state up to the review."""
        review, names = self._steps.now
        fresh = self._sounds.keep(
            review.narration, (v.take for line in review.lines for v in line.versions)
        )
        fronts = line_rows.in_front(review)
        self.flags = flagged(fronts, listener=self._ears)
        rows = [
            line_rows.row(
                name,
                part.line.number,
                line,
                flags,
                clips=[self._sounds.uid(version.take) for version in line.versions],
                fault=self._faults.get(name, ""),
            )
            for name, part, line, flags in zip(names, fronts, review.lines, self.flags, strict=True)
        ]
        with self.hold_sync():
            if fresh:
                self.joined = clip_state(self._sounds.joined)
            self.rows = rows
            self.undoable, self.redoable = self._steps.undoable, self._steps.redoable
            self.unsaved = review is not self._saved

    def _clip(self, uid: str) -> Clip:
        return self._sounds.clip(uid) or super()._clip(uid)

    def still(self) -> Bundle:
        """Return the outline of the whole, and a line about the work."""
        data, metadata = pictures.bundle(self._sounds.joined)
        told = f"Line board: {line_rows.summary(self.review, self.flags)}"
        return {**data, "text/plain": told}, metadata

    def twin(self) -> str:
        """Return the table of lines with the sound of the whole."""
        with self._changing:  # a timer draws it while lines come and go
            review, joined = self.review, self._sounds.joined
        kept = flagged(review.narration, listener=self._ears)
        return line_rows.board_html(review, kept, joined, self.uid)


def new_name() -> str:
    """Return what the page calls a line from now on."""
    return secrets.token_hex(4)
