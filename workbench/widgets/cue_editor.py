"""The cue editor: captions over the waveform, edited by hand, with their problems marked."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, ClassVar

from workbench.captions import editing
from workbench.captions.chosen import at_index
from workbench.captions.editing import Edit, History, Limits, Numbered
from workbench.captions.styles import STYLES
from workbench.captions.styles import style as find_style
from workbench.captions.typed import is_empty
from workbench.errors import ParameterError, one_line, suggest
from workbench.widgets import cue_table, pictures
from workbench.widgets.clip import Clip
from workbench.widgets.cue_commands import CueCommands
from workbench.widgets.cue_messages import edit_of
from workbench.widgets.cue_preview import preview_png
from workbench.widgets.cue_sources import captioned, captions_of, file_key
from workbench.widgets.made import counted
from workbench.widgets.panel import clip_state, front, style

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from workbench.captions.styles import Style
    from workbench.widgets.outputs import Bundle

__all__ = ["CueEditor", "edit_captions"]

_OPTIONS = ("style", "limits", "size")
_FRAME = (1920, 1080)
_IN_PICTURE = "captions are in the picture: those of the player start off"
_PARTS = ("book", "list", "regions", "pane", "bar", "sound", "editor")
_FRONT = ["tuner_parts.js", *(f"cue_{part}.js" for part in _PARTS)]


class CueEditor(CueCommands):
    """Captions in a notebook, to be edited by hand or by the methods of this object.

    Parameters
    ----------
    cues
        Captions; the path of a caption file; what was spoken, to be captioned; or None for those
        of `media`, or of the file at `path`.
    media
        What they are captions of: a Take, a Narration, an Audio, a rendered video or the path of
        a media file. Without it there is nothing to hear, and all the rest works.
    path
        Where `save` writes; the caption file itself when `cues` is one.
    style
        The caption style of the preview and of an .ass file; see `workbench.captions.styles`.
    limits
        What counts as a problem; without it, what suits the style and the size.
    size
        Width and height in pixels of the video that the captions are for; its own, if there is
        one.

    Attributes
    ----------
    clip
        What plays; None without media.
    history
        The captions, what they were, and what was undone.
    revision
        Counts changes; observe it to hear of each.
    undoable, redoable
        What would be undone or done again; empty for nothing.
    path
        Where `save` writes; empty when that was never said.
    notes
        What one should know: what of the file was mended when it was read, and whether the
        picture shows captions already.
    unsaved
        Whether the captions are not what was last read or written.

    Raises
    ------
    ParameterError
        When there are no captions in what is given.
    MediaNotFound, TextError
        When a path leads to no captions.

    Examples
    --------
    >>> import workbench as wb
    >>> editor = CueEditor(media=wb.speak("Welcome back to the chanel."))
    >>> _ = editor.replace("chanel", "channel")
    >>> _ = editor.split(0, letter=13)
    >>> [cue.text for cue in editor.cues], editor.undoable
    (['Welcome back', 'to the channel.'], 'split')
    >>> editor.undo().undo().cues.text
    'Welcome back to the chanel.'
    """

    _esm = front(*_FRONT)
    _css = style("cue_editor.css")

    _from_page: ClassVar[frozenset[str]] = frozenset()

    def __init__(
        self,
        cues: object = None,
        media: object = None,
        *,
        path: str | os.PathLike[str] | None = None,
        style: str | Style = "plain",
        limits: Limits | None = None,
        size: tuple[int, int] | None = None,
    ) -> None:
        self.clip = None if media is None else captioned(Clip.of(media))
        found, file, self._seen, mended = captions_of(cues, media, path)
        in_picture = self.clip is not None and self.clip.captioned
        self._style = find_style(style)
        self._size = size or (self.clip.size if self.clip and any(self.clip.size) else _FRAME)
        self._limits = limits
        self.history = History(present=found)
        self._saved = found
        self._numbered = Numbered.of(found)
        self._marks: dict[int, list[list[Any]]] = {}
        self._pages: dict[str, int] = {}  # the last edit that each page sent
        self._selected = 0
        self._asked: dict[str, Any] | None = None  # the preview that is to be drawn
        self._drawing = threading.Lock()
        self._names = {**STYLES, self._style.name: self._style}
        super().__init__(
            media=clip_state(self.clip) if self.clip else {},
            language=found.language or (self.clip.language if self.clip else ""),
            path="" if file is None else str(file),
            caption_style=self._style.name,
            styles=list(self._names),
            notes=[*([_IN_PICTURE] if in_picture else []), *mended],
            speed_limit=editing.pace_limit(found, self.limits),
        )

    def __repr__(self) -> str:
        told = f"{counted(len(self.cues), 'caption')}, {counted(len(self.problems), 'problem')}"
        return f"CueEditor({told})"

    def preview(self, index: int | None = None, *, at: float | None = None) -> bytes:
        """Return a frame of the video with the caption as a render draws it, as a PNG.

        Parameters
        ----------
        index
            Which caption, from 0: the middle of its time. The selected one when None.
        at
            Another moment, in seconds.

        Raises
        ------
        ParameterError
            When there is no such caption.
        """
        return preview_png(self.cues, self._moment(index, at), self._style, self._size, self.clip)

    def _moment(self, index: int | None, at: float | None) -> float:
        if at is not None:
            return at
        if not len(self.cues):
            return 0.0
        chosen = self.selected if index is None else at_index(self.cues, index)
        return self.cues[chosen].middle

    # -- what the page says ---------------------------------------------------------------------

    def _handle(self, kind: str, content: dict[str, Any]) -> None:
        heard: dict[str, Callable[[dict[str, Any]], None]] = {
            "sync": lambda told: self._tell_all({"page": str(told.get("page", ""))}),
            "edit": self._hear_edit,
            "find": self._hear_find,
            "select": lambda told: setattr(self, "_selected", self._numbered.index(told.get("id"))),
            "preview": self._hear_preview,
            "look": self._hear_look,
            "save": self._hear_save,
        }
        if kind not in heard:
            super()._handle(kind, content)
        heard[kind](content)

    def _hear_edit(self, content: dict[str, Any]) -> None:
        """Do an edit of the page, once; where one was lost, say so and tell what there is."""
        page, seq = str(content.get("page", "")), content.get("seq")
        if type(seq) is not int:
            raise ParameterError("has no number", subject="edit")
        last = self._pages.get(page, 0)
        if seq <= last:
            return  # it came twice
        self._pages[page] = seq
        told = {"page": page, "seq": seq}
        try:
            self._do_told(content, told)
        except Exception as error:
            # The page showed the edit as done: it takes back what it showed.
            self._tell_all({**told, "denied": one_line(str(error))})
            raise
        if seq > last + 1:
            self._tell_all({**told, "lost": seq - last - 1})

    def _do_told(self, content: dict[str, Any], told: dict[str, Any]) -> None:
        op = content.get("op")
        if op in {"undo", "redo"}:
            history = self.history.undo() if op == "undo" else self.history.redo()
            self._become(history, told)
            return
        if op == "fix":
            cues = self._fixed(self._numbered.index(content.get("id")), content.get("problem"))
        elif op == "fix all":
            cues = editing.fixed(self.cues, self.duration, limits=self.limits)
        elif op == "snap":
            cues = self._snapped(self._numbered.index(content.get("id")))
        else:
            edit = edit_of(self._numbered, content)
            if edit.op == "rebreak":
                told_limits = {"letters": self.limits.letters, "lines": self.limits.lines}
                edit = Edit(op="rebreak", options={**told_limits, **edit.options})
            cues = edit(self.cues)
        visit = content.get("visit")
        visit = f"{told['page']} {visit}" if isinstance(visit, int | str) and visit else ""
        self._become(self.history.after(cues, str(op), visit=visit), told)

    def _hear_find(self, content: dict[str, Any]) -> None:
        text = content.get("text")
        how = {"case": content.get("case", False), "whole_words": content.get("words", False)}
        found = self.find(text, **how) if isinstance(text, str) and text.strip() else ()
        places = [[self._numbered.numbers[f.cue], f.start, f.end] for f in found]
        self._command({"kind": "found", "ask": content.get("ask"), "places": places})

    def _hear_look(self, content: dict[str, Any]) -> None:
        self.restyle(str(content.get("name", "")))

    def _hear_save(self, content: dict[str, Any]) -> None:
        path = str(content.get("path") or self.path)
        overwrite = content.get("overwrite") is True
        why = editing.taken(path, self._seen.get(file_key(path), "")) if path else ""
        if why and not overwrite:
            self._command({"kind": "taken", "path": path, "text": f"{path} {why}."})
            return
        saved = self.save(path or None, overwrite=overwrite)
        written = sum(not is_empty(cue) for cue in self._saved)
        text = f"Saved {counted(written, 'caption')} in {saved}"
        self._command({"kind": "saved", "path": str(saved), "text": text})

    def _hear_preview(self, content: dict[str, Any]) -> None:
        """Draw in a thread: of what is asked for meanwhile, only the last is drawn."""
        number = content.get("id")
        index = self._numbered.index(number) if number is not None else None
        asked = {"ask": content.get("ask"), "time": self._moment(index, None)}
        with self._drawing:
            waiting, self._asked = self._asked, asked
        if waiting is None:
            threading.Thread(target=self._draw, daemon=True).start()

    def _draw(self) -> None:
        while True:
            asked = self._asked or {}
            with self._telling():
                png = self.preview(at=asked["time"])
                self.send({"kind": "preview", "ask": asked["ask"]}, buffers=[png])
            with self._drawing:
                if self._asked is asked:
                    self._asked = None
                    return

    def _clip(self, uid: str) -> Clip:
        return self.clip if self.clip and uid == self.clip.uid else super()._clip(uid)

    # -- without a kernel -----------------------------------------------------------------------

    def still(self) -> Bundle:
        """Return the outline with the captions as bands, and a line of text."""
        line = {"text/plain": repr(self)}
        if self.clip is None:
            return line, {}
        data, metadata = pictures.bundle(Clip.of(self.clip, cues=self.cues))
        return {**data, **line}, metadata

    def twin(self) -> str:
        """Return the captions as a table with their problems, and the sound where it is small."""
        return cue_table.twin(self.cues, self.problems, self.clip, self.uid)


def edit_captions(
    cues: object = None,
    media: object = None,
    *,
    path: str | os.PathLike[str] | None = None,
    **options: Any,
) -> CueEditor:
    """Return an editor of captions; a notebook shows it.

    Parameters
    ----------
    cues, media, path
        As for `CueEditor`.
    **options
        ``style``, ``limits``, ``size``: as for `CueEditor`.

    Raises
    ------
    ParameterError
        When there are no captions in what is given, or an option is not known; the nearest is
        offered.
    MediaNotFound, TextError
        When a path leads to no captions.

    Examples
    --------
    >>> import workbench as wb
    >>> edit_captions(media=wb.speak("One. Two."), sise=(640, 360))
    Traceback (most recent call last):
    workbench.errors.ParameterError: sise: is not an option; did you mean 'size'?
    """
    for name in options:
        if name not in _OPTIONS:
            cure = suggest(name, _OPTIONS) or f"the options are {', '.join(_OPTIONS)}"
            raise ParameterError("is not an option", subject=name, cure=cure)
    return CueEditor(cues, media, path=path, **options)
