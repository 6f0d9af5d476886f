"""What the page of a cue editor says and is told: rows, marks, and edits that name a cue by number.

A page never sends its captions. It sends an edit, and Python, which has them, answers with the rows
that are not as they were. Both sides count: edits by `seq`, so that one that is lost or comes twice
is noticed; captions by `revision`, so that a page which missed a change asks for all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.captions.editing import Edit
from workbench.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from workbench.captions.cue import Cue
    from workbench.captions.editing import Change, Numbered, Problem

__all__ = ["TAGS", "edit_of", "marks_of", "row", "rows_of"]

TAGS: dict[str, str] = {
    "fast": "too fast",
    "short": "too short",
    "long": "too long",
    "line": "line too long",
    "lines": "too many lines",
    "overlap": "overlaps the next",
    "gap": "short gap",
    "empty": "no text",
    "beyond": "after the end",
}
"""Each kind of problem of `workbench.captions.editing` in two or three words, for a list."""

_ENVELOPE = frozenset({"kind", "page", "seq", "visit", "id", "ids", "from"})
# The argument of each operation that says which cue, or which cues.
_ONE = {"split": "index", "retype": "index", "move": "index", "rebreak": "index", "merge": "first"}
_MANY = frozenset({"delete", "shift", "stretch", "substitute"})


def row(number: int, cue: Cue) -> list[Any]:
    """Return a cue as the page has it: number, start, end, text, speaker.

    Examples
    --------
    >>> from workbench.captions.cues import Cues
    >>> from workbench.captions.editing import insert
    >>> row(7, insert(Cues(cues=()), 1.5, text="Hola")[0])
    [7, 1.5, 3.5, 'Hola', '']
    """
    return [number, cue.start, cue.end, cue.text, cue.speaker]


def rows_of(numbered: Numbered, change: Change | None = None) -> list[list[Any]]:
    """Return the rows of all cues, or of those that a change added."""
    span = slice(change.first, change.first + change.added) if change else slice(None)
    cues = numbered.cues.cues[span]
    return [row(number, cue) for number, cue in zip(numbered.numbers[span], cues, strict=True)]


def marks_of(numbered: Numbered, found: Iterable[Problem]) -> dict[int, list[list[Any]]]:
    """Return the problems of each cue by its number: kind, a sentence, whether there is a fix."""
    marks: dict[int, list[list[Any]]] = {}
    for problem in found:
        mark = [problem.kind, problem.text, problem.fix is not None]
        marks.setdefault(numbered.numbers[problem.cue], []).append(mark)
    return marks


def edit_of(numbered: Numbered, content: dict[str, Any]) -> Edit:
    """Return the edit that a message asks for, with the cues it names by number as indices.

    Parameters
    ----------
    numbered
        The cues as they are now.
    content
        ``op`` and its arguments; ``id``, ``ids`` or ``from`` (that cue and all after it) name the
        cues in place of ``index``, ``first`` or ``which``.

    Raises
    ------
    ParameterError
        When it is no edit, or one of the cues is there no more.

    Examples
    --------
    >>> from workbench.captions.cues import Cues
    >>> from workbench.captions.editing import Numbered, insert
    >>> one = Numbered.of(insert(Cues(cues=()), 0, text="Hola"))
    >>> edit_of(one, {"kind": "edit", "op": "retype", "id": 0, "text": "Hola."}).to_dict()
    {'op': 'retype', 'text': 'Hola.', 'index': 0}
    """
    op = content.get("op")
    told = {name: value for name, value in content.items() if name not in _ENVELOPE}
    if "id" in content:
        told["which" if op in _MANY else _ONE.get(str(op), "index")] = numbered.index(content["id"])
    if "from" in content:
        told["which"] = {"start": numbered.index(content["from"])}
    if "ids" in content:
        chosen = _indices(numbered, content["ids"])
        if op == "merge":
            told |= {"first": chosen[0], "last": chosen[-1]}
        else:
            told["which"] = chosen
    return Edit.from_dict(told)


def _indices(numbered: Numbered, ids: Any) -> Sequence[int]:
    if not isinstance(ids, list) or not ids:
        raise ParameterError("names no caption", subject="edit")
    places = {number: i for i, number in enumerate(numbered.numbers)}
    return sorted(
        places[one] if type(one) is int and one in places else numbered.index(one) for one in ids
    )
