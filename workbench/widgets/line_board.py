"""The line board: a narration as a table of lines, to hear, speak again and accept one by one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from workbench.captions.saving import fingerprint
from workbench.errors import ParameterError, suggest
from workbench.paths import user_path
from workbench.speech.ears import ears
from workbench.speech.review import Review
from workbench.take import Narration
from workbench.widgets import line_rows
from workbench.widgets.cue_sources import file_key
from workbench.widgets.line_page import LinePage, new_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.speech.line_flags import LineFlags
    from workbench.take import Part

__all__ = ["LineBoard", "review"]

_WAYS = ("normalize", "lexicon", "verify", "cache")


class LineBoard(LinePage):
    r"""A narration as a table of lines.

    Every line has its player, its measures, its flags and all the takes that were made of it. A
    retake speaks that line alone and stands in front until it is accepted; then the joined
    narration changes. All that a click does, a method does too.

    Parameters
    ----------
    narration
        What was spoken; or the work on it, a `workbench.speech.review.Review`; or the path of a
        file that `save` wrote.
    listener
        Who can be asked to listen to the lines, ``stt`` or ``stt:MODEL``: the page then has a
        button for it.
    path
        The file that the work is saved to; None for the one it was read from, if any.
    **ways
        ``normalize``, ``lexicon``, ``verify``, ``cache``: as `workbench.speech.retake.retake` takes
        them, for every retake.

    Raises
    ------
    ParameterError
        When `narration` is none, or a way is not known; the nearest is offered.
    StorageError
        When there is no such file.

    Attributes
    ----------
    review
        The work as it is: every version of each line, which is kept, what is accepted and noted.
    narration
        What is kept, joined.
    flags
        What is to be said of the version in front of each line.
    path
        The file that `save` writes to when it is told none; empty when none is known.
    unsaved
        Whether something was changed since it was read, saved or begun.

    Examples
    --------
    >>> import workbench as wb
    >>> board = LineBoard(wb.speak("It begins.\nThen this happens.\nIt ends."))
    >>> board.retake(2, text="Then that happens.")
    >>> board.accept(2)
    >>> board.narration.text.splitlines()
    ['It begins.', 'Then that happens.', 'It ends.']
    >>> board.undo()
    >>> board
    LineBoard(3 lines, 0 accepted, 1 to judge, 0 flagged)
    """

    def __init__(
        self,
        narration: Narration | Review | str | os.PathLike[str],
        *,
        listener: str = "",
        path: str | os.PathLike[str] | None = None,
        **ways: Any,
    ) -> None:
        for name in ways:
            if name not in _WAYS:
                cure = (
                    suggest(name, (*_WAYS, "listener", "path"))
                    or f"the ways are {', '.join(_WAYS)}"
                )
                raise ParameterError("is not a way of speaking", subject=name, cure=cure)
        if listener:
            ears(listener)  # says at once who is not there
        self._observers: list[Callable[[LineBoard], None]] = []
        work = _read(narration)
        read = narration if isinstance(narration, str | os.PathLike) else None
        file = read if path is None else path
        super().__init__(
            work,
            ways,
            listener=listener,
            path="" if file is None else str(user_path(file)),
            seen={} if read is None else {file_key(read): fingerprint(read)},
        )

    def __repr__(self) -> str:
        return f"LineBoard({line_rows.summary(self.review, self.flags)})"

    @classmethod
    def load(cls, path: str | os.PathLike[str], **ways: Any) -> LineBoard:
        """Return the board of a file that `save` wrote, to go on with it."""
        return cls(path, **ways)

    # -- from Python --------------------------------------------------------------------------

    def retake(self, line: int | Part, **ways: Any) -> None:
        """Speak a line again: the new take stands in front, to be heard and accepted.

        Parameters
        ----------
        line
            Its number in the script, or the part itself; see `workbench.speech.joining.place_of`.
        **ways
            As `workbench.speech.retake.retake` takes them: ``text``, ``voice``, ``seed``, the
            engine's options … With none of them, the next seed for engines that use chance.

        Raises
        ------
        ParameterError, TextError, ModelError
            As there.
        JobError
            When another line is being spoken.
        """
        place = self.review.place(line)
        name, start = self._steps.now.names[place], self.review
        given = {**self._ways, **ways}
        version = self._do(
            self._speaking(place), lambda _, cancel: self._respoken(start, place, cancel, given)
        )
        self._add(name, version)

    def accept(self, line: int | Part, version: int | None = None) -> None:
        """Take a line's version into the narration, that in front when it is not said which."""
        self._apply(lambda review: review.accept(line, version))

    def reopen(self, line: int | Part) -> None:
        """Say that a line is not right after all."""
        self._apply(lambda review: review.reopen(line))

    def show(self, line: int | Part, version: int) -> None:
        """Put another version of a line in front, counted from 0."""
        self._apply(lambda review: review.show(line, version))

    def annotate(self, line: int | Part, note: str) -> None:
        """Write a note to a line."""
        self._apply(lambda review: review.annotate(line, note))

    def insert(self, text: str, *, after: int | Part | None, **ways: Any) -> None:
        """Speak a line more, see `workbench.speech.retake.insert_line`; it is in the narration."""
        given, start = {**self._ways, **ways}, self.review
        place = 0 if after is None else self.review.place(after) + 1
        longer = self._do(
            "speaking a new line",
            lambda _, cancel: start.insert(text, after=after, cancel=cancel, **given),
        )
        names = self._steps.now.names
        names = (*names[:place], new_name(), *names[place:])
        self._apply(lambda _: longer, names)

    def remove(self, line: int | Part) -> None:
        """Take a line away with all its versions."""
        place = self.review.place(line)
        names = self._steps.now.names
        names = (*names[:place], *names[place + 1 :])
        self._apply(lambda review: review.remove(review.narration.parts[place]), names)

    def listen(self, listener: str = "") -> tuple[LineFlags, ...]:
        """Have every take heard by a recogniser and return the flags, the CER among them.

        Parameters
        ----------
        listener
            ``stt`` or ``stt:MODEL``; that of the board when empty, else ``stt``.
        """
        who = ears(listener or self.listener or "stt")
        start = self.review
        self._do("listening", lambda report, cancel: self._hear(start, who, report, cancel))
        self._listened(who)
        return self.flags

    def undo(self) -> None:
        """Take the last change back; nothing happens where there is none."""
        self._step(self._steps.undo)

    def redo(self) -> None:
        """Make the change again that was taken back last."""
        self._step(self._steps.redo)

    def on_change(self, handler: Callable[[LineBoard], None]) -> Callable[[], None]:
        """Call `handler` with the board after every change; return what ends that.

        An error of it is raised where the change was made: in the cell, or in the page's line of
        errors.
        """
        self._observers.append(handler)
        return lambda: self._observers.remove(handler)

    def _changed(self) -> None:
        super()._changed()
        for handler in list(self._observers):
            handler(self)


def review(
    narration: Narration | Review | str | os.PathLike[str],
    *,
    listener: str = "",
    path: str | os.PathLike[str] | None = None,
    **ways: Any,
) -> LineBoard:
    r"""Return the line board of a narration: hear its lines, retake what is wrong, accept the rest.

    Parameters
    ----------
    narration, listener, path, **ways
        As `LineBoard`.

    Examples
    --------
    >>> import workbench as wb
    >>> review(wb.speak("It begins.\nIt ends."))
    LineBoard(2 lines, 0 accepted, 0 flagged)
    """
    return LineBoard(narration, listener=listener, path=path, **ways)


def _read(value: object) -> Review:
    if isinstance(value, Review):
        return value
    if isinstance(value, Narration):
        return Review.of(value)
    if isinstance(value, str | os.PathLike):
        return Review.load(value)
    raise ParameterError(
        f"must be a Narration, a Review or the path of one, not {type(value).__name__}",
        subject="narration",
        cure="workbench.speak returns a Narration",
    )
