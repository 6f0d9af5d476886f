"""Plain numbers, ordinals, and signs between numbers and words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from workbench.text.edits import Found
from workbench.text.numbers import NUMBER, Grammar, Numeral, spell

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["cardinals", "numbers", "ordinals", "symbols"]

_ENGLISH = re.compile(
    r"(?<![\w.,:/$€£-])(?P<number>[0-9]{1,3}(?:,?[0-9]{3}){0,4})(?P<end>st|nd|rd|th)\b",
    re.IGNORECASE,
)  # noqa: E501
_SPANISH = re.compile(
    r"(?<![\w.,:/$€£-])(?P<number>[0-9]{1,3})(?:\.?(?P<sign>[ºª°])|\.?(?P<er>er)\b|\.(?P<dotted>[oa])\b"
    r"|(?P<end>r[oa]|d[oa]|t[oa]|m[oa]|v[oa]|n[oa])\b)(?![\w])"
)
# The ending that goes with the last digit, so that 3do is not taken for a number.
_ENDINGS = {"r": "13", "d": "2", "t": "456", "m": "70", "v": "8", "n": "9"}
# Adjectives that stand for a masculine noun lose their last letter before it.
_BEFORE_MALE = re.compile(
    r"[ \u00a0](?:piso|premio|lugar|puesto|año|día|capítulo|grado|ciclo|tiempo|ministro)\b"
)  # noqa: E501


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
        ):  # noqa: E501
            continue  # degrees
        feminine = match["sign"] == "ª" or (end or match["dotted"] or "").endswith("a")
        spoken = grammar.ordinal(int(number), feminine=feminine)
        if match["er"] or (not feminine and _BEFORE_MALE.match(text, match.end())):
            spoken = re.sub(r"(primer|tercer)o$", r"\1", spoken)
        yield Found(*match.span(), ((*match.span(), spoken),))


_NEGATIVE = r"(?P<sign>(?<![^\s(\[{¿¡\"'“«])[-−](?=[0-9]))?"  # noqa: RUF001
_PLAIN = re.compile(
    rf"(?:(?<![\w.,:/\\^#@$€£¥%&=?+°~<>|*−-])|(?<=[^\W\d_]-)|(?<=[\s(]~)){_NEGATIVE}(?P<number>{NUMBER})"  # noqa: E501, RUF001
    r"(?![\w%‰€£¥^°ºª\\=@|*])(?![.,:/][0-9])(?![-–−][0-9])(?!\$)"  # noqa: RUF001
)
_LEADING = re.compile(r"(?<![\w.])\.(?P<digits>[0-9]{1,6})(?![\w.])")
# Thousands set apart by spaces: always in Spanish, in English where a group begins with a zero.
_SPACED = re.compile(
    r"(?<![\w.,:/$€£-])(?<![0-9] )[1-9][0-9]{0,2}(?: [0-9]{3})+(?: ?[.,][0-9]+)?(?![\w%€£$])(?! ?[0-9])(?![.,:/-][0-9])"
)
_VERSION = re.compile(
    r"(?<![\w.,:/\\^#$€£¥-])(?P<v>[vV])?[0-9]{1,4}(?:\.[0-9]{1,4}){1,4}(?![\w%:/-])(?![.,][0-9])"
)  # noqa: E501


def numbers(text: str, grammar: Grammar) -> Iterator[Found]:
    """Yield numbers that nothing else has taken; in Spanish in the gender of their noun."""
    spanish = grammar.primary == "es"
    for match in _SPACED.finditer(text):
        number = grammar.read(match[0].replace(" ", "\u00a0"))
        if number is not None and (spanish or " 0" in match[0]):
            sex = grammar.gender(text, match.end())
            spoken = grammar.number(number, feminine=sex == "f", before=bool(sex))
            yield Found(*match.span(), ((*match.span(), spoken),))
    for match in _PLAIN.finditer(text):
        number = grammar.read(match["number"])
        if number is None:
            continue
        one = number.single
        sex = grammar.gender(text, match.end(), one=one)
        spoken = grammar.number(number, feminine=sex == "f", before=bool(sex))
        if match["sign"]:
            spoken = f"{'menos' if spanish else 'minus'} {spoken}"
        yield Found(*match.span(), ((*match.span(), spoken),))
    for match in _VERSION.finditer(text):
        parts = match[0].lstrip("vV").split(".")
        if len(parts) == 2 and not match["v"]:  # noqa: PLR2004
            continue
        word = "punto" if spanish else "point"
        said = f" {word} ".join(
            grammar.cardinal(int(p)) if p == "0" or p[0] != "0" else grammar.digits(p)
            for p in parts
        )
        if match["v"]:
            said = f"{'versión' if spanish else 'version'} {said}"
        yield Found(*match.span(), ((*match.span(), said),))
    if not spanish:
        for match in _LEADING.finditer(text):
            spoken = f"point {grammar.digits(match['digits'])}"
            yield Found(*match.span(), ((*match.span(), spoken),))


_WHOLE = re.compile(
    r"(?<![\w.,:/\\^#@$€£¥%&=?+°~<>|*−-])[0-9]{1,15}(?![\w%‰€£¥^°ºª\\=@|*$])(?![.,:/-][0-9])"
)  # noqa: E501, RUF001


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


_WORDS = {
    "en": {
        **{"&": "and", "+": "plus", "=": "equals", "@": "at", "×": "times", "÷": "divided by"},
        **{"±": "plus or minus", "<": "less than", ">": "greater than", "≤": "at most"},
        **{"≥": "at least", "≠": "is not", "≈": "about", "~": "about", "%": "percent"},
        **{"©": "copyright", "§": "section", "№": "number", "−": "minus"},  # noqa: RUF001
    },
    "es": {
        **{"&": "y", "+": "más", "=": "igual a", "@": "arroba", "×": "por", "÷": "entre"},
        **{"±": "más menos", "<": "menor que", ">": "mayor que", "≤": "menor o igual que"},
        **{"≥": "mayor o igual que", "≠": "distinto de", "≈": "aproximadamente", "~": "unos"},
        **{"%": "por ciento", "©": "copyright", "§": "sección", "№": "número", "−": "menos"},  # noqa: RUF001
    },
}
_BETWEEN = re.compile(r"(?:(?<=\s)|^)(?P<sign>[&+=@×÷±≤≥≠≈%©§−])(?=\s)", re.MULTILINE)  # noqa: RUF001
_COMPARED = re.compile(r"(?:(?<=\s)|^)(?P<sign>[<>≤≥≈±~+]|[<>]=)[ \u00a0]?(?=[0-9])", re.MULTILINE)
_JOINED = re.compile(r"(?<=[a-zà-ÿ0-9])(?P<sign>[&=])(?=[a-zà-ÿ0-9])")
_MATHS = re.compile(
    r"(?<![\w.,:/$€£=+-])[0-9]{1,9}(?:[+=×÷][0-9]{1,9}){1,9}(?![\w%=+])(?![.,][0-9])"
)  # noqa: RUF001
_FEET = re.compile(r"(?<![\w.,:/$€£-])(?P<feet>[1-9])['’′](?P<inches>[0-9]{1,2})[\"”″](?!\w)")  # noqa: RUF001
_BY = re.compile(
    r"(?<![\w.,:/$€£-])(?P<one>[0-9]{1,5})(?P<by>[ ]?[x×][ ]?)(?P<two>[0-9]{1,5})(?![\w.,]*[0-9x×])(?!\w)"
)  # noqa: E501, RUF001
_POWER = re.compile(r"(?<![\w.,:/$€£-])(?P<one>[0-9]{1,6})\^(?P<two>-?[0-9]{1,4})(?!\w)")
_HASH = re.compile(r"(?<![\w#&])#(?P<number>[0-9]{1,6})(?!\w)")
_SILENT = re.compile(r"[™®℠]")


def symbols(text: str, grammar: Grammar) -> Iterator[Found]:
    """Yield signs that stand for words: ``&`` between words, ``#1``, ``16×9``, ``10^6``."""  # noqa: RUF002
    spanish = grammar.primary == "es"
    words = _WORDS[grammar.primary]
    for match in _BY.finditer(text):
        one, two = (grammar.cardinal(int(match[name])) for name in ("one", "two"))
        said = f"{one} {'por' if spanish else 'by'} {two}"
        yield Found(*match.span(), ((*match.span(), said),))
    for match in _POWER.finditer(text):
        one, two = int(match["one"]), int(match["two"])
        power = f"{'menos' if spanish else 'minus'} " * (two < 0) + grammar.cardinal(abs(two))
        link = "elevado a" if spanish else "to the power of"
        spoken = f"{grammar.cardinal(one)} {link} {power}"
        yield Found(*match.span(), ((*match.span(), spoken),))
    for match in _HASH.finditer(text):
        said = f"{'número' if spanish else 'number'} {grammar.number(Numeral(match['number']))}"
        yield Found(*match.span(), ((*match.span(), said),))
    for match in _FEET.finditer(text):
        feet, inches = (grammar.cardinal(int(match[name])) for name in ("feet", "inches"))
        said = f"{feet} {'pies' if spanish else 'foot'} {inches}"
        yield Found(*match.span(), ((*match.span(), said),))
    for match in _MATHS.finditer(text):
        said = " ".join(
            grammar.number(Numeral(part)) if part.isdigit() else words[part]
            for part in re.findall("[0-9]+|[^0-9]", match[0])
        )
        yield Found(*match.span(), ((*match.span(), said),))
    for match in _SILENT.finditer(text):
        yield Found(*match.span(), ((*match.span(), ""),))
    for pattern in (_BETWEEN, _COMPARED):
        for match in pattern.finditer(text):
            sign = match["sign"].translate({ord("<"): "<", ord(">"): ">"})
            word = words.get({"<=": "≤", ">=": "≥"}.get(sign, sign), "")
            span = match.span("sign")
            tight = " " if text[span[1] : span[1] + 1].isdigit() else ""
            if word:
                yield Found(*span, ((*span, word + tight),))
    for match in _JOINED.finditer(text):
        span = match.span("sign")
        yield Found(*span, ((*span, f" {words[match['sign']]} "),))
