"""Text found in cues and replaced: plain text, never a pattern."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from workbench.captions.chosen import Which, chosen, flag
from workbench.captions.typed import LONGEST_TEXT, retyped
from workbench.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.captions.cues import Cues

__all__ = ["Found", "find", "substitute"]

_LETTER = re.compile(r"\w")


@dataclass(frozen=True, kw_only=True)
class Found:
    """A place in the text of a cue.

    Parameters
    ----------
    cue
        Which, from 0.
    start, end
        Characters of the cue's `text`.
    """

    cue: int
    start: int
    end: int

    def to_dict(self) -> dict[str, Any]:
        """Return the place as plain values, for JSON."""
        return {"cue": self.cue, "start": self.start, "end": self.end}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Found:
        """Return the place that `to_dict` described."""
        return cls(cue=data["cue"], start=data["start"], end=data["end"])


def find(
    cues: Cues, text: str, *, case: bool = False, whole_words: bool = False
) -> tuple[Found, ...]:
    r"""Return where a text stands, over the ends of lines too.

    Parameters
    ----------
    cues
        Captions.
    text
        What is looked for, as it is: no character has a meaning of its own.
    case
        Whether capital letters count.
    whole_words
        Whether a letter at an end of it must be that of a word.

    Raises
    ------
    ParameterError
        When there is nothing to look for.

    Examples
    --------
    >>> from workbench.captions.cues import Cues
    >>> from workbench.captions.editing import insert
    >>> one = insert(Cues(cues=()), 0, text="To the\nchannel. The end (.*).")
    >>> [(f.start, f.end) for f in find(one, "the channel")]
    [(3, 14)]
    >>> len(find(one, ".*")), len(find(one, "the"))
    (1, 2)
    """
    how = {"case": case, "whole_words": whole_words}
    return tuple(
        Found(cue=i, start=match.start(), end=match.end())
        for i, _, matches in _matches(cues, range(len(cues)), text, **how)
        for match in matches
    )


def substitute(
    cues: Cues,
    old: str,
    new: str,
    *,
    case: bool = False,
    whole_words: bool = False,
    which: Which = None,
) -> Cues:
    """Return the cues with a text replaced wherever it stands; words around it keep their times.

    Parameters
    ----------
    cues
        Captions.
    old, new
        What is looked for, and what stands there instead, as they are.
    case, whole_words
        As in `find`.
    which
        All cues when None; else one index, a slice or several indices.

    Raises
    ------
    ParameterError
        When `old` is in none of them.

    Examples
    --------
    >>> from workbench.captions.cues import Cues
    >>> from workbench.captions.editing import insert
    >>> one = insert(Cues(cues=()), 0, text="A colour, COLOURS.")
    >>> substitute(one, "colour", "hue").text
    'A hue, hueS.'
    >>> substitute(one, "colour", "hue", whole_words=True).text
    'A hue, COLOURS.'
    """
    if not isinstance(new, str):
        raise ParameterError(f"must be text, not {type(new).__name__}", subject="new")
    found = list(cues.cues)
    places = 0
    how = {"case": case, "whole_words": whole_words}
    for i, before, matches in _matches(cues, chosen(cues, which), old, **how):
        parts, last = [], 0
        for match in matches:
            parts += [before[last : match.start()], new]
            last = match.end()
            places += 1
        if parts:
            found[i] = retyped(found[i], "".join([*parts, before[last:]]))
    if not places:
        raise ParameterError(f"{old!r} is in none of the captions", subject="old")
    return replace(cues, cues=tuple(found))


def _matches(
    cues: Cues,
    indices: tuple[int, ...] | range,
    text: str,
    *,
    case: bool,
    whole_words: bool,
) -> Iterator[tuple[int, str, list[re.Match[str]]]]:
    if type(text) is not str or not text.strip() or len(text) > LONGEST_TEXT:
        raise ParameterError(f"must be 1 to {LONGEST_TEXT} letters to look for", subject="old text")
    # Letters only: what is looked for in a time that grows with the text, whatever it holds.
    pattern = "[ \n]".join(re.escape(part) for part in re.split("[ \n]", text))
    if flag("whole_words", whole_words):
        # A mark at the edge of what is looked for has letters beside it, and is no part of a word.
        before = r"(?<!\w)" if _LETTER.match(text) else ""
        after = r"(?!\w)" if _LETTER.match(text[-1]) else ""
        pattern = f"{before}{pattern}{after}"
    search = re.compile(pattern, 0 if flag("case", case) else re.IGNORECASE)
    for i in indices:
        shown = cues[i].text
        yield i, shown, list(search.finditer(shown))
