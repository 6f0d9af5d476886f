"""Words become cues: which words share a cue, where its lines break, and how long it stays.

A cue ends at the end of a sentence, at a silence and at the end of a line of the script. What is
still too long is cut where it costs least: the least sum of squared room left over, which balances
the pieces, plus a price for a break inside a clause or after a little word. Both searches look only
as far as one cue reaches, so the work grows with the number of words.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from workbench.text.letters import clusters, count, units, wide
from workbench.text.sentences import ends_clause, ends_sentence, leads_on
from workbench.timing import Word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["SHORTEST", "Lines", "segment", "shown", "spread", "usual_speed", "within"]

Lines = tuple[tuple[Word, ...], ...]

SILENCE = 0.8  # seconds between two words that end a cue
BREATH = 0.25  # seconds that make a good place to break
LONGEST = 7.0  # seconds; SHORTEST is five sixths: both from Netflix's Timed Text Style Guide
SHORTEST = 5 / 6
FLICKER = 0.25  # seconds of empty screen that the eye takes for a flash
TICK = 0.02  # seconds: two steps of the coarsest file format, so that no cue rounds to nothing
# Letters a second that Netflix allows for grown-ups: 17 in Spanish and most languages written with
# an alphabet, 9 in Chinese.
SPEED = 17.0
SPEED_WIDE = 9.0

_IDEOGRAPHS = "\u2e80"  # the first block of scripts that break between any two letters
# Thai, Lao, Burmese, Khmer, and what is as wide as high.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7af\uff66-\uff9f]"
)
# White space that is only layout. A no-break space is the writer's and stays.
_LAYOUT = re.compile("[\t-\r\x1c-\x20\x85\u2028\u2029]+")


def shown(words: Iterable[Word]) -> str:
    """Return the words as one line of text.

    Examples
    --------
    >>> shown([Word(text="你", start=0, end=1, space=False), Word(text="好", start=1, end=2)])
    '你好'
    """
    return "".join([word.text + " " if word.space else word.text for word in words]).rstrip(" ")


def usual_speed(words: Iterable[Word]) -> float:
    """Return how many letters a second a viewer reads in the script of `words`."""
    return SPEED_WIDE if wide("".join([word.text for word in words])) else SPEED


def segment(
    groups: Iterable[Sequence[Word]], *, letters: int, lines: int, whole: bool = False
) -> Iterator[Lines]:
    """Yield each cue's lines of words.

    Parameters
    ----------
    groups
        Words in time order; a cue never holds words of two groups.
    letters
        The most letters in a line, from 1. A word with more is cut between letters.
    lines
        The most lines in a cue, from 1.
    whole
        Whether such a word has a line to itself instead. Scripts without spaces are cut all the
        same.

    Examples
    --------
    >>> said = "One two. Three four five.".split()
    >>> words = [Word(text=t, start=i, end=i + 1) for i, t in enumerate(said)]
    >>> for cue in segment([words], letters=10, lines=2):
    ...     print([shown(line) for line in cue])
    ['One two.']
    ['Three', 'four five.']
    """
    for group in groups:
        words = list(_cut(_tidy(group), letters, whole=whole))
        for first, last in _sentences(words):
            block = words[first:last]
            room = _Room(block, letters, lines)
            for start, end in room.cues():
                breaks = room.breaks(start, end)
                yield tuple(tuple(block[a:b]) for a, b in pairwise(breaks))


def _tidy(words: Iterable[Word]) -> list[Word]:
    """Fold layout out of the words, drop those with no text, put the times in order."""
    found: list[Word] = []
    time = 0.0
    for word in words:
        if not _LAYOUT.search(word.text) and word.text and word.start >= time:
            found.append(word)
            time = word.start
            continue
        text = _LAYOUT.sub(" ", word.text)
        if text.startswith(" ") and found and not found[-1].space:
            found[-1] = replace(found[-1], space=True)
        if bare := text.strip(" "):
            time = max(time, word.start)
            space = word.space or text.endswith(" ")
            found.append(Word(text=bare, start=time, end=max(time, word.end), space=space))
    return found


def _cut(words: Sequence[Word], letters: int, *, whole: bool) -> Iterator[Word]:
    """Cut words longer than a line into nearly equal pieces, the time shared by their letters."""
    for i, word in enumerate(words):
        # No word has more letters than code points.
        if len(word.text) <= letters or (total := count(word.text)) <= letters:
            yield word
            continue
        if whole and not _UNSPACED.search(word.text):
            yield word
            continue
        target = -(-total // -(-total // letters))
        parts = units(word.text)
        if any(count(unit) > letters for unit in parts):
            parts = clusters(word.text)
        pieces: list[tuple[str, int]] = []
        text, size = "", 0
        for unit in parts:
            more = count(unit)
            if text and size + more > target:
                pieces.append((text, size))
                text, size = "", 0
            text, size = text + unit, size + more
        pieces.append((text, size))
        yield from _share(word, pieces, words[i + 1].start if i + 1 < len(words) else word.end)


def _share(word: Word, pieces: list[tuple[str, int]], following: float) -> Iterator[Word]:
    """Yield the pieces of `word`, each with its share of the time before the next word."""
    end = min(word.end, following)
    letter = (end - word.start) / sum(size for _, size in pieces)
    start, done = word.start, 0
    for text, size in pieces[:-1]:
        done += size
        stop = min(end, word.start + letter * done)
        yield Word(text=text, start=start, end=stop, space=False)
        start = stop
    yield Word(text=pieces[-1][0], start=start, end=word.end, space=word.space)


def _sentences(words: Sequence[Word]) -> Iterator[tuple[int, int]]:
    """Yield the stretches of words between places where a cue must end, as positions."""
    first = 0
    for i in range(1, len(words)):
        before, after = words[i - 1], words[i]
        # A sentence said in less time than a cue needs would flash: it joins the next.
        if after.start - before.end > SILENCE or (
            after.start - words[first].start >= SHORTEST and ends_sentence(before.text, after.text)
        ):
            yield first, i
            first = i
    if words:
        yield first, len(words)


def _price(before: Word, after: Word) -> int:
    """Return what a break between two words costs, from 0 for a good one."""
    text = before.text
    if ends_clause(text) or after.start - before.end >= BREATH:
        return 0
    if not before.space and text[-1] < _IDEOGRAPHS:
        return 3  # inside a word that was cut
    return 2 if leads_on(text) else 1


class _Room:
    """The places where one sentence can break, and their prices."""

    def __init__(self, words: Sequence[Word], letters: int, lines: int) -> None:
        self.words = words
        self.letters = letters
        self.capacity = letters * lines + lines - 1
        self.starts: list[int] = []  # where each word begins in the text, in letters
        self.ends: list[int] = []
        place = 0
        for word in words:
            self.starts.append(place)
            place += count(word.text)
            self.ends.append(place)
            place += word.space
        self.line = self._reach()
        self.cue = list(self.line[:-1])
        for _ in range(lines - 1):
            self.cue = [self.line[end] for end in self.cue]

    def _reach(self) -> list[int]:
        """Return for each word the end of the longest line that begins with it."""
        found: list[int] = []
        end, size = 0, len(self.words)
        for start in self.starts:
            while end < size and self.ends[end] - start <= self.letters:
                end += 1
            found.append(max(end, len(found) + 1))  # a word that is too long stands alone
        return [*found, size]

    @cached_property
    def prices(self) -> list[int]:
        """What a break before each word costs, from 0 for a good one."""
        return [0, *map(_price, self.words, self.words[1:])]

    def cues(self) -> list[tuple[int, int]]:
        """Return where each cue begins and ends, in words."""
        size, words, starts, capacity = len(self.words), self.words, self.starts, self.capacity
        if self.cue[0] == size and words[-1].end - words[0].start <= LONGEST:
            return [(0, size)]
        begins = [word.start for word in words]
        scale, third, low = (capacity // 2) ** 2, capacity // 3, 0
        best, back = [0], [0]
        for end in range(1, size + 1):
            stop, right = words[end - 1].end, self.ends[end - 1]
            while low < end - 1 and (self.cue[low] < end or stop - begins[low] > LONGEST):
                low += 1
            # A cue under a third full, or over in a blink, is a last resort.
            high = bisect_right(starts, right - third, low, end)
            following = begins[end] if end < size else stop
            while high > low and following - begins[high - 1] < SHORTEST:
                high -= 1
            price = scale * self.prices[end] if end < size else 0
            if high == low:
                high, price = low + 1, price + capacity * capacity
            spare = capacity - right
            costs = [
                cost + (spare + start) ** 2
                for cost, start in zip(best[low:high], starts[low:high], strict=True)
            ]
            least = min(costs)
            best.append(least + price)
            back.append(low + costs.index(least))
        found, end = [], size
        while end:
            found.append((back[end], end))
            end = back[end]
        return found[::-1]

    def breaks(self, start: int, end: int) -> list[int]:
        """Return where the lines of a cue break, in words, both ends included."""
        if self.line[start] >= end:
            return [start, end]
        needed, place = 0, start
        while place < end:
            place, needed = self.line[place], needed + 1
        scale = (self.letters // 3) ** 2
        # best[i] is the least cost of so many lines up to word i, and where its last line begins.
        best: dict[int, tuple[int, list[int]]] = {start: (0, [start])}
        for left in range(needed - 1, -1, -1):
            following: dict[int, tuple[int, list[int]]] = {}
            for first, (cost, path) in best.items():
                for last in range(end, end + 1) if left == 0 else range(first + 1, end):
                    if last > self.line[first]:
                        break
                    spare = self.letters - self.ends[last - 1] + self.starts[first]
                    total = cost + spare * spare + (scale * self.prices[last] if left else 0)
                    if last not in following or total < following[last][0]:
                        following[last] = (total, [*path, last])
            best = following
        return best[end][1]


def spread(
    cues: Sequence[Lines], *, duration: float, reading_speed: float
) -> list[tuple[float, float]]:
    """Return when each cue starts and ends, in seconds.

    A cue starts with its first word. It ends with its last, or later where silence follows: so
    that it stays for `SHORTEST` and can be read at `reading_speed`, and so that the screen is not
    empty for a blink. No two overlap and none is empty; where the words leave no room for that,
    cues move, up to 0.1 s past the end.

    Parameters
    ----------
    cues
        In time order.
    duration
        Seconds of sound.
    reading_speed
        Letters a second.

    Examples
    --------
    >>> words = [Word(text="Yes.", start=0, end=0.2), Word(text="Really.", start=3, end=3.4)]
    >>> spread([((word,),) for word in words], duration=3.5, reading_speed=17)
    [(0.0, 0.8333333333333334), (3.0, 3.5)]
    """
    starts = _starts(cues, max(duration, max((_end(cue) for cue in cues), default=0.0)))
    found = []
    for i, cue in enumerate(cues):
        start, ceiling = starts[i], starts[i + 1]
        size = sum([count(word.text) for line in cue for word in line])
        wanted = max(_end(cue), start + max(SHORTEST, size / reading_speed))
        if i + 1 < len(cues) and ceiling - wanted < FLICKER:
            wanted = ceiling
        found.append((start, min(wanted, ceiling)))
    return found


def within(lines: Lines, start: float, end: float) -> Lines:
    """Return the lines of a cue with every word's time inside the cue's."""
    if all(start <= word.start and word.end <= end for line in lines for word in line):
        return lines

    def inside(word: Word) -> Word:
        return replace(
            word, start=min(max(word.start, start), end), end=min(max(word.end, start), end)
        )

    return tuple(tuple(map(inside, line)) for line in lines)


def _end(cue: Lines) -> float:
    return max(word.end for line in cue for word in line)


def _starts(cues: Sequence[Lines], limit: float) -> list[float]:
    """Return when each cue starts, each later than the one before, and the end of the last."""
    starts: list[float] = []
    for cue in cues:
        start = cue[0][0].start
        starts.append(max(start, starts[-1] + TICK) if starts else start)
    if not starts:
        return []
    if starts[-1] + TICK > limit:
        limit += 0.1
    starts.append(limit)
    tick = min(TICK, limit / len(starts))
    for i in range(len(cues) - 1, -1, -1):
        if starts[i] <= starts[i + 1] - tick:
            break
        starts[i] = max(0.0, starts[i + 1] - tick)
    return starts
