"""Signs that stand for words, between words and numbers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from workbench.text.edits import Found
from workbench.text.numbers import Grammar, Numeral

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["symbols"]

_MINUS, _TIMES = "\u2212", "\u00d7"
_START = r"(?<![\w.,:/$€£-])"
_BETWEEN = re.compile(
    rf"(?:(?<=\s)|^)(?P<sign>[&+=@{_TIMES}÷±≤≥≠≈%©§{_MINUS}])(?=\s)", re.MULTILINE
)
_COMPARED = re.compile(r"(?:(?<=\s)|^)(?P<sign>[<>]=|[<>≤≥≈±~+])[ \u00a0]?(?=[0-9])", re.MULTILINE)
_JOINED = re.compile(r"(?<=[a-zà-ÿ0-9])(?P<sign>[&=])(?=[a-zà-ÿ0-9])")
_MATHS = re.compile(
    rf"(?<![\w.,:/$€£=+-])[0-9]{{1,9}}(?:[+={_TIMES}÷][0-9]{{1,9}}){{1,9}}(?![\w%=+])(?![.,][0-9])"
)
_FEET = re.compile(
    rf"{_START}(?P<one>[1-9])['\u2019\u2032](?P<two>[0-9]{{1,2}})[\"\u201d\u2033](?!\w)"
)
_BY = re.compile(
    rf"{_START}(?P<one>[0-9]{{1,5}})[ ]?[x{_TIMES}][ ]?(?P<two>[0-9]{{1,5}})"
    rf"(?![\w.,]*[0-9x{_TIMES}])(?!\w)"
)
_POWER = re.compile(rf"{_START}(?P<one>[0-9]{{1,6}})\^(?P<minus>-?)(?P<two>[0-9]{{1,4}})(?!\w)")
_HASH = re.compile(r"(?<![\w#&])#(?P<number>[0-9]{1,6})(?!\w)")
_SILENT = re.compile("[™®℠]")


def symbols(text: str, grammar: Grammar) -> Iterator[Found]:
    """Yield ``&`` between words, ``#1``, ``2+2=4``, ``16x9``, ``10^6`` and the like."""
    signs = grammar.signs
    for pattern, sign in ((_BY, "x"), (_FEET, "'"), (_POWER, "^")):
        for match in pattern.finditer(text):
            one, two = (grammar.cardinal(int(match[name])) for name in ("one", "two"))
            minus = f"{signs[_MINUS]} " if match.groupdict().get("minus") else ""
            yield Found(*match.span(), ((*match.span(), f"{one} {signs[sign]} {minus}{two}"),))
    for match in _HASH.finditer(text):
        said = f"{signs['#']} {grammar.number(Numeral(match['number']))}"
        yield Found(*match.span(), ((*match.span(), said),))
    for match in _MATHS.finditer(text):
        said = " ".join(
            grammar.number(Numeral(part)) if part.isdigit() else signs[part]
            for part in re.findall("[0-9]+|[^0-9]", match[0])
        )
        yield Found(*match.span(), ((*match.span(), said),))
    for match in _SILENT.finditer(text):
        yield Found(*match.span(), ((*match.span(), ""),))
    yield from _alone(text, grammar)


def _alone(text: str, grammar: Grammar) -> Iterator[Found]:
    """Yield signs by themselves: between spaces, before a number, between lower-case letters."""
    for pattern in (_BETWEEN, _COMPARED, _JOINED):
        for match in pattern.finditer(text):
            start, end = match.span("sign")
            said = grammar.signs[match["sign"]]
            # A word needs its spaces, which the sign may lack.
            before = "" if start == 0 or text[start - 1].isspace() else " "
            after = "" if end == len(text) or text[end].isspace() else " "
            yield Found(start, end, ((start, end, f"{before}{said}{after}"),))
