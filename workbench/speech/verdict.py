"""What a blind comparison comes to, in a sentence that claims no more than its numbers do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.errors import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.speech.tally import PairTally, Tally

__all__ = ["LEVEL", "p_value", "verdict"]

LEVEL = 0.05
"""Below this p a result is said to be more than chance: in one of 20 sessions chance does it."""

_OFTEN = 0.2  # from here on chance does it in one of five sessions or more
_LISTED = 4  # pairs
_SMALL = 0.001
_LABEL = 40  # letters


def verdict(tally: Tally) -> str:
    """Return the result in words.

    A preference, or that a difference is heard, is only claimed where p lies below `LEVEL`: of
    several pairs, each p is the one that is corrected for their number.

    Examples
    --------
    >>> from workbench.speech.tally import count
    >>> from workbench.speech.trials import Answer, schedule
    >>> trials = schedule(["old", "new"], kind="ab", rounds=6, seed=1)
    >>> new = [(t, Answer(trial=t.uid, choice="A" if t.a == "new" else "B")) for t in trials]
    >>> verdict(count([new], kind="ab", labels=["old", "new"]))
    '“new” was preferred 6 to 0: more than chance would (p = 0.031, below 0.05).'
    """
    if not tally.answered:
        return "Nothing was answered, so nothing is shown."
    if tally.kind == "abx":
        return _heard(tally.pairs)
    if len(tally.pairs) == 1:
        return _preferred(tally.pairs[0])
    return _ranked(tally)


def p_value(p: float) -> str:
    """Return a p-value as it is written: ``p = 0.031``, ``p < 0.001``.

    Examples
    --------
    >>> p_value(0.03125), p_value(1.0), p_value(1e-9), p_value(0.0499)
    ('p = 0.031', 'p = 1.0', 'p < 0.001', 'p = 0.0499')
    """
    if p < _SMALL:
        return f"p < {_SMALL}"
    short = f"{p:.2g}"
    # What rounds to the level itself is told so far that it is seen on which side it lies.
    told = f"{p:.3g}" if float(short) == LEVEL else short
    return f"p = {'1.0' if told == '1' else told}"


def _preferred(pair: PairTally) -> str:
    even = f", {pair.ties} even" if pair.ties else ""
    if not pair.decided:
        return f"No preference shown: no difference was heard in any of {pair.ties} trials."
    more, less = max(pair.wins, pair.losses), min(pair.wins, pair.losses)
    first = _quoted(pair.first if pair.wins > pair.losses else pair.second)
    if pair.p < LEVEL:
        told = f"{p_value(pair.p)}, below {LEVEL}"
        return f"{first} was preferred {more} to {less}{even}: more than chance would ({told})."
    for_whom = f" for {first}" if more > less else ""
    chance = _by_chance(pair.p, 2 * 0.5**pair.decided)
    return f"No preference shown: {more} to {less}{for_whom}{even} ({chance})."


def _heard(pairs: Sequence[PairTally]) -> str:
    if len(pairs) == 1:
        pair = pairs[0]
        counts = f"X was recognised {pair.wins} of {_times(pair.decided)}"
        if pair.p < LEVEL:
            return f"{counts}: a difference is heard ({p_value(pair.p)}, below {LEVEL})."
        return f"{counts}: no difference shown ({_by_chance(pair.p, 0.5**pair.decided)})."
    shown = [pair for pair in pairs if pair.adjusted < LEVEL]
    if not shown:
        return f"No difference shown in any pair ({_least(pairs)})."
    told = [
        f"between {_quoted(one.first)} and {_quoted(one.second)} ({one.wins} of {one.decided})"
        for one in shown
    ]
    return f"A difference is heard {_listed(told)} {_corrected(pairs, shown)}."


def _ranked(tally: Tally) -> str:
    first = [_quoted(rank.label) for rank in tally.ranks if rank.place == 1]
    came = f"{first[0]} came first"
    if len(first) > 1:
        came = f"{_listed(first)} share the first place"
    shown = [pair for pair in tally.pairs if pair.adjusted < LEVEL]
    if not shown:
        return f"{came}; no pair differs by more than chance would ({_least(tally.pairs)})."
    told = []
    for pair in shown:
        better, worse = pair.first, pair.second
        if pair.wins < pair.losses:
            better, worse = worse, better
        counts = f"{max(pair.wins, pair.losses)} to {min(pair.wins, pair.losses)}"
        told.append(f"{_quoted(better)} over {_quoted(worse)} {counts}")
    return f"{came}; more than chance would: {_listed(told)} {_corrected(tally.pairs, shown)}."


def _by_chance(p: float, least: float) -> str:
    """Return what a p that shows nothing means; `least` is the lowest that so few trials can have.

    That nothing is shown does not say that there is nothing.
    """
    told = f"{p_value(p)}, not below {LEVEL}"
    if least >= LEVEL:
        return f"so few answers can show none, {told}"
    return f"chance alone does this {'often' if p >= _OFTEN else 'now and then'}, {told}"


def _least(pairs: Sequence[PairTally]) -> str:
    lowest = min(pair.adjusted for pair in pairs)
    return f"lowest {p_value(lowest)}, corrected for {len(pairs)} pairs, not below {LEVEL}"


def _corrected(pairs: Sequence[PairTally], shown: Sequence[PairTally]) -> str:
    rest = len(pairs) - len(shown)
    told = f"(p below {LEVEL}, corrected for {len(pairs)} pairs)"
    if not rest:
        return told
    return f"{told}; the other {'pair' if rest == 1 else f'{rest} pairs'} may be chance"


def _listed(parts: Sequence[str]) -> str:
    if len(parts) == 1:
        return parts[0]
    if len(parts) > _LISTED:
        return f"{', '.join(parts[:_LISTED])} and {len(parts) - _LISTED} more"
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def _times(number: int) -> str:
    return f"{number} time" if number == 1 else f"{number} times"


def _quoted(label: str) -> str:
    return f"“{one_line(label, limit=_LABEL)}”"
