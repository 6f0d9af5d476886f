"""Days of the calendar, in English and Spanish."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

from workbench.text import english_words, spanish_words
from workbench.text.edits import Found
from workbench.text.spanish import Spanish

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.text.numbers import Grammar

__all__ = ["dates"]

_ISO = re.compile(
    r"(?<![\w.,:/-])(?P<year>[12][0-9]{3})-(?P<month>0[1-9]|1[0-2])-(?P<day>[0-3][0-9])(?![\w/-])(?![.,:][0-9])"
)
_FIGURES = re.compile(
    r"(?<![\w.,:/-])(?P<one>[0-3]?[0-9])(?P<sign>[/.-])(?P<two>[0-3]?[0-9])(?P=sign)(?P<year>[12][0-9]{3}|[0-9]{2})(?![\w/-])(?![.,:][0-9])"
)
_YEAR = r"(?P<year>1[0-9]{3}|20[0-9]{2})(?![\w%]|[.,:][0-9])"
_DAY = r"(?P<day>0?[1-9]|[12][0-9]|3[01])"


def _months(names: tuple[str, ...], extra: dict[str, int]) -> dict[str, int]:
    full = {name: number for number, name in enumerate(names, start=1)}
    return {**full, **{name[:3]: number for name, number in full.items()}, **extra}


_ENGLISH = _months(english_words.MONTHS, {"Sept": 9})
_SPANISH = _months(spanish_words.MONTHS, {"sept": 9, "set": 9})
_EN = "|".join(sorted(_ENGLISH, key=len, reverse=True))
_ES = "|".join(sorted(_SPANISH, key=len, reverse=True))

_EN_MONTH_FIRST = re.compile(
    rf"(?<![\w.-])(?P<month>{_EN})(?P<dot>\.?)[ \u00a0]"
    rf"(?:{_DAY}(?:st|nd|rd|th)?(?![\w%:])(?![.,:/][0-9])"
    rf"(?P<comma>,?)(?:[ \u00a0]{_YEAR})?|{_YEAR.replace('year', 'only')})"
)
_EN_DAY_FIRST = re.compile(
    rf"(?<![\w.,:/$€£-])(?P<the>(?:[Tt]he[ \u00a0])?){_DAY}(?P<th>st|nd|rd|th)?[ \u00a0]"
    r"(?P<of>of[ \u00a0])?"
    rf"(?P<month>{_EN})\b(?P<dot>\.?)(?:,?[ \u00a0]{_YEAR})?"
)
_ES_DAY_FIRST = re.compile(
    rf"(?<![\w.,:/$€£-]){_DAY}(?P<th>\.?[ºo°])?(?P<of>[ \u00a0]de[ \u00a0]|[ \u00a0-])"
    rf"(?P<month>{_ES})\b(?P<dot>\.?)"
    rf"(?P<of2>[ \u00a0]del?[ \u00a0]|[ \u00a0-])?(?(of2){_YEAR}|)",
    re.IGNORECASE,
)
_SHORT_YEARS = 70  # 70 to 99 are of the last century


def dates(text: str, grammar: Grammar) -> Iterator[Found]:
    """Yield dates in figures, and dates with the name of a month.

    The order of day and month is the region's, unless only the other one is possible; what is no
    day of the calendar is left alone.
    """
    for match in _ISO.finditer(text):
        yield from _figures(match, int(match["day"]), int(match["month"]), match["year"], grammar)
    for match in _FIGURES.finditer(text):
        one, two = int(match["one"]), int(match["two"])
        first = grammar.month_first and match["sign"] != "."
        if len(match["year"]) == 2 and match["sign"] != "/":  # noqa: PLR2004 - 1.2.10 may be a version
            continue
        orders = [(two, one), (one, two)] if first else [(one, two), (two, one)]
        for day, month in orders:
            found = list(_figures(match, day, month, match["year"], grammar))
            if found:
                yield from found
                break
    yield from _spanish(text, grammar) if grammar.primary == "es" else _english(text, grammar)


def _figures(
    match: re.Match[str], day: int, month: int, year: str, grammar: Grammar
) -> Iterator[Found]:
    number = int(year)
    if len(year) == 2:  # noqa: PLR2004
        number += 1900 if number >= _SHORT_YEARS else 2000
    try:
        dt.date(number, month, day)
    except ValueError:
        return
    said = grammar.year(number)
    if grammar.primary == "es":
        spoken = f"{_first(day, grammar)} de {spanish_words.MONTHS[month - 1]} de {said}"
    elif grammar.month_first:
        spoken = f"{english_words.MONTHS[month - 1]} {grammar.ordinal(day)}, {said}"
    else:
        spoken = f"the {grammar.ordinal(day)} of {english_words.MONTHS[month - 1]}, {said}"
    yield Found(*match.span(), ((*match.span(), spoken),))


def _first(day: int, grammar: Grammar) -> str:
    """Return a day as Spanish says it: the first is ``primero`` in America, ``uno`` in Spain."""
    if day == 1 and isinstance(grammar, Spanish) and not grammar.european:
        return grammar.ordinal(1)
    return grammar.cardinal(day)


def _english(text: str, grammar: Grammar) -> Iterator[Found]:
    for match in _EN_DAY_FIRST.finditer(text):
        day = grammar.ordinal(int(match["day"]))
        the = "" if match["the"] or _after_of(text, match.start()) else "the "
        end = match.end("th") if match["th"] else match.end("day")
        of = "" if match["of"] else " of"
        parts = [(match.start("day"), end, f"{the}{day}{of}")]
        parts.append(_month(match, "month", english_words.MONTHS, _ENGLISH, ends=not match["year"]))
        if match["year"]:
            parts.append((*match.span("year"), grammar.year(int(match["year"]))))
        yield Found(match.start(), parts[-1][1], tuple(parts))
    for match in _EN_MONTH_FIRST.finditer(text):
        month = _month(match, "month", english_words.MONTHS, _ENGLISH)
        if match["only"]:
            parts = [month, (*match.span("only"), grammar.year(int(match["only"])))]
        else:
            end = match.end("comma") if match["comma"] else match.end("day")
            suffix = re.compile("st|nd|rd|th").match(text, match.end("day"))
            end = end if match["comma"] or not suffix else suffix.end()
            said = grammar.ordinal(int(match["day"]))
            # A year follows with a pause, as it is read.
            comma = "," if match["comma"] or match["year"] else ""
            parts = [month, (match.start("day"), end, said + comma)]
            if match["year"]:
                parts.append((*match.span("year"), grammar.year(int(match["year"]))))
        yield Found(match.start(), parts[-1][1], tuple(parts))


def _after_of(text: str, place: int) -> bool:
    """Whether an ordinal here has its article already: the 3rd, every 2nd, this 4th."""
    return bool(re.search(r"\b(?:the|every|this|each)[ \u00a0]$", text[max(0, place - 8) : place]))


def _month(
    match: re.Match[str],
    group: str,
    names: tuple[str, ...],
    numbers: dict[str, int],
    *,
    ends: bool = False,
) -> tuple[int, int, str]:
    """Return the part for the month, its full stop with it unless a sentence may end there."""
    written = match[group]
    name = names[numbers[written if written in numbers else written.lower()] - 1]
    start, end = match.span(group)
    dotted = bool(match["dot"]) and len(written) <= 4 and written.lower() != name.lower()  # noqa: PLR2004
    after = match.string[match.end("dot") :].lstrip()
    if dotted and not (ends and (not after or after[0].isupper())):
        end = match.end("dot")
    return start, end, name


def _spanish(text: str, grammar: Grammar) -> Iterator[Found]:
    for match in _ES_DAY_FIRST.finditer(text):
        written = match["month"].lower()
        tight = not match["of"].strip(" \u00a0de") and "de" not in match["of"]
        if tight and not (match["year"] or written in spanish_words.MONTHS or match["dot"]):
            continue  # 5 mar, 3 set: these are words
        day = (
            _first(int(match["day"]), grammar)
            if not match["th"]
            else grammar.ordinal(int(match["day"]))
        )
        end = match.end("th") if match["th"] else match.end("day")
        month = _month(match, "month", spanish_words.MONTHS, _SPANISH, ends=not match["year"])
        year = grammar.year(int(match["year"])) if match["year"] else ""
        if "-" in match["of"] or (match["of2"] and "-" in match["of2"]):
            if not match["year"]:
                continue
            spoken = f"{day} de {month[2]} de {year}"
            yield Found(*match.span(), ((*match.span(), spoken),))
            continue
        of = " de" if tight else ""
        parts = [(match.start("day"), end, day + of)]
        linked = bool(match["of2"]) and "de" in match["of2"]
        parts.append((month[0], month[1], month[2] + (" de" if year and not linked else "")))
        if year:
            parts.append((*match.span("year"), year))
        yield Found(match.start(), parts[-1][1], tuple(parts))
