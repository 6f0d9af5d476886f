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

# 9am-5pm, 9:30 am - 5:45 pm, 6-7pm: the second time has its half of the day, the first may.
_HALF = r"[AaPp](?:\.[ \u00a0]?[Mm]\.|[Mm]\b)"
_SPAN = re.compile(
    r"(?<![\w.,:/$€£-])(?P<hour>0?[1-9]|1[0-2])(?::(?P<minute>[0-5][0-9]))?(?P<gap>[ \u00a0]?)"
    rf"(?P<half>{_HALF})?(?P<dash>[ \u00a0]?[-\u2013][ \u00a0]?)"
    r"(?P<hour2>0?[1-9]|1[0-2])(?::(?P<minute2>[0-5][0-9]))?(?P<gap2>[ \u00a0]?)"
    rf"(?P<half2>{_HALF})(?![\w-])"
)
# A las 9.30, de 9.30 a 14.00 h, 20.30 h; what follows may show that it is a number after all.
_POINT = r"(?P<hour>[01]?[0-9]|2[0-4])\.(?P<minute>[0-5][0-9])(?![0-9%€$]|[.,:/-][0-9])"
_ENDS = r"$|[^\w\s%€$]|(?:h|a|y|de|del|hasta|en|horas|se|con|para)\b|[ap]\.?[ ]?m\b"
_POINTED = re.compile(
    r"\b(?:(?:[Dd]e|[Ee]ntre|y)[ \u00a0]las|(?:[Aa]|[Dd]esde|[Hh]asta|[Ss]obre|[Hh]acia)[ \u00a0]"
    rf"(?:las|la(?=[ \u00a0]0?1\.)))[ \u00a0]{_POINT}(?!\w)(?=[ \u00a0]*(?:{_ENDS}))",
    re.MULTILINE,
)
_POINTED_HOURS = re.compile(rf"(?<![\w.,:/$€£-]){_POINT}[ \u00a0]?(?:h|hrs|horas)\b")
_POINTED_FROM = re.compile(
    rf"\b[Dd]e[ \u00a0]{_POINT}"
    r"(?=[ \u00a0]a[ \u00a0](?:[01]?[0-9]|2[0-4])\.[0-5][0-9][ \u00a0]?(?:h|hrs|horas)\b)"
)
_DAYPART = (
    r"(?:de[ \u00a0]la[ \u00a0](?:tarde|mañana|madrugada|noche)|del[ \u00a0]mediodía"
    r"|en[ \u00a0]punto|y[ \u00a0](?:media|cuarto))\b"
)
_AT_ONE = re.compile(
    rf"\b[Ll]a[ \u00a0](?P<one>1)(?=[ \u00a0]{_DAYPART})"
    r"|\b(?:[Aa]|[Hh]asta|[Ss]obre|[Hh]acia)[ \u00a0]la[ \u00a0](?P<alone>1)"
    r"(?=[.,;!?)]?(?:\s*$|[.,;!?)]\s))",
    re.MULTILINE,
)


def times(text: str, grammar: Grammar) -> Iterator[Found]:
    """Yield times of day: ``10:30``, ``10:30 pm``, ``22:05 h``, ``9am``, ``9am-5pm``."""
    for match in _SPAN.finditer(text):
        if match["half"] or not (match["minute"] and match["minute2"]):  # 3:15-4:30 pm is below
            yield _from_to(match, text, grammar)
    if grammar.primary == "es":
        yield from _pointed(text, grammar)
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


def _from_to(match: re.Match[str], text: str, grammar: Grammar) -> Found:
    """Return two times of day with ``to`` between them: what has no half of the day is bare."""
    clock = _spanish_clock if grammar.primary == "es" else _english_clock
    start, end = match.span()
    said = []
    for tail in ("", "2"):
        half = match[f"half{tail}"] or ""
        minute = int(match[f"minute{tail}"] or 0)
        time = clock(int(match[f"hour{tail}"]), minute, None, half or "a", grammar)
        if half:
            time += f" {half[0].lower()}.{' ' if grammar.primary == 'es' else ''}m."
        said.append(time)
    spoken = f" {'a' if grammar.primary == 'es' else 'to'} ".join(said)
    if "." not in match["half2"] and text[end : end + 1] == ".":
        spoken = spoken[:-1]  # the full stop that follows is both
    return Found(start, end, ((start, end, spoken),))


def _pointed(text: str, grammar: Grammar) -> Iterator[Found]:
    """Yield the Spanish times with a point, and the one that is an hour: a la 1 de la tarde."""
    found = []
    if grammar.decimal == ",":  # elsewhere 1.50 h is an hour and a half
        found += [(match, "h") for match in _POINTED_HOURS.finditer(text)]
    found += [(match, "") for match in _POINTED.finditer(text)]
    found += [(match, "") for match in _POINTED_FROM.finditer(text)]
    for match, half in found:
        start = match.start("hour")
        end = match.end() if half else match.end("minute")
        spoken = _spanish_clock(int(match["hour"]), int(match["minute"]), None, half, grammar)
        yield Found(start, end, ((start, end, spoken),))
    for match in _AT_ONE.finditer(text):
        span = match.span("one" if match["one"] else "alone")
        yield Found(*span, ((*span, grammar.cardinal(1, feminine=True)),))


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
