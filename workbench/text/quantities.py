"""Numbers with what they count: per cent, units, ranges and fractions."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from workbench.text.counting import DASH, GAP, SIGN, START, Counting, choice, joined
from workbench.text.edits import Found
from workbench.text.numbers import NUMBER, Grammar, Numeral

if TYPE_CHECKING:
    from collections.abc import Iterator


__all__ = ["fractions", "percent", "ranges", "units"]


# --- per cent and units ---------------------------------------------------------------------

_PERCENT = re.compile(
    rf"{START}{SIGN}(?P<one>{NUMBER})(?:(?P<first>%)?{DASH}(?P<two>{NUMBER}))?{GAP}(?P<unit>[%‰])(?!\w)"
)


def percent(text: str, grammar: Grammar, counting: Counting) -> Iterator[Found]:
    """Yield ``25 %``, ``10-20%`` and ``3‰``."""
    for match in _PERCENT.finditer(text):
        spoken = _values(match, grammar, counting)
        if spoken is not None:
            word = counting.percent if match["unit"] == "%" else counting.permille
            start = match.start()
            number = match.end("two") if match["two"] else match.end("one")
            parts = [(start, number, spoken), (*match.span("unit"), word)]
            yield Found(*match.span(), joined(text, parts))


def _values(match: re.Match[str], grammar: Grammar, counting: Counting) -> str | None:
    one = grammar.read(match["one"], lenient=True)
    two = grammar.read(match["two"], lenient=True) if match["two"] else None
    if one is None or (match["two"] and two is None):
        return None
    minus = f"{counting.minus} " if match["sign"] else ""
    high = f" {counting.to} {grammar.number(two)}" if two else ""
    return f"{minus}{grammar.number(one)}{high}"


@lru_cache(maxsize=8)
def _units(units: str) -> re.Pattern[str]:
    return re.compile(
        rf"{START}{SIGN}(?P<one>{NUMBER})(?:{DASH}(?P<two>{NUMBER}))?(?P<gap>{GAP})(?P<unit>{units})(?![\w²³/°])"
        rf"(?P<dot>\.(?=[ \u00a0]+(?:[a-z]|[0-9]{{1,2}}[ \u00a0]?(?:{units})(?!\w))|[,;]))?"
    )


# Attached to their number these are something else: 5m is five million, 80s are the eighties.
_APART = frozenset({"m", "s", "h", "t", "l", "L", "V", "W", "g", "min"})
# These have a dot of their own, which is not the end of a sentence: 5 ft. 3 in. tall.
_SHORTENED = frozenset(
    "ft yd yds mi lb lbs oz hr hrs min mins sec secs gal qt tsp tbsp yr yrs".split()  # noqa: SIM905
)
_FEET = re.compile(r"(?:\bft\.?|\bfeet)[ \u00a0]$")
_INCHES = re.compile(r"[ \u00a0]+[a-z]|[,;)]")
_ATTACHED = frozenset({"g", "m", "h", "V", "W"})


def units(text: str, grammar: Grammar, counting: Counting) -> Iterator[Found]:
    """Yield measures: ``100 km/h``, ``5-10 kg``, ``-5 °C``."""
    for match in _units(choice(counting.units)).finditer(text):
        unit, gap = match["unit"], match["gap"]
        one = grammar.read(match["one"], lenient=True)
        two = grammar.read(match["two"], lenient=True) if match["two"] else None
        if one is None or (match["two"] and two is None):
            continue
        if not gap and unit in _APART and (unit not in _ATTACHED or len(match["one"]) < 2):  # noqa: PLR2004
            continue
        stop = ""
        if unit == "in." and not _INCHES.match(text, match.end()):
            if not _FEET.search(text[max(0, match.start() - 5) : match.start()]):
                continue  # three came in. The end
            stop = "."
        noun = counting.units[unit]
        words, form = grammar.counted(two or one, noun)
        if two:
            words = f"{grammar.number(one, feminine=noun.feminine)} {counting.to} {words}"
        minus = f"{counting.minus} " if match["sign"] else ""
        number = match.end("two") if match["two"] else match.end("one")
        end = match.end() if match["dot"] and unit in _SHORTENED else match.end("unit")
        parts = [(match.start(), number, minus + words), (match.start("unit"), end, form + stop)]
        yield Found(match.start(), end, joined(text, parts))


# --- ranges, scores, series -------------------------------------------------------------------

_RANGE = re.compile(
    rf"{START}(?P<one>{NUMBER})(?P<dash>{DASH})(?P<two>{NUMBER})(?![\w%€$£°])(?![-–.,:/^][0-9])"  # noqa: RUF001
)
_SERIES = re.compile(
    rf"{START}[0-9]{{1,4}}(?:[-\u2013][0-9]{{1,4}}){{1,7}}(?![\w%€$£°])(?![-\u2013.,:/^][0-9])"
)


def ranges(text: str, grammar: Grammar, counting: Counting) -> Iterator[Found]:
    """Yield ``10-20`` as a range where it rises, else number by number, as a score is read."""
    for match in _RANGE.finditer(text):
        one, two = grammar.read(match["one"]), grammar.read(match["two"])
        if one is None or two is None or one.coded or two.coded:
            continue
        rises = float(f"{one.value}.{one.fraction or 0}") < float(
            f"{two.value}.{two.fraction or 0}"
        )
        if not rises and match["dash"] != match["dash"].strip():
            continue  # five - three: a subtraction, or a dash between two thoughts
        link = f" {counting.to} " if rises else " "
        sex = grammar.gender(text, match.end())
        low, high = (grammar.number(n, feminine=sex == "f", before=bool(sex)) for n in (one, two))
        spoken = f"{low}{link}{high}"
        yield Found(*match.span(), ((*match.span(), spoken),))
    for match in _SERIES.finditer(text):
        numbers = [Numeral(part) for part in re.split("[-\u2013]", match[0])]
        if any(number.coded for number in numbers):
            continue  # 2026-02-30: part of a date, or of a code
        spoken = " ".join(grammar.number(number) for number in numbers)
        yield Found(*match.span(), ((*match.span(), spoken),))


# --- fractions --------------------------------------------------------------------------------

_VULGAR = {
    "½": (1, 2),
    "⅓": (1, 3),
    "⅔": (2, 3),
    "¼": (1, 4),
    "¾": (3, 4),
    "⅕": (1, 5),
    "⅖": (2, 5),
    "⅗": (3, 5),
    "⅘": (4, 5),
    "⅙": (1, 6),
    "⅚": (5, 6),
    "⅛": (1, 8),
    "⅜": (3, 8),
    "⅝": (5, 8),
    "⅞": (7, 8),
}
_FRACTION = re.compile(
    rf"(?<![\w.,:/\\^#$€£¥+-])(?:(?:(?P<whole>[0-9]{{1,4}})[ \u00a0]?)?"
    rf"(?P<sign>[{''.join(_VULGAR)}])"
    r"|(?:(?P<whole2>[0-9]{1,3})[ \u00a0])?(?P<top>[0-9]{1,2})[/\u2044](?P<bottom>[0-9]{1,3}))"
    r"(?![\w/\u2044%])(?![.,:-][0-9])"
)
_SCORE_BEFORE = re.compile(r"\b(?i:rated|scored?|rating)(?:[ ](?:it|of|is|was|a))?:?[ ]$")
_SCORE_AFTER = re.compile(r"[ \u00a0](?:points|stars)\b")
_BOTTOMS = {2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16, 20, 32, 64, 100, 1000}


def fractions(text: str, grammar: Grammar, counting: Counting) -> Iterator[Found]:
    """Yield ``3/4``, ``2½`` and ``24/7``; other numbers with a slash are left as they are."""
    for match in _FRACTION.finditer(text):
        if match["sign"]:
            top, bottom = _VULGAR[match["sign"]]
            whole = match["whole"]
        else:
            top, bottom, whole = int(match["top"]), int(match["bottom"]), match["whole2"]
        if grammar.primary == "en" and not whole and _scored(text, match, top, bottom):
            spoken = f"{grammar.cardinal(top)} out of {grammar.cardinal(bottom)}"
        elif match[0] == "24/7":
            spoken = f"{grammar.cardinal(24)} {grammar.cardinal(7)}"
        elif 0 < top < bottom and bottom in _BOTTOMS:
            feminine = grammar.gender(text, match.end(), one=True) == "f"
            feminine = feminine or grammar.gender(text, match.end()) == "f"
            spoken = _part(top, bottom, grammar, alone=not whole, feminine=feminine)
            if whole:
                spoken = f"{grammar.cardinal(int(whole))} {counting.half} {spoken}"
        else:
            continue
        yield Found(*match.span(), ((*match.span(), spoken),))


def _scored(text: str, match: re.Match[str], top: int, bottom: int) -> bool:
    """Whether it is a score: rated 8/10, 95/100 points."""
    if bottom not in {5, 10, 100} or not 1 < top <= bottom:
        return False
    before = text[max(0, match.start() - 16) : match.start()]
    return bool(_SCORE_BEFORE.search(before) or _SCORE_AFTER.match(text, match.end()))


def _part(top: int, bottom: int, grammar: Grammar, *, alone: bool, feminine: bool) -> str:
    spanish = grammar.primary == "es"
    if bottom == 2:  # noqa: PLR2004
        return (
            ("media" if feminine else "medio") if spanish else ("one half" if alone else "a half")
        )
    if spanish:
        named = {3: "tercio", 100: "centésimo", 1000: "milésimo"}
        regular = grammar.ordinal(bottom) if bottom <= 10 else grammar.cardinal(bottom) + "avo"  # noqa: PLR2004
        name = named.get(bottom, regular)
    else:
        name = "quarter" if bottom == 4 else grammar.ordinal(bottom)  # noqa: PLR2004
    one = "a" if not (spanish or alone) else grammar.cardinal(1, before=True)
    return f"{one} {name}" if top == 1 else f"{grammar.cardinal(top, before=True)} {name}s"
