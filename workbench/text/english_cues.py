"""English numbers whose reading the word beside them tells: Flight 747, dial 911, 10k followers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from workbench.text.edits import Found
from workbench.text.numbers import Numeral

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.text.numbers import Grammar

__all__ = ["COUNTED", "cues"]

COUNTED = re.compile(
    r"[ \u00a0](?!(?:is|was|has|as|this|its|his|does|us|various|series)\b)"
    r"(?:[a-z]+s|people|men|women|children|percent|million|feet)\b"
)
"""What is counted, so that the number before it is no name and no year: 1500 cases."""

_END = r"(?![\w%$€£])(?![.,:/-][0-9])"
_CALLED = re.compile(
    r"\b(?i:(?:dial(?:s|ed|ing)?)[ \u00a0](?P<dialled>[0-9]{3,12})"
    r"|call(?:s|ed|ing)?[ \u00a0](?P<called>911|999|112|111|101|988|411|311|211)"
    rf"|zip(?:[ \u00a0]code)?[ \u00a0](?P<zip>[0-9]{{5}})){_END}"
)
_NAMED = re.compile(
    r"\b(?i:(?P<room>room)|flight|Boeing|highway|interstate|route)[ \u00a0](?P<name>[1-9][0-9]{2})"
    + _END
)
_FOLLOWED = re.compile(
    r"(?<![\w.,:/$€£¥-])(?P<one>[0-9]{1,3}(?:\.[0-9])?)(?P<scale>[kKM])(?=[ \u00a0](?:"
    r"followers|views|viewers|subscribers|users|likes|downloads|people|readers|fans|members|"
    r"customers|visitors|dollars|euros|pounds|copies|words|students|workers|employees|jobs)\b)"
)
_TIMES = re.compile(
    r"(?<![\w.,:/$€£¥-])(?P<one>[1-9][0-9]{0,3}(?:\.[0-9])?)x(?=[ \u00a0](?:faster|slower|"
    r"more|less|better|worse|bigger|larger|smaller|higher|lower|longer|cheaper|as)\b)"
)
_PRODUCT = re.compile(
    r"(?<![\w.,:/$€£¥\u00d7-])(?<!\u00d7 )(?P<one>[0-9]{1,5})[ ]\u00d7[ ](?P<two>[0-9]{1,5})"
    r"(?![\w.,]*[0-9])(?=\s*(?:[=.,;:!?)]|$)|[ ](?:is|equals|makes)\b)"
)
_PER = re.compile(r"(?<=[0-9])/(?P<per>mo|month|yr|year|hr|hour|wk|week|day)\b(?![/-])")
_PERIODS = {"mo": "month", "yr": "year", "hr": "hour", "wk": "week"}
_MONEY = re.compile(r"[$€£][0-9][0-9.,]*[kKM]?$")


def cues(text: str, grammar: Grammar) -> Iterator[Found]:
    """Yield numbers that are read digit by digit, in pairs, or with a scale."""
    for match in _CALLED.finditer(text):
        if not COUNTED.match(text, match.end()):
            span = match.span(match.lastgroup or 0)
            yield Found(*span, ((*span, grammar.digits(text[slice(*span)])),))
    for match in _NAMED.finditer(text):
        # In the room 250 guests; but Flight 747 departs.
        if not (match["room"] and COUNTED.match(text, match.end())):
            span = match.span("name")
            yield Found(*span, ((*span, _paired(match["name"], grammar)),))
    for match in _FOLLOWED.finditer(text):
        scale = "million" if match["scale"] == "M" else "thousand"
        yield Found(*match.span(), ((*match.span(), f"{_said(match['one'], grammar)} {scale}"),))
    for match in _TIMES.finditer(text):
        yield Found(*match.span(), ((*match.span(), f"{_said(match['one'], grammar)} times"),))
    for match in _PRODUCT.finditer(text):
        one, two = (grammar.number(Numeral(match[name])) for name in ("one", "two"))
        yield Found(*match.span(), ((*match.span(), f"{one} times {two}"),))
    for match in _PER.finditer(text):
        if _MONEY.search(text[max(0, match.start() - 20) : match.start()]):
            period = _PERIODS.get(match["per"], match["per"])
            yield Found(*match.span(), ((*match.span(), f" per {period}"),))


def _said(written: str, grammar: Grammar) -> str:
    whole, _, fraction = written.partition(".")
    return grammar.number(Numeral(whole, fraction))


def _paired(name: str, grammar: Grammar) -> str:
    """Return three digits as a name: one oh one, seven forty-seven, two hundred."""
    head, tail = grammar.digits(name[0]), name[1:]
    if tail == "00":
        return grammar.cardinal(int(name))
    rest = f"oh {grammar.digits(tail[1])}" if tail[0] == "0" else grammar.cardinal(int(tail))
    return f"{head} {rest}"
