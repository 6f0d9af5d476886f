"""Numbers with what they count: money, per cent, units, ranges, fractions, times of day."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from workbench.text.edits import Found
from workbench.text.numbers import NUMBER, Grammar, Noun, Numeral

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Counting", "fractions", "money", "percent", "ranges", "times", "units"]

_SIGN = r"(?P<sign>[-−])?"  # noqa: RUF001 - the sign of subtraction is meant
_DASH = r"[ ]?[-–—][ ]?"  # noqa: RUF001
_START = r"(?<![\w.,:/\\^#$€£¥−-])"  # noqa: RUF001
_GAP = r"[ \u00a0\u202f]?"


class Counting(NamedTuple):
    """The words a language counts with."""

    currencies: Mapping[str, tuple[Noun, Noun | None]]
    scales: Mapping[str, Noun]
    units: Mapping[str, Noun]
    minus: str
    to: str
    percent: str
    permille: str
    cents: str
    """Between the whole and the cents: ``and``."""
    half: str
    """Between a number and ``½``."""


def _choice(words: Mapping[str, Noun] | Mapping[str, tuple[Noun, Noun | None]]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def _joined(text: str, parts: list[tuple[int, int, str]]) -> tuple[tuple[int, int, str], ...]:
    """Return the parts, those without white space between them as one."""
    kept: list[tuple[int, int, str]] = []
    for start, end, spoken in parts:
        if kept and not text[kept[-1][1] : start].strip() and kept[-1][1] < start:
            kept.append((start, end, spoken))
        elif kept:
            kept[-1] = (kept[-1][0], end, f"{kept[-1][2]} {spoken}".strip())
        else:
            kept.append((start, end, spoken))
    return tuple(kept)


# --- money ----------------------------------------------------------------------------------


@lru_cache(maxsize=8)
def _money(currencies: str, scales: str) -> re.Pattern[str]:
    scale = rf"(?:(?P<tight>{scales})(?![\w])|[ \u00a0](?P<scale>[^\W\d_]{{3,}}(?:[ ]millones)?)(?!\w))?"
    return re.compile(
        rf"{_START}(?:{_SIGN}(?P<before>{currencies}){_GAP}(?P<sign2>[-−])?(?P<one>{NUMBER})"  # noqa: RUF001
        rf"(?:{_DASH}(?:(?P=before))?(?P<two>{NUMBER}))?(?![\d])(?!/\d){scale}"
        rf"|(?P<sign3>[-−])?(?P<three>{NUMBER})(?:{_DASH}(?P<four>{NUMBER}))?"  # noqa: RUF001
        rf"(?P<gap>{_GAP})(?:(?P<tight2>{scales})(?=[ \u00a0]?[€$£¥])|(?P<scale2>mil millones|mil|millones|millón|million|billion|thousand))?"  # noqa: E501
        rf"{_GAP}(?P<after>{currencies})(?![\w]))"
    )


def money(text: str, grammar: Grammar, counting: Counting) -> Iterator[Found]:
    """Yield amounts with a sign or a code of a currency before or after them."""
    tight = "|".join(sorted((w for w in counting.scales if len(w) <= 2), key=len, reverse=True))  # noqa: PLR2004
    for match in _money(_choice(counting.currencies), tight).finditer(text):
        group = match.groupdict()
        symbol = group["before"] or group["after"]
        one = grammar.read(group["one"] or group["three"], lenient=True)
        other = group["two"] or group["four"]
        two = grammar.read(other, lenient=True) if other else None
        if one is None or (other and two is None):
            continue
        if (
            symbol.isalpha()
            and group["before"]
            and not re.match(r"[A-Z]{3}[ \u00a0]?\d", match[0].lstrip("-−"))
        ):  # noqa: E501, RUF001
            continue
        end = match.end()
        word = group["scale"]
        if word and word not in counting.scales:
            word, end = None, match.start("scale") - 1
        scale = counting.scales.get(
            group["tight"] or group["tight2"] or group["scale2"] or word or ""
        )
        minus = f"{counting.minus} " if group["sign"] or group["sign2"] or group["sign3"] else ""
        noun, cent = counting.currencies[symbol]
        low = f"{grammar.number(one)} {counting.to} " if two else ""
        if two and noun.feminine:
            low = f"{grammar.number(one, feminine=True)} {counting.to} "
        head, tail = _amount(two or one, noun, cent, scale, grammar, counting)
        first = group["one"] and match.start() or match.start()
        split = _split(match, word)
        if split and not (group["two"] and False):
            parts = [(first, split[0], minus + low + head), (split[1], end, tail)]
            yield Found(first, end, _joined(text, parts))
        else:
            yield Found(first, end, ((first, end, minus + low + f"{head} {tail}"),))


def _split(match: re.Match[str], word: str | None) -> tuple[int, int] | None:
    """Return where the number ends and what it counts begins, if white space is between them."""
    if match["after"]:
        number = match.end("four") if match["four"] else match.end("three")
        noun = match.start("scale2") if match["scale2"] else match.start("after")
        return (number, noun) if noun > number and not match["tight2"] else None
    if word:
        return match.end("two") if match["two"] else match.end("one"), match.start("scale")
    return None


def _amount(
    number: Numeral,
    noun: Noun,
    cent: Noun | None,
    scale: Noun | None,
    grammar: Grammar,
    counting: Counting,
) -> tuple[str, str]:
    """Return an amount as the number and what it counts."""
    if scale is not None:
        words, scaled = grammar.counted(number, scale)
        if scale.one == "mil" and number.single:
            words, scaled = "", "mil"
        link = "de " if scale.many.endswith("llones") else ""
        return words, f"{scaled} {link}{noun.many}"
    cents = number.fraction
    if cents in {"", "00"} or (cent is not None and len(cents) == 2):  # noqa: PLR2004
        whole = Numeral(number.whole)
        words, form = grammar.counted(whole, noun)
        if cents in {"", "00"} or cent is None:
            return words, form
        small, coin = grammar.counted(Numeral(cents.lstrip("0")), cent)
        if not whole.value:
            return small, coin
        return words, f"{form} {counting.cents} {small} {coin}"
    return grammar.counted(number, noun)


# --- per cent and units ---------------------------------------------------------------------

_PERCENT = re.compile(
    rf"{_START}{_SIGN}(?P<one>{NUMBER})(?:(?P<first>%)?{_DASH}(?P<two>{NUMBER}))?{_GAP}(?P<unit>[%‰])(?!\w)"
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
            yield Found(*match.span(), _joined(text, parts))


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
        rf"{_START}{_SIGN}(?P<one>{NUMBER})(?:{_DASH}(?P<two>{NUMBER}))?(?P<gap>{_GAP})(?P<unit>{units})(?![\w²³/°])"
    )


# Attached to their number these are something else: 5m is five million, 80s are the eighties.
_APART = frozenset({"m", "s", "h", "t", "l", "L", "V", "W", "g", "min"})
_ATTACHED = frozenset({"g", "m", "h", "V", "W"})


def units(text: str, grammar: Grammar, counting: Counting) -> Iterator[Found]:
    """Yield measures: ``100 km/h``, ``5-10 kg``, ``-5 °C``."""
    for match in _units(_choice(counting.units)).finditer(text):
        unit, gap = match["unit"], match["gap"]
        one = grammar.read(match["one"], lenient=True)
        two = grammar.read(match["two"], lenient=True) if match["two"] else None
        if one is None or (match["two"] and two is None):
            continue
        if not gap and unit in _APART and (unit not in _ATTACHED or len(match["one"]) < 2):  # noqa: PLR2004
            continue
        noun = counting.units[unit]
        words, form = grammar.counted(two or one, noun)
        if two:
            words = f"{grammar.number(one, feminine=noun.feminine)} {counting.to} {words}"
        minus = f"{counting.minus} " if match["sign"] else ""
        number = match.end("two") if match["two"] else match.end("one")
        parts = [(match.start(), number, minus + words), (*match.span("unit"), form)]
        yield Found(*match.span(), _joined(text, parts))


# --- ranges, scores, series -------------------------------------------------------------------

_RANGE = re.compile(
    rf"{_START}(?P<one>{NUMBER})(?P<dash>{_DASH})(?P<two>{NUMBER})(?![\w%€$£°])(?![-–.,:/^][0-9])"  # noqa: RUF001
)
_SERIES = re.compile(
    rf"{_START}[0-9]{{1,4}}(?:[-–][0-9]{{1,4}}){{1,7}}(?![\w%€$£°])(?![-–.,:/^][0-9])"
)  # noqa: E501, RUF001


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
        numbers = [Numeral(part) for part in re.split("[-–]", match[0])]  # noqa: RUF001
        spoken = " ".join(grammar.number(number) for number in numbers)
        yield Found(*match.span(), ((*match.span(), spoken),))


# --- fractions --------------------------------------------------------------------------------

_VULGAR = {
    **{"½": (1, 2), "⅓": (1, 3), "⅔": (2, 3), "¼": (1, 4), "¾": (3, 4), "⅕": (1, 5), "⅖": (2, 5)},
    **{"⅗": (3, 5), "⅘": (4, 5), "⅙": (1, 6), "⅚": (5, 6), "⅛": (1, 8), "⅜": (3, 8), "⅝": (5, 8)},
    "⅞": (7, 8),
}
_FRACTION = re.compile(
    rf"(?<![\w.,:/\\^#$€£¥+-])(?:(?:(?P<whole>[0-9]{{1,4}})[ \u00a0]?)?(?P<sign>[{''.join(_VULGAR)}])"
    r"|(?:(?P<whole2>[0-9]{1,3})[ \u00a0])?(?P<top>[0-9]{1,2})[/⁄](?P<bottom>[0-9]{1,3}))(?![\w/⁄%])(?![.,:-][0-9])"
)
_BOTTOMS = {2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16, 20, 32, 64, 100, 1000}


def fractions(text: str, grammar: Grammar, counting: Counting) -> Iterator[Found]:
    """Yield ``3/4``, ``2½`` and ``24/7``; other numbers with a slash are left as they are."""
    for match in _FRACTION.finditer(text):
        if match["sign"]:
            top, bottom = _VULGAR[match["sign"]]
            whole = match["whole"]
        else:
            top, bottom, whole = int(match["top"]), int(match["bottom"]), match["whole2"]
        if match[0] == "24/7":
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


# --- times of day -----------------------------------------------------------------------------

_TIME = re.compile(
    r"(?<![\w.,:/-])(?P<hour>[01]?[0-9]|2[0-4]):(?P<minute>[0-5][0-9])(?::(?P<second>[0-5][0-9]))?"
    r"(?:(?P<gap>[ \u00a0]?)(?P<half>[AaPp]\.?[ \u00a0]?[Mm]\b\.?|h(?:rs?)?\b\.?))?(?![\w:%])(?![.,/-][0-9])"
)
_HOUR = re.compile(
    r"(?<![\w.,:/$€£-])(?P<hour>0?[1-9]|1[0-2])(?P<gap>[ \u00a0]?)(?P<half>[AaPp](?:\.[ \u00a0]?[Mm]\.|[Mm]\b))(?!\w)"  # noqa: E501
)


def times(text: str, grammar: Grammar, counting: Counting) -> Iterator[Found]:  # noqa: ARG001
    """Yield times of day: ``10:30``, ``10:30 pm``, ``22:05 h``, ``9am``."""
    for match in _TIME.finditer(text):
        hour, minute = int(match["hour"]), int(match["minute"])
        second = int(match["second"]) if match["second"] else None
        half = match["half"] or ""
        clock = _spanish_clock if grammar.primary == "es" else _english_clock
        spoken = clock(hour, minute, second, half, grammar)
        yield _timed(match, text, spoken, half, grammar)
    for match in _HOUR.finditer(text):
        feminine = grammar.primary == "es"
        spoken = grammar.cardinal(int(match["hour"]), feminine=feminine)
        yield _timed(match, text, spoken, match["half"], grammar)


def _timed(match: re.Match[str], text: str, spoken: str, half: str, grammar: Grammar) -> Found:
    start, end = match.span()
    if not half:
        return Found(start, end, ((start, end, spoken),))
    letter = half[0].lower()
    if letter == "h":
        if half.endswith("."):
            end -= 1
        return Found(start, end, ((start, end, spoken),))
    gap = " " if grammar.primary == "es" else ""
    said = f"{letter}.{gap}m."
    if "." not in half and text[end : end + 1] == ".":
        said = said[:-1]  # the full stop that follows is both
    number = match.start("gap")
    return Found(
        start, end, _joined(text, [(start, number, spoken), (match.start("half"), end, said)])
    )


def _english_clock(hour: int, minute: int, second: int | None, half: str, grammar: Grammar) -> str:
    said = grammar.cardinal(hour)
    named = half[:1].lower() in {"a", "p"}
    if minute:
        low = f"oh {grammar.cardinal(minute)}" if minute < 10 else grammar.cardinal(minute)  # noqa: PLR2004
        said = f"{said} {low}"
    elif not named and second is None:
        said = f"{said} o'clock" if 1 <= hour <= 12 else f"{said} hundred"  # noqa: PLR2004
    if second is not None:
        unit = "second" if second == 1 else "seconds"
        said = f"{said} and {grammar.cardinal(second)} {unit}"
    return said


def _spanish_clock(hour: int, minute: int, second: int | None, half: str, grammar: Grammar) -> str:
    said = grammar.cardinal(hour, feminine=True)
    units = half.startswith("h") or second is not None
    if units:
        said = f"{said} {'hora' if hour == 1 else 'horas'}"
    parts = [said]
    if minute or second is not None:
        one = grammar.cardinal(minute, before=units)
        parts.append(f"{one} {'minuto' if minute == 1 else 'minutos'}" if units else one)
    if second is not None:
        one = grammar.cardinal(second, before=True)
        parts.append(f"{one} {'segundo' if second == 1 else 'segundos'}")
    head = ", ".join(parts[:-1])
    return f"{head} y {parts[-1]}" if len(parts) > 1 else said
