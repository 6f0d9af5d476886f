"""A known script onto what a recogniser heard: the script's own words, the recogniser's times.

Both texts are written out first (``$25.50`` and "twenty-five dollars and fifty cents" are the same
words then), folded to bare letters, and matched: runs of words that occur once in both are anchors,
the stretches between them are aligned by dynamic programming (Needleman and Wunsch, 1970, "A
general method applicable to the search for similarities in the amino acid sequence of two
proteins", Journal of Molecular Biology 48), in which two words may also match one. What was not
heard gets its time from the words around it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from workbench.errors import ParameterError
from workbench.recognition import Recognition
from workbench.script import Token, tokenize
from workbench.speech.estimate import estimate
from workbench.text.bare import Unit, bare
from workbench.text.compare import distance, fold
from workbench.text.matching import Match, matches
from workbench.text.shares import divide, fill
from workbench.timing import Transcript, Word

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Alignment", "align", "cer", "estimate", "wer"]

# Slow reading, seconds a letter: what was not heard does not fill a pause longer than that. The
# slowest of the readers measured takes 0.105 (a speech), the others 0.065 to 0.087.
_PACE = 0.12


@dataclass(frozen=True, kw_only=True)
class Alignment:
    """The words of a script, each with its time in a recording.

    Parameters
    ----------
    words
        A word for every token of the script: in order, apart, within the recording.
    matched
        The part of the script's tokens that were heard, 0 to 1; 0 when only the script is empty.
    missing
        The tokens of the script that were not heard; their times are estimates.
    extra
        What was heard and is not in the script.
    wer, cer
        Errors of the recogniser's text over the words and letters of the script, both written out
        and folded; 0 for the same text, above 1 for one with much besides.
    language
        The BCP 47 tag whose rules wrote out the numbers.
    """

    words: tuple[Word, ...]
    matched: float
    missing: tuple[Token, ...]
    extra: tuple[Word, ...]
    wer: float
    cer: float
    language: str = ""

    def __repr__(self) -> str:
        """Return the counts: all the words of a book are no help."""
        return (
            f"Alignment({len(self.words)} words, {self.matched:.0%} heard, "
            f"{len(self.missing)} missing, {len(self.extra)} extra, wer {self.wer:.3f}, "
            f"language {self.language!r})"
        )

    @property
    def transcript(self) -> Transcript:
        """The words and their language."""
        return Transcript(words=self.words, language=self.language)


def align(
    script: str | Transcript | Sequence[Token],
    heard: Transcript | Recognition | Sequence[Word],
    *,
    duration: float | None = None,
    language: str = "",
) -> Alignment:
    """Return the script's words with the times at which they were heard.

    Parameters
    ----------
    script
        What was to be said; a transcript or tokens stand for their words.
    heard
        What a recogniser heard, in the same language.
    duration
        Seconds of sound, so that no word lies outside; by default what `heard` says of itself, else
        the end of its last word.
    language
        The BCP 47 tag that decides how numbers are read; by default that of `heard`, else of
        `script`.

    Returns
    -------
    Alignment
        A token that was heard has the recogniser's times. Where one heard word is several tokens
        (Chinese, a merged word) they share its time by their letters. A token that was not heard
        shares the pause or the unmatched words between its neighbours.

    Raises
    ------
    ParameterError
        When there are words in the script, but neither a heard word nor a duration; when `script`
        or `heard` is of another kind, such as a recording, which is to be transcribed first.

    Examples
    --------
    >>> said = "it costs 25 dollars".split()
    >>> heard = [Word(text=text, start=i, end=i + 1) for i, text in enumerate(said)]
    >>> done = align("It costs... twenty-five dollars!", heard, language="en")
    >>> [(word.text, word.start, word.end) for word in done.words]
    [('It', 0.0, 1.0), ('costs...', 1.0, 2.0), ('twenty-five', 2.0, 3.0), ('dollars!', 3.0, 4.0)]
    """
    words = _words(heard)
    spoken = getattr(heard, "language", "") or getattr(script, "language", "")
    language = language or spoken
    tokens = _tokens(script)
    end = _end(words, heard, duration)
    said = _legal(words, end)
    if not tokens:
        return Alignment(
            words=(),
            matched=0.0 if said else 1.0,
            missing=(),
            extra=said,
            wer=0.0 if not said else math.inf,
            cer=0.0 if not said else math.inf,
            language=language,
        )
    if end <= 0:
        raise ParameterError("cannot be aligned: nothing was heard", subject="duration")
    ours = bare(" ".join(token.text for token in tokens), language)
    theirs = bare(" ".join(word.text for word in said), language, [word.text for word in said])
    found = matches([unit.letters for unit in ours], [unit.letters for unit in theirs])
    times = _times(ours, theirs, found, tokens, said, end=end)
    hit = {ours[i].owner for match in found for i in range(match.first, match.first_end)}
    used = {theirs[i].owner for match in found for i in range(match.second, match.second_end)}
    words_wrong, letters_wrong = _rates(ours, theirs, found)
    # Signs that are not said are not missing either.
    voiced = {unit.owner for unit in ours} or set(range(len(tokens)))
    missing = tuple(token for i, token in enumerate(tokens) if i in voiced and i not in hit)
    return Alignment(
        words=tuple(
            Word(text=token.text, start=a, end=b, space=token.space)
            for token, (a, b) in zip(tokens, times, strict=True)
        ),
        matched=1 - len(missing) / len(voiced),
        missing=missing,
        extra=tuple(word for i, word in enumerate(said) if i not in used),
        wer=words_wrong,
        cer=letters_wrong,
        language=language,
    )


def _rates(
    ours: Sequence[Unit], theirs: Sequence[Unit], found: Sequence[Match]
) -> tuple[float, float]:
    """Return the error rates of words and letters, stretch by stretch between long common runs.

    No best way through two texts avoids so many equal words in a row, and stretches cost only the
    square of their own length.
    """
    one, other = [unit.letters for unit in ours], [unit.letters for unit in theirs]
    edges, run, last = [(0, 0)], 0, (0, 0)
    for match in found:
        same = (
            one[match.first] == other[match.second] and match[1] - match[0] == match[3] - match[2]
        )
        follows = run and (match.first, match.second) == last
        run = (run + 1 if follows else 1) if same else 0
        last = (match.first_end, match.second_end)
        if run == _RUN:
            run = 0
            edges.append(last)
    edges.append((len(one), len(other)))
    words = letters = 0
    for (a, b), (c, d) in pairwise(edges):
        words += distance(one[a:c], other[b:d])
        letters += distance("".join(one[a:c]), "".join(other[b:d]))
    known = sum(map(len, one))
    if not known:
        return (math.inf, math.inf) if other else (0.0, 0.0)
    return words / len(one), letters / known


_RUN = 8  # words


def _tokens(script: str | Transcript | Sequence[Token]) -> tuple[Token, ...]:
    if isinstance(script, str):
        return tokenize(script)
    if isinstance(script, Transcript):
        return tokenize(script.text)
    return _all(
        script, Token | Word, "script", f"must be text, a transcript or tokens, not {_kind(script)}"
    )


def _words(heard: Transcript | Recognition | Sequence[Word]) -> tuple[Word, ...]:
    if isinstance(heard, Transcript | Recognition):
        return heard.words
    return _all(
        heard,
        Word,
        "heard",
        f"must be a recognition, a transcript or words, not {_kind(heard)}",
        cure="let it be heard first: align(script, wb.transcribe(recording))",
    )


def _all(values: Any, kind: Any, subject: str, problem: str, *, cure: str = "") -> tuple[Any, ...]:
    """Return what is in a sequence, all of it of a kind."""
    found = tuple(values) if isinstance(values, Iterable) else (None,)
    if isinstance(values, str | bytes) or not all(isinstance(value, kind) for value in found):
        raise ParameterError(problem, subject=subject, cure=cure)
    return found


def _kind(value: object) -> str:
    return "None" if value is None else type(value).__name__


def _end(words: Sequence[Word], heard: object, duration: float | None) -> float:
    if duration is not None:
        if not 0 <= duration < math.inf:
            raise ParameterError(f"must be seconds, not {duration!r}", subject="duration")
        return float(duration)
    last = max((word.end for word in words), default=0.0)
    return max(last, heard.duration) if isinstance(heard, Recognition) else last


def _legal(words: Sequence[Word], end: float) -> tuple[Word, ...]:
    """Return the words in order and apart, within the sound: recognisers' times are neither."""
    kept: list[Word] = []
    before = 0.0
    for word in sorted(words, key=lambda word: word.start):
        start = min(max(word.start, before), end)
        stop = min(max(word.end, start), end)
        kept.append(Word(text=word.text, start=start, end=stop, space=word.space))
        before = stop
    return tuple(kept)


def _times(
    ours: Sequence[Unit],
    theirs: Sequence[Unit],
    found: Sequence[Match],
    tokens: Sequence[Token],
    said: Sequence[Word],
    *,
    end: float,
) -> list[tuple[float, float]]:
    parts = _parts(theirs, said)
    spans: list[list[float] | None] = [None] * len(tokens)

    def mark(owner: int, start: float, stop: float) -> None:
        span = spans[owner]
        if span is None:
            spans[owner] = [start, stop]
        else:
            span[1] = stop

    for match in found:
        start, stop = parts[match.second][0], parts[match.second_end - 1][1]
        inner = range(match.first, match.first_end)
        if stop <= start:
            continue
        shares = divide(start, stop, [len(ours[i].letters) for i in inner])
        for i, (a, b) in zip(inner, shares, strict=True):
            mark(ours[i].owner, a, b)
    known = [None if span is None or span[0] >= span[1] else (span[0], span[1]) for span in spans]
    _unheard(known, found, ours, theirs, parts)
    weights = [float(len(fold(token.text)) or 1) for token in tokens]
    return fill(known, weights, end=end, pace=_PACE)


def _parts(theirs: Sequence[Unit], said: Sequence[Word]) -> list[tuple[float, float]]:
    """Return the time of each unit that was heard: its share of its word's."""
    found: list[tuple[float, float]] = []
    index = 0
    while index < len(theirs):
        owner = theirs[index].owner
        last = index
        while last < len(theirs) and theirs[last].owner == owner:
            last += 1
        word = said[owner]
        weights = [len(unit.letters) for unit in theirs[index:last]]
        found += divide(word.start, word.end, weights)
        index = last
    return found


def _unheard(
    known: list[tuple[float, float] | None],
    found: Sequence[Match],
    ours: Sequence[Unit],
    theirs: Sequence[Unit],
    parts: Sequence[tuple[float, float]],
) -> None:
    """Give tokens that were misheard the time of what was heard in their place."""
    edges = [(0, 0), *((m.first_end, m.second_end) for m in found)]
    starts = [*((m.first, m.second) for m in found), (len(ours), len(theirs))]
    for (i, j), (i_end, j_end) in zip(edges, starts, strict=True):
        owners = sorted({ours[k].owner for k in range(i, i_end) if known[ours[k].owner] is None})
        if not owners or j == j_end:
            continue
        start, stop = parts[j][0], parts[j_end - 1][1]
        before = next((time for time in known[owners[0] :: -1] if time is not None), None)
        start = max(start, before[1]) if before else start
        if stop - start <= _LEAST * len(owners):
            continue
        weights = [
            sum(len(ours[k].letters) for k in range(i, i_end) if ours[k].owner == owner)
            for owner in owners
        ]
        for owner, time in zip(owners, divide(start, stop, weights), strict=True):
            known[owner] = time


_LEAST = 1e-4  # seconds a word


def _rate(reference: Sequence[str], other: Sequence[str]) -> float:
    errors = distance(reference, other)
    return errors / len(reference) if reference else (math.inf if errors else 0.0)


def wer(reference: str, heard: str, *, language: str = "") -> float:
    """Return the word error rate of `heard`: 0 for the same words, above 1 for many besides.

    Words that are changed, left out or added (Levenshtein distance, see
    `workbench.text.compare.distance`), over the words of the reference; numbers written out, and
    without case, accents and punctuation; an ideograph counts as a word.

    Examples
    --------
    >>> wer("It costs $5, he said.", "it costs five dollars she said", language="en")
    0.16666666666666666
    """
    ours, theirs = bare(reference, language), bare(heard, language)
    return _rate([unit.letters for unit in ours], [unit.letters for unit in theirs])


def cer(reference: str, heard: str, *, language: str = "") -> float:
    """Return the letter error rate of `heard`, as `wer` for letters, spaces not counted.

    Examples
    --------
    >>> cer("A note book", "a notebook"), cer("casa", "cosa")
    (0.0, 0.25)
    """
    ours, theirs = bare(reference, language), bare(heard, language)
    return _rate("".join(unit.letters for unit in ours), "".join(unit.letters for unit in theirs))
