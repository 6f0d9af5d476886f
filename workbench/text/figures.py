"""Plain numbers and ordinals."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from workbench.text.edits import Found
from workbench.text.numbers import NUMBER, Grammar, spell

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["cardinals", "numbers", "ordinals"]

_ENGLISH = re.compile(
    r"(?<![\w.,:/$€£-])(?P<number>[0-9]{1,3}(?:,?[0-9]{3}){0,4})(?P<end>st|nd|rd|th)\b",
    re.IGNORECASE,
)
_SPANISH = re.compile(
    r"(?<![\w.,:/$€£-])(?P<number>[0-9]{1,3})(?:\.?(?P<sign>[ºª°])|\.?(?P<er>er)\b|\.(?P<dotted>[oa])\b"
    r"|(?P<end>r[oa]|d[oa]|t[oa]|m[oa]|v[oa]|n[oa])\b)(?![\w])"
)
# The ending that goes with the last digit, so that 3do is not taken for a number.
_ENDINGS = {"r": "13", "d": "2", "t": "456", "m": "70", "v": "8", "n": "9"}
# Adjectives that stand for a masculine noun lose their last letter before it.
_BEFORE_MALE = re.compile(
    r"[ \u00a0](?:piso|premio|lugar|puesto|año|día|capítulo|grado|ciclo|tiempo|ministro)\b"
)


def ordinals(text: str, grammar: Grammar) -> Iterator[Found]:
    """Yield ``21st`` in English; ``2.º``, ``3ª``, ``1er`` and ``5ta`` in Spanish."""
    if grammar.primary == "en":
        for match in _ENGLISH.finditer(text):
            value = int(match["number"].replace(",", ""))
            if spoken := grammar.ordinal(value):
                yield Found(*match.span(), ((*match.span(), spoken),))
        return
    for match in _SPANISH.finditer(text):
        number = match["number"]
        if not int(number):
            continue
        end = match["end"]
        if end and number[-1] not in _ENDINGS[end[0]]:
            continue
        if (
            match["sign"] == "°"
            and text[match.start("sign") - 1] != "."
            and number not in {"1", "2", "3"}
        ):
            continue  # degrees
        feminine = match["sign"] == "ª" or (end or match["dotted"] or "").endswith("a")
        spoken = grammar.ordinal(int(number), feminine=feminine)
        if match["er"] or (not feminine and _BEFORE_MALE.match(text, match.end())):
            spoken = re.sub(r"(primer|tercer)o$", r"\1", spoken)
        yield Found(*match.span(), ((*match.span(), spoken),))


_MINUS = "\u2212"
_NEGATIVE = r"(?P<sign>(?<![^\s(\[{¿¡\"'“«])[-\u2212](?=[0-9]))?"
_PLAIN = re.compile(
    rf"(?:(?<![\w.,:/\\^#@$€£¥%&=?+°~<>|*−-])|(?<=[^\W\d_]-)|(?<=[\s(]~)){_NEGATIVE}(?P<number>{NUMBER})"  # noqa: RUF001
    r"(?![\w%‰€£¥^°ºª\\=@|*])(?![.,:/][0-9])(?![-–−][0-9])(?!\$)"  # noqa: RUF001
)
_LEADING = re.compile(r"(?<![\w.])\.(?P<digits>[0-9]{1,6})(?![\w.])")
# Thousands set apart by spaces: always in Spanish, in English where a group begins with a zero.
_SPACED = re.compile(
    r"(?<![\w.,:/$€£-])(?<![0-9] )[1-9][0-9]{0,2}(?: [0-9]{3})+(?: ?[.,][0-9]+)?"
    r"(?![\w%€£$])(?! ?[0-9])(?![.,:/-][0-9])"
)
_VERSION = re.compile(
    r"(?<![\w.,:/\\^#$€£¥-])(?P<v>[vV])?[0-9]{1,4}(?:\.[0-9]{1,4}){1,4}(?![\w%:/-])(?![.,][0-9])"
)


def numbers(text: str, grammar: Grammar) -> Iterator[Found]:
    """Yield numbers that nothing else has taken; in Spanish in the gender of their noun."""
    for match in _SPACED.finditer(text):
        if grammar.primary == "es" or " 0" in match[0]:
            yield from _number(match, match[0].replace(" ", "\u00a0"), grammar)
    for match in _PLAIN.finditer(text):
        yield from _number(match, match["number"], grammar, minus=bool(match["sign"]))
    for match in _VERSION.finditer(text):
        parts = match[0].lstrip("vV").split(".")
        if len(parts) > 2 or match["v"]:  # noqa: PLR2004 - 1.2 is a number
            said = f" {grammar.signs['.']} ".join(_digits(part, grammar) for part in parts)
            said = f"{grammar.signs['v']} {said}" if match["v"] else said
            yield Found(*match.span(), ((*match.span(), said),))
    if grammar.primary == "en":
        for match in _LEADING.finditer(text):
            said = f"point {grammar.digits(match['digits'])}"
            yield Found(*match.span(), ((*match.span(), said),))


def _number(
    match: re.Match[str], written: str, grammar: Grammar, *, minus: bool = False
) -> Iterator[Found]:
    number = grammar.read(written)
    if number is None:
        return
    sex = grammar.gender(match.string, match.end(), one=number.single)
    said = grammar.number(number, feminine=sex == "f", before=bool(sex))
    said = f"{grammar.signs[_MINUS]} {said}" if minus else said
    yield Found(*match.span(), ((*match.span(), said),))


def _digits(text: str, grammar: Grammar) -> str:
    """Return a part of a version: a number, or digits where it begins with a zero."""
    counts = text == "0" or text[0] != "0"
    return grammar.cardinal(int(text)) if counts else grammar.digits(text)


_WHOLE = re.compile(
    r"(?<![\w.,:/\\^#@$€£¥%&=?+°~<>|*\u2212-])[0-9]{1,15}(?![\w%‰€£¥^°ºª\\=@|*$])(?![.,:/-][0-9])"
)


def cardinals(text: str, language: str) -> Iterator[Found]:
    """Yield plain whole numbers, 2 and above, in any language that num2words knows.

    One, and zero, change with the noun in too many languages to be written out unseen.
    """
    for match in _WHOLE.finditer(text):
        digits = match[0]
        if digits[0] == "0" or digits == "1":
            continue
        spoken = spell(int(digits), language)
        if spoken:
            yield Found(*match.span(), ((*match.span(), spoken),))
