"""Times of day."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from workbench.text.counting import joined
from workbench.text.edits import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.text.numbers import Grammar

__all__ = ["times"]

_TIME = re.compile(
    r"(?:(?<![\w.,:/-])|(?<=:[0-9]{2}[-\u2013]))(?P<hour>[01]?[0-9]|2[0-4]):(?P<minute>[0-5][0-9])(?::(?P<second>[0-5][0-9]))?"
    r"(?:(?P<gap>[ \u00a0]?)(?P<half>[AaPp]\.?[ \u00a0]?[Mm]\b\.?|h(?:rs?)?\b\.?))?"
    r"(?![\w:%])(?![.,/][0-9])(?!-[0-9]+(?![0-9:]))"
)
_DASH = re.compile(r"(?<=[0-9]:[0-9]{2})[ ]?[-\u2013][ ]?(?=[0-9]{1,2}:[0-9]{2}(?![0-9:]))")
_HOUR = re.compile(
    r"(?<![\w.,:/$€£-])(?P<hour>0?[1-9]|1[0-2])(?P<gap>[ \u00a0]?)(?P<half>[AaPp](?:\.[ \u00a0]?[Mm]\.|[Mm]\b))(?!\w)"  # noqa: E501
)


def times(text: str, grammar: Grammar) -> Iterator[Found]:
    """Yield times of day: ``10:30``, ``10:30 pm``, ``22:05 h``, ``9am``."""
    for match in _TIME.finditer(text):
        hour, minute = int(match["hour"]), int(match["minute"])
        second = int(match["second"]) if match["second"] else None
        half = match["half"] or ""
        clock = _spanish_clock if grammar.primary == "es" else _english_clock
        spoken = clock(hour, minute, second, half, grammar)
        yield _timed(match, text, spoken, half, grammar)
    for match in _DASH.finditer(text):
        to = " a " if grammar.primary == "es" else " to "
        yield Found(*match.span(), ((*match.span(), to),))
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
        start, end, joined(text, [(start, number, spoken), (match.start("half"), end, said)])
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
