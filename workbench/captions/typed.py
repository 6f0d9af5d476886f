"""What a person types becomes the words of a cue, each with a time.

A file of captions, and a person who edits them, give text and no times of words. Words that were
there before keep theirs; the time of the others is shared out by their letters.
"""

from __future__ import annotations

import re
from dataclasses import replace
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from workbench.captions.files import plain
from workbench.captions.segment import TICK, within
from workbench.errors import ParameterError
from workbench.script import tokenize
from workbench.text.letters import count, wide
from workbench.timing import Word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.captions.cue import Cue
    from workbench.captions.segment import Lines

__all__ = ["LONGEST_TEXT", "estimated", "is_empty", "retyped", "shared", "typed_rows"]

LONGEST_TEXT = 2_000
"""The most letters that a person may type into one cue; a screen holds a tenth of it."""

_SPACES = re.compile(r"[ \t]+")  # a no-break space is the writer's and stays
_LETTER = re.compile(r"[^\W_]")
_BARE = re.compile(r"[\W_]+")
_ALIKE = 1e-3  # seconds: what a file of captions rounds to

Rows = list[list[tuple[str, bool]]]
"""The words of each line, and whether a space follows."""


def typed_rows(text: str) -> Rows:
    r"""Return the words of each line of `text`, and whether a space follows each.

    Raises
    ------
    ParameterError
        When it is no text, or has more than `LONGEST_TEXT` letters.

    Examples
    --------
    >>> typed_rows("  Hola,   tú.\n\n你好 ")
    [[('Hola,', True), ('tú.', True)], [('你', False), ('好', False)]]
    """
    if not isinstance(text, str):
        raise ParameterError(f"must be text, not {type(text).__name__}", subject="text")
    if len(text) > LONGEST_TEXT:
        raise ParameterError(
            f"has {len(text)} letters, and a cue takes {LONGEST_TEXT}",
            subject="text",
            cure="insert more cues and share it between them",
        )
    rows: Rows = []
    for line in filter(None, (line.strip(" \t") for line in plain(text).split("\n"))):
        tokens = _tokens(line)
        # A line's end parts words as a space does, but for scripts without spaces.
        last = tokens[-1][0]
        rows.append([*tokens[:-1], (last, not wide(last[-1]))])
    return rows


def _tokens(line: str) -> list[tuple[str, bool]]:
    if max(line) < "\u2e80":
        words = _SPACES.split(line)
        if all(map(_LETTER.search, words)):
            return [(word, True) for word in words]
    # Punctuation alone has no word to belong to.
    return [(token.text, token.space) for token in tokenize(line)] or [(line, True)]


def shared(rows: Rows, start: float, end: float) -> Lines:
    """Return the words of `rows`, the time from `start` to `end` shared by their letters.

    Without words there is one that is empty: a cue that waits for its text.

    Examples
    --------
    >>> [(w.text, w.start, w.end) for w in shared([[("one", True), ("o", True)]], 0, 4)[0]]
    [('one', 0.0, 3.0), ('o', 3.0, 4.0)]
    """
    if not rows:
        return ((Word(text="", start=start, end=end),),)
    total = sum(count(text) for row in rows for text, _ in row) or 1
    done, lines = 0, []
    for row in rows:
        line = []
        for text, space in row:
            first, done = done, done + count(text)
            at, to = (start + (end - start) * part / total for part in (first, done))
            line.append(Word(text=text, start=at, end=end if done == total else to, space=space))
        lines.append(tuple(line))
    return tuple(lines)


def is_empty(cue: Cue) -> bool:
    """Whether nothing is seen of a cue."""
    return not any(plain(word.text).strip() for word in cue.words)


def estimated(cue: Cue) -> bool:
    """Whether the times of a cue's words are no more than the cue's, shared by letters.

    Examples
    --------
    >>> from workbench.captions.cue import Cue
    >>> lines = shared([[("one", True), ("two", True)]], 1, 3)
    >>> cue = Cue(start=1, end=3, lines=lines)
    >>> estimated(cue), estimated(Cue(start=0, end=3, lines=lines))
    (True, False)
    """
    rows = [[(word.text, word.space) for word in line] for line in cue.lines]
    guess = [word for line in shared(rows, cue.start, cue.end) for word in line]
    return all(
        abs(word.start - other.start) < _ALIKE and abs(word.end - other.end) < _ALIKE
        for word, other in zip(cue.words, guess, strict=True)
    )


def retyped(cue: Cue, text: str) -> Cue:
    """Return the cue with another text: words that were there before keep their times.

    Raises
    ------
    ParameterError
        As `typed_rows` does.

    Examples
    --------
    >>> from workbench.captions.cue import Cue
    >>> words = (Word(text="One", start=0, end=0.4), Word(text="twwo.", start=0.5, end=1.6))
    >>> cue = retyped(Cue(start=0, end=2, lines=(words,)), "One two!")
    >>> [(w.text, w.start, w.end) for w in cue.words]
    [('One', 0.0, 0.4), ('two!', 0.5, 1.6)]
    """
    rows = typed_rows(text)
    old = [word for word in cue.words if word.text.strip()]
    if not rows or not old or estimated(cue):
        return replace(cue, lines=shared(rows, cue.start, cue.end))
    flat = [pair for row in rows for pair in row]
    timed = _timed(old, flat, cue.start, cue.end)
    lines, done = [], 0
    for row in rows:
        lines.append(tuple(timed[done : done + len(row)]))
        done += len(row)
    return replace(cue, lines=within(tuple(lines), cue.start, cue.end))


def _timed(
    old: Sequence[Word], new: Sequence[tuple[str, bool]], start: float, end: float
) -> list[Word]:
    """Return the new words with the times of those that they are, or stand for."""
    matcher = SequenceMatcher(
        None, [_key(word.text) for word in old], [_key(text) for text, _ in new], autojunk=False
    )
    found: list[Word] = []
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "delete":
            continue
        if b - a == d - c:  # the same words, or as many others in their place
            pairs = zip(old[a:b], new[c:d], strict=True)
            found += [replace(word, text=text, space=space) for word, (text, space) in pairs]
            continue
        # What stands there now has the time of what stood there, or of the silence around it.
        before = found[-1].end if found else start
        after = old[b].start if b < len(old) else end
        first, last = (old[a].start, old[b - 1].end) if b > a else (before, after)
        taken = list(new[c:d])
        if last - first < TICK * len(taken) and found:  # no room: a word before gives some of its
            lender = found.pop()
            taken.insert(0, (lender.text, lender.space))
            first = lender.start
        elif last - first < TICK * len(taken):
            last = max(last, min(end, first + TICK * len(taken)))
        found += [word for line in shared([taken], first, max(first, last)) for word in line]
    return found


def _key(text: str) -> str:
    """Return what makes two words the same: their letters."""
    return _BARE.sub("", text).casefold() or text
