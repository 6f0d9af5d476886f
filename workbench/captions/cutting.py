"""Cues cut, joined, put in and taken out: each returns new `Cues`."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from typing import TYPE_CHECKING

from workbench.captions.chosen import Which, at_index, chosen, flag, seconds, whole
from workbench.captions.cue import Cue
from workbench.captions.segment import TICK, segment, shown, within
from workbench.captions.typed import is_empty, retyped, shared, typed_rows
from workbench.errors import ParameterError
from workbench.text.letters import clusters, count
from workbench.timing import Word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.captions.cues import Cues
    from workbench.captions.segment import Lines

__all__ = ["delete", "insert", "merge", "rebreak", "retype", "split"]

_NEW = 2.0  # seconds that a new cue stays where there is room


def split(cues: Cues, index: int, *, at: float | None = None, letter: int | None = None) -> Cues:
    r"""Return the cues with one cut in two.

    Words stay whole where the cut falls between them, and go with the side that holds more of
    them. A lone word is cut between its letters.

    Parameters
    ----------
    cues
        Captions.
    index
        Which, from 0; below 0 from the end.
    at
        When the second one begins, in seconds, within the cue.
    letter
        Where in the cue's `text` the second one begins, counted in characters from 0; its time is
        then that of the word there. Without either, the cut is near the middle of the text.

    Raises
    ------
    ParameterError
        When there is no such cue, both places are given, the place lies outside the cue, or there
        is nothing to cut.

    Examples
    --------
    >>> from workbench.captions.editing import insert, split
    >>> from workbench.captions.cues import Cues
    >>> one = insert(Cues(cues=()), 1, end=3, text="One two three four")
    >>> [(cue.start, cue.end, cue.text) for cue in split(one, 0, at=2)]
    [(1.0, 2.0, 'One two'), (2.0, 3.0, 'three four')]
    >>> [cue.text for cue in split(one, 0, letter=4)]
    ['One', 'two three four']
    """
    i = at_index(cues, index)
    cue = cues[i]
    if at is not None and letter is not None:
        raise ParameterError("is given by time and by letter", subject="split", cure="give one")
    if is_empty(cue):
        return _parted(cues, i, cue, cue, cue.middle if at is None else _inside(cue, at))
    if letter is not None:
        left, right = _by_letter(cue, whole("letter", letter, 0, len(cue.text)))
    elif at is not None:
        left, right = _by_time(cue, _inside(cue, at))
    else:
        left, right = _by_letter(cue, _middle(cue.text))
    time = right[0][0].start if at is None else at
    # A cue lasts longer than nothing, whatever its words say of their times.
    least = min(TICK, cue.duration / 4)
    time = min(max(time, cue.start + least), cue.end - least)
    return _parted(cues, i, replace(cue, lines=left), replace(cue, lines=right), time)


def _parted(cues: Cues, i: int, left: Cue, right: Cue, time: float) -> Cues:
    first = replace(left, end=time, lines=within(left.lines, left.start, time))
    second = replace(right, start=time, lines=within(right.lines, time, right.end))
    later = sorted([second, *cues.cues[i + 1 :]], key=lambda cue: cue.start)
    return replace(cues, cues=(*cues.cues[:i], first, *later))


def _inside(cue: Cue, at: float) -> float:
    time = seconds("at", at)
    if not cue.start < time < cue.end:
        raise ParameterError(
            f"{time:.3f} s is not within the cue", subject="at",
            cure=f"give a time after {cue.start:.3f} and before {cue.end:.3f}",
        )  # fmt: skip
    return time


def _middle(text: str) -> int:
    """Return the space nearest the middle of a text; the middle itself where there is none."""
    half = len(text) / 2
    spaces = [i + 1 for i, letter in enumerate(text) if letter in " \n" and i + 1 < len(text)]
    return min(spaces, key=lambda i: abs(i - half)) if spaces else round(half)


def _by_time(cue: Cue, time: float) -> tuple[Lines, Lines]:
    words = cue.words
    if len(words) == 1:
        letters = clusters(words[0].text)
        share = (time - cue.start) / cue.duration
        place = min(max(1, round(len(letters) * share)), len(letters) - 1)
        return _cut_word(cue, 0, len("".join(letters[:place])))
    place = sum(word.middle < time for word in words)
    return _between(cue.lines, min(max(1, place), len(words) - 1))


def _by_letter(cue: Cue, letter: int) -> tuple[Lines, Lines]:
    spans, top = [], 0
    for line in cue.lines:
        at = top
        for word in line:
            spans.append((at, at + len(word.text)))
            at += len(word.text) + word.space
        top += len(shown(line)) + 1
    inner = next((i for i, (first, last) in enumerate(spans) if first < letter < last), None)
    if inner is not None:
        return _cut_word(cue, inner, letter - spans[inner][0])
    place = sum(last <= letter for _, last in spans)
    if not 0 < place < len(spans):
        raise ParameterError(
            f"{letter} is at an end of its text", subject="letter", cure="give a place inside it"
        )
    return _between(cue.lines, place)


def _cut_word(cue: Cue, number: int, place: int) -> tuple[Lines, Lines]:
    """Return the words on either side of a place inside a word, whose time is shared."""
    word = cue.words[number]
    head, tail = word.text[:place], word.text[place:]
    if not head.strip() or not tail.strip():
        raise ParameterError("has one letter, which cannot be cut", subject="cue")
    time = word.start + word.duration * count(head) / (count(head) + count(tail))
    first = Word(text=head, start=word.start, end=time, probability=word.probability)
    second = replace(word, text=tail, start=time)
    seen, lines = 0, []
    for line in cue.lines:
        at = number - seen
        cut = (*line[:at], first, second, *line[at + 1 :]) if 0 <= at < len(line) else line
        lines.append(cut)
        seen += len(line)
    return _between(tuple(lines), number + 1)


def _between(lines: Lines, place: int) -> tuple[Lines, Lines]:
    """Return the lines of the words before and after a place."""
    left, right, seen = [], [], 0
    for line in lines:
        at = max(0, place - seen)
        left.append(line[:at])
        right.append(line[at:])
        seen += len(line)
    return tuple(filter(None, left)), tuple(filter(None, right))


def merge(cues: Cues, first: int, last: int | None = None) -> Cues:
    r"""Return the cues with a run of them made one: their lines one below the other.

    Parameters
    ----------
    cues
        Captions.
    first, last
        The run, both included, from 0; the next one when `last` is None.

    Raises
    ------
    ParameterError
        When there are no such cues, or only one.

    Examples
    --------
    >>> from workbench.captions.cues import Cues
    >>> two = insert(insert(Cues(cues=()), 0, end=1, text="One"), 2, end=3, text="two.")
    >>> [(cue.start, cue.end, cue.text) for cue in merge(two, 0)]
    [(0.0, 3.0, 'One\ntwo.')]
    """
    i = at_index(cues, first, name="first")
    j = i + 1 if last is None else at_index(cues, last, name="last")
    if j >= len(cues):
        raise ParameterError(
            "has no caption after it to be merged with", subject=f"caption {i + 1}"
        )
    if j <= i:
        raise ParameterError("must be a later cue than the first", subject="last")
    run = cues.cues[i : j + 1]
    said = [cue for cue in run if not is_empty(cue)]
    speakers = {cue.speaker for cue in said or run}
    one = Cue(
        start=run[0].start,
        end=max(cue.end for cue in run),
        lines=tuple(line for cue in said or run[:1] for line in cue.lines),
        speaker=speakers.pop() if len(speakers) == 1 else "",
    )
    return replace(cues, cues=(*cues.cues[:i], one, *cues.cues[j + 1 :]))


def retype(cues: Cues, index: int, text: str) -> Cues:
    """Return the cues with another text in one of them.

    Words that were there before keep their times; the others share the time of those that they
    replace, or of the silence that they stand in. Of times that were only estimated, all are
    estimated anew. Without text the cue stays, and `problems` says that it is empty.

    Parameters
    ----------
    cues
        Captions.
    index
        Which, from 0; below 0 from the end.
    text
        Its lines, up to 2,000 letters.

    Raises
    ------
    ParameterError
        When there is no such cue, or the text is too long.

    Examples
    --------
    >>> from workbench.captions.cues import Cues
    >>> one = insert(Cues(cues=()), 0, end=1, text="Helo")
    >>> retype(one, 0, "Hello").text
    'Hello'
    """
    i = at_index(cues, index)
    cue = retyped(cues[i], text)
    return replace(cues, cues=(*cues.cues[:i], cue, *cues.cues[i + 1 :]))


def insert(
    cues: Cues,
    start: float,
    *,
    end: float | None = None,
    text: str = "",
    speaker: str = "",
    overlap: bool = False,
) -> Cues:
    """Return the cues with a new one.

    Parameters
    ----------
    cues
        Captions.
    start, end
        Seconds. Without an end it stays for two, or as long as there is room.
    text
        Its lines; empty for one that waits for its text.
    speaker
        Who says it.
    overlap
        Whether it may stand over another.

    Raises
    ------
    ParameterError
        When it has no room, or a time is none.

    Examples
    --------
    >>> from workbench.captions.cues import Cues
    >>> insert(Cues(cues=()), 2.5, text="Hola").cues[0].end
    4.5
    """
    at = seconds("start", start)
    overlap = flag("overlap", overlap)
    rows = typed_rows(text)
    if not isinstance(speaker, str):
        raise ParameterError(f"must be a name, not {speaker!r}", subject="speaker")
    place = bisect_right([cue.start for cue in cues], at)
    before = max((cue.end for cue in cues.cues[:place]), default=0.0)
    after = cues[place].start if place < len(cues) else float("inf")
    ceiling = float("inf") if overlap else after
    to = min(at + _NEW, ceiling) if end is None else seconds("end", end)
    if not overlap and (at < before or to > after or to - at < TICK):
        raise ParameterError(
            f"there is no room for a cue at {at:.3f} s", subject="start",
            cure="choose a time between two cues, or allow it with overlap=True",
        )  # fmt: skip
    cue = Cue(start=at, end=to, lines=shared(rows, at, to), speaker=speaker)
    return replace(cues, cues=(*cues.cues[:place], cue, *cues.cues[place:]))


def delete(cues: Cues, which: Which) -> Cues:
    """Return the cues without some of them.

    Parameters
    ----------
    cues
        Captions.
    which
        An index from 0, a slice, or several indices.

    Raises
    ------
    ParameterError
        When there is no such cue.

    Examples
    --------
    >>> from workbench.captions.cues import Cues
    >>> two = insert(insert(Cues(cues=()), 0, end=1, text="One"), 2, end=3, text="two.")
    >>> delete(two, 0).text
    'two.'
    """
    gone = set(chosen(cues, which))
    return replace(cues, cues=tuple(cue for i, cue in enumerate(cues) if i not in gone))


def rebreak(cues: Cues, index: int, *, letters: int = 42, lines: int = 2) -> Cues:
    r"""Return the cues with the lines of one broken anew; with more than fits, it becomes several.

    Parameters
    ----------
    cues
        Captions.
    index
        Which, from 0; below 0 from the end.
    letters, lines
        The most letters in a line, the most lines in a cue.

    Raises
    ------
    ParameterError
        When there is no such cue, or a limit is none.

    Examples
    --------
    >>> from workbench.captions.cues import Cues
    >>> one = insert(Cues(cues=()), 0, end=4, text="One and two,\nthree\nand four.")
    >>> [cue.text for cue in rebreak(one, 0, letters=20)]
    ['One and two,\nthree and four.']
    >>> [(round(cue.start, 1), cue.text) for cue in rebreak(one, 0, letters=7)]
    [(0.0, 'One and'), (1.0, 'two,\nthree'), (2.6, 'and\nfour.')]
    """
    i = at_index(cues, index)
    letters = whole("letters", letters, 1, 500)
    lines = whole("lines", lines, 1, 10)
    cue = cues[i]
    if is_empty(cue):
        return cues
    words = cue.words
    # Times of no length: the text alone says where to break, no silence and no end of a sentence.
    still = [replace(word, start=cue.start, end=cue.start) for word in words]
    pieces = list(segment([still], letters=letters, lines=lines, whole=True))
    if sum(len(line) for piece in pieces for line in piece) != len(words):
        return _resegmented(cues, i, words, letters, lines)
    cut, done = [], 0
    for piece in pieces:
        taken = []
        for line in piece:
            taken.append(tuple(words[done : done + len(line)]))
            done += len(line)
        cut.append(tuple(taken))
    return _several(cues, i, cut)


def _resegmented(cues: Cues, i: int, words: Sequence[Word], letters: int, lines: int) -> Cues:
    """Return the cues where a word, of a script without spaces, had to be cut too."""
    return _several(cues, i, list(segment([words], letters=letters, lines=lines, whole=True)))


def _several(cues: Cues, i: int, pieces: Sequence[Lines]) -> Cues:
    cue = cues[i]
    least = min(TICK, cue.duration / (2 * len(pieces)))
    starts = [cue.start]
    for number, piece in enumerate(pieces[1:], 1):
        latest = cue.end - least * (len(pieces) - number)
        starts.append(min(max(piece[0][0].start, starts[-1] + least), latest))
    ends = [*starts[1:], cue.end]
    made = [
        replace(cue, start=start, end=end, lines=within(piece, start, end))
        for piece, start, end in zip(pieces, starts, ends, strict=True)
    ]
    later = [*made[1:], *cues.cues[i + 1 :]]
    later.sort(key=lambda one: one.start)
    return replace(cues, cues=(*cues.cues[:i], made[0], *later))
