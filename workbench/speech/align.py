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
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from workbench.errors import ParameterError
from workbench.recognition import Recognition
from workbench.script import Token, tokenize
from workbench.text.compare import distance, fold
from workbench.text.matching import Match, matches
from workbench.text.normalize import Spoken, normalize
from workbench.text.sentences import ends_clause, ends_sentence
from workbench.text.shares import divide, fill
from workbench.timing import Transcript, Word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.audio import Audio

__all__ = ["Alignment", "align", "cer", "estimate", "wer"]

# Slow reading, seconds a letter: what was not heard does not fill a pause longer than that. The
# slowest of the readers measured takes 0.105 (a speech), the others 0.065 to 0.087.
_PACE = 0.12
_RULES = {"emoji": False}  # a picture is no word, but it has its place among them


@dataclass(frozen=True, kw_only=True)
class Alignment:
    """The words of a script, each with its time in a recording.

    Parameters
    ----------
    words
        A word for every token of the script: in order, apart, within the recording.
    matched
        The part of the script's tokens that were heard, 0 to 1.
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

    @property
    def transcript(self) -> Transcript:
        """The words and their language."""
        return Transcript(words=self.words, language=self.language)


class _Unit(NamedTuple):
    """A word to be compared: its letters, and the token or heard word it comes from."""

    letters: str
    owner: int


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
        When there are words in the script, but neither a heard word nor a duration.

    Examples
    --------
    >>> heard = [Word(text=w, start=i, end=i + 1) for i, w in enumerate("it costs 25 dollars".split())]
    >>> done = align("It costs... twenty-five dollars!", heard, language="en")
    >>> [(word.text, word.start, word.end) for word in done.words]
    [('It', 0.0, 1.0), ('costs...', 1.0, 2.0), ('twenty-five', 2.0, 3.0), ('dollars!', 3.0, 4.0)]
    """
    words = heard if not isinstance(heard, Transcript | Recognition) else heard.words
    spoken = getattr(heard, "language", "") or getattr(script, "language", "")
    language = language or spoken
    tokens = _tokens(script)
    end = _end(words, heard, duration)
    said = _legal(words, end)
    if not tokens:
        return Alignment(
            words=(),
            matched=1.0,
            missing=(),
            extra=said,
            wer=0.0 if not said else math.inf,
            cer=0.0 if not said else math.inf,
            language=language,
        )
    if end <= 0:
        raise ParameterError("cannot be aligned: nothing was heard", subject="duration")
    ours = _units(" ".join(token.text for token in tokens), language)
    theirs = _units(" ".join(word.text for word in said), language, [word.text for word in said])
    found = matches([unit.letters for unit in ours], [unit.letters for unit in theirs])
    times = _times(ours, theirs, found, tokens, said, end)
    hit = {ours[i].owner for match in found for i in range(match.first, match.first_end)}
    used = {theirs[i].owner for match in found for i in range(match.second, match.second_end)}
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
        wer=_rate([u.letters for u in ours], [u.letters for u in theirs]),
        cer=_rate("".join(u.letters for u in ours), "".join(u.letters for u in theirs)),
        language=language,
    )


def _tokens(script: str | Transcript | Sequence[Token]) -> tuple[Token, ...]:
    if isinstance(script, str):
        return tokenize(script)
    if isinstance(script, Transcript):
        return tokenize(script.text)
    return tuple(script)


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


def _units(text: str, language: str, words: Sequence[str] | None = None) -> list[_Unit]:
    """Return the bare words of a text written out, each with the place of its token.

    A recogniser's word may have a space inside or be several tokens (Chinese): with `words`, places
    are those in that list.
    """
    ready = _written(text, language)
    owners: Sequence[int] = ready.owners
    if words is not None:
        starts, place = [], 0
        for word in words:
            starts.append(place)
            place += len(word) + 1
        places = np.searchsorted(starts, [token.start for token in tokenize(text)], side="right")
        # A token may begin in a word of punctuation alone and reach into the next.
        owners = [int(places[owner]) - 1 for owner in owners]
    found: list[_Unit] = []
    for owner, token in zip(owners, tokenize(ready.spoken), strict=True):
        for part in token.text.replace("—", "-").replace("–", "-").split("-"):  # noqa: RUF001
            if letters := fold(part):
                found.append(_Unit(letters, owner))
    return found


def _written(text: str, language: str) -> Spoken:
    if language.partition("-")[0].lower() not in {"en", "es"}:
        return Spoken(text=text)
    return normalize(text, language, rules=_RULES)


def _times(
    ours: Sequence[_Unit],
    theirs: Sequence[_Unit],
    found: Sequence[Match],
    tokens: Sequence[Token],
    said: Sequence[Word],
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


def _parts(theirs: Sequence[_Unit], said: Sequence[Word]) -> list[tuple[float, float]]:
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
    ours: Sequence[_Unit],
    theirs: Sequence[_Unit],
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
        before = [known[k] for k in range(owners[0]) if known[k] is not None][-1:] if i else []
        start = max([start, *(time[1] for time in before if time)])
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
    ours, theirs = _units(reference, language), _units(heard, language)
    return _rate([unit.letters for unit in ours], [unit.letters for unit in theirs])


def cer(reference: str, heard: str, *, language: str = "") -> float:
    """Return the letter error rate of `heard`, as `wer` for letters, spaces not counted.

    Examples
    --------
    >>> cer("A note book", "a notebook"), cer("casa", "cosa")
    (0.0, 0.25)
    """
    ours, theirs = _units(reference, language), _units(heard, language)
    return _rate(
        "".join(unit.letters for unit in ours), "".join(unit.letters for unit in theirs)
    )


# --- without a recogniser ---------------------------------------------------------------------

_FRAME = 0.01  # seconds
_PAUSE = 0.15  # seconds of quiet that are a pause and not the closure of a stop
_BLIP = 0.04  # seconds of sound that are no speech
_QUIET = 0.06  # of the loud frames' level: -24 dB
_NEAR = 0.6  # seconds by which a pause may be elsewhere than the letters say
_PREFERRED = 0.35  # of its distance counts for a place with punctuation


def estimate(text: str, audio: Audio, *, language: str = "") -> tuple[Word, ...]:
    """Return word times from the sound's loudness alone: an estimate, not a measurement.

    The letters of the text are spread evenly over the stretches that are not quiet; each pause is
    put between the two words nearest to it, rather where there is punctuation. For engines that
    tell no times, where no recogniser is at hand; use `align` where one is.

    Parameters
    ----------
    text
        What is said in the sound.
    audio
        Any rate, any number of channels.
    language
        A BCP 47 tag, so that ``25`` is as long as "twenty-five".

    Returns
    -------
    tuple of Word
        One for every token: in order, apart, within the sound.

    Raises
    ------
    ParameterError
        When there are words but no sound.

    Examples
    --------
    >>> from workbench.audio import Audio
    >>> tone = np.sin(np.arange(8000) / 4)
    >>> sound = Audio(samples=np.concatenate([tone, np.zeros(4000), tone]), rate=8000)
    >>> [(word.text, round(word.start, 1), round(word.end, 1)) for word in estimate("Yes, no.", sound)]
    [('Yes,', 0.0, 1.0), ('no.', 1.5, 2.5)]
    """
    tokens = tokenize(text)
    if not tokens:
        return ()
    if not audio.frames:
        raise ParameterError("has no sound", subject="audio")
    stretches = _voiced(audio)
    weights = [0.0] * len(tokens)
    for unit in _units(text, language):
        weights[unit.owner] += len(unit.letters)
    weights = [weight or 0.25 for weight in weights]  # a picture, as espeak's silent words
    whole = sum(weights)
    total = sum(end - start for start, end in stretches)
    edges = np.concatenate([[0.0], np.cumsum(weights) / whole * total])
    # Where each pause lies, in seconds of voice before it.
    pauses = np.cumsum([end - start for start, end in stretches])[:-1]
    knots = _knots(edges, pauses.tolist(), tokens)
    places = np.interp(np.arange(len(edges)), *zip(*knots, strict=True))
    words = []
    for token, (a, b) in zip(tokens, pairwise(places.tolist()), strict=True):
        start, end = _clock(a, stretches, late=True), _clock(b, stretches, late=False)
        words.append(Word(text=token.text, start=start, end=end, space=token.space))
    return tuple(words)


def _knots(
    edges: np.ndarray, pauses: Sequence[float], tokens: Sequence[Token]
) -> list[tuple[float, float]]:
    """Return which edges between words lie at which second of voice; the others lie between."""
    knots = [(0.0, 0.0)]
    last = len(edges) - 1
    for left, pause in enumerate(pauses):
        best, where = _NEAR, 0
        for i in range(int(knots[-1][0]) + 1, last):
            token, after = tokens[i - 1].text, tokens[i].text
            marked = ends_clause(token) or ends_sentence(token, after)
            away = abs(float(edges[i]) - pause) * (_PREFERRED if marked else 1.0)
            if away < best:
                best, where = away, i
        if where and pause > knots[-1][1] and left < len(pauses):
            knots.append((float(where), pause))
    return [*knots, (float(last), float(edges[-1]))]


def _clock(voice: float, stretches: Sequence[tuple[float, float]], *, late: bool) -> float:
    """Return the time at which so many seconds of voice have been; at a pause, its end if `late`."""
    for index, (start, end) in enumerate(stretches):
        length = end - start
        final = index == len(stretches) - 1
        if voice < length - 1e-9 or (not late and voice <= length + 1e-9) or final:
            return min(start + voice, end)
        voice = max(voice - length, 0.0)
    raise AssertionError  # pragma: no cover - the last stretch has returned


def _voiced(audio: Audio) -> list[tuple[float, float]]:
    """Return the stretches that are not quiet, in seconds; all of a sound that is quiet."""
    mono = audio.mono().samples[:, 0]
    size = max(1, round(_FRAME * audio.rate))
    starts = np.arange(0, len(mono), size)
    power = np.add.reduceat(mono.astype(np.float64) ** 2, starts)
    level = np.sqrt(power / np.diff(np.append(starts, len(mono))))
    loud = float(np.quantile(level, 0.95))
    floor = float(np.quantile(level, 0.05))
    heard = level > max(_QUIET * loud, min(3 * floor, 0.3 * loud), 1e-6)
    flips = np.flatnonzero(np.diff(np.concatenate([[False], heard, [False]]).astype(np.int8)))
    ends = np.minimum(flips * size, len(mono)) / audio.rate
    found: list[tuple[float, float]] = []
    for start, end in zip(ends[::2].tolist(), ends[1::2].tolist(), strict=True):
        if found and start - found[-1][1] < _PAUSE:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    spoken = [(start, end) for start, end in found if end - start >= _BLIP]
    return spoken or [(0.0, audio.duration)]
