"""Amounts of money."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from workbench.text.counting import DASH, GAP, SIGN, START, Counting, choice, joined
from workbench.text.edits import Found
from workbench.text.numbers import NUMBER, Grammar, Numeral

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.text.tables import Noun

__all__ = ["money"]

_TIGHT = 2  # letters of a scale that is written without a space: $5M, 3bn
_CENTS = 2  # digits


@lru_cache(maxsize=8)
def _patterns(
    currencies: tuple[str, ...], scales: tuple[str, ...]
) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return what finds ``$5``, and what finds ``5 $``."""
    signs = choice(currencies)
    tight = choice(scale for scale in scales if len(scale) <= _TIGHT)
    words = choice(scale for scale in scales if len(scale) > _TIGHT)
    before = re.compile(
        rf"{START}{SIGN}(?P<money>{signs}){GAP}(?P<minus>[-\u2212])?(?P<one>{NUMBER})"
        rf"(?:{DASH}(?:(?P=money))?(?P<two>{NUMBER}))?(?!\d)(?!/\d)"
        rf"(?:(?P<tight>{tight})(?!\w)|(?P<gap>[ \u00a0])(?P<scale>{words})(?!\w))?"
    )
    after = re.compile(
        rf"{START}{SIGN}(?P<one>{NUMBER})(?:{DASH}(?P<two>{NUMBER}))?{GAP}"
        rf"(?:(?P<tight>{tight})(?=[ \u00a0]?[€$£¥])|(?P<scale>{words}))?"
        rf"{GAP}(?P<money>{signs})(?!\w)"
    )
    return before, after


def money(text: str, grammar: Grammar, counting: Counting) -> Iterator[Found]:
    """Yield amounts with a sign or a code of a currency before or after them."""
    before, after = _patterns(tuple(counting.currencies), tuple(counting.scales))
    for match in before.finditer(text):
        if match["money"].isalpha() and text[match.end("money")] in "-\u2212":
            continue  # EUR-5 is a name
        amount = _amount(match, grammar, counting)
        if amount is not None:
            split = match.start("scale") if match["scale"] else match.end()
            number = match.end("two") if match["two"] else match.end("one")
            yield _found(text, match, amount, number if match["scale"] else split, split)
    for match in after.finditer(text):
        amount = _amount(match, grammar, counting)
        if amount is not None:
            number = match.end("two") if match["two"] else match.end("one")
            noun = match.start("scale") if match["scale"] else match.start("money")
            yield _found(text, match, amount, number, number if match["tight"] else noun)


class _Amount(NamedTuple):
    number: str
    noun: str


def _found(text: str, match: re.Match[str], amount: _Amount, number: int, noun: int) -> Found:
    """Return the match as two parts, where white space lies between the number and the noun."""
    start, end = match.span()
    parts = [(start, number, amount.number), (noun, end, amount.noun)]
    return Found(start, end, joined(text, parts))


def _amount(match: re.Match[str], grammar: Grammar, counting: Counting) -> _Amount | None:
    one = grammar.read(match["one"], lenient=True)
    two = grammar.read(match["two"], lenient=True) if match["two"] else None
    if one is None or (match["two"] and two is None):
        return None
    noun, cent = counting.currencies[match["money"]]
    low = f"{grammar.number(one, feminine=noun.feminine)} {counting.to} " if two else ""
    negative = match["sign"] or match.groupdict().get("minus")
    head = f"{counting.minus} {low}" if negative else low
    scale = match["tight"] or match["scale"]
    if scale:
        amount = _scaled(two or one, counting.scales[scale], noun, grammar)
    else:
        amount = _plain(two or one, noun, cent, grammar, counting)
    return _Amount((head + amount.number).strip(), amount.noun)


def _scaled(number: Numeral, scale: Noun, noun: Noun, grammar: Grammar) -> _Amount:
    words, scaled = grammar.counted(number, scale)
    if scale.one == "mil" and number.single:
        words = ""
    link = "de " if scale.many.endswith("llones") else ""
    return _Amount(words, f"{scaled} {link}{noun.many}")


def _plain(
    number: Numeral, noun: Noun, cent: Noun | None, grammar: Grammar, counting: Counting
) -> _Amount:
    cents = number.fraction
    if len(cents) != _CENTS or (cent is None and cents != "00"):
        return _Amount(*grammar.counted(number, noun))
    whole = Numeral(number.whole)
    words, form = grammar.counted(whole, noun)
    if cents == "00" or cent is None:
        return _Amount(words, form)
    small, coin = grammar.counted(Numeral(cents.lstrip("0")), cent)
    if not whole.value:
        return _Amount(small, coin)
    return _Amount(words, f"{form} {counting.cents} {small} {coin}")
