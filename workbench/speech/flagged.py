"""Which lines of a narration to listen to again, and why: every flag with its figure and limit."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple
from weakref import ref

from workbench.engines.registry import engine
from workbench.errors import Cancelled, ModelError, ParameterError
from workbench.speech.bounds import is_number
from workbench.speech.ears import Ears, ears
from workbench.speech.fuse import FLAGS, check, expected
from workbench.speech.fuse_sound import Sound
from workbench.speech.line_flags import KINDS, Flag, LineFlags
from workbench.speech.roundtrip import LIMIT, judge
from workbench.take import Narration

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable

    from workbench.progress import Report
    from workbench.take import Part, Take

__all__ = ["flagged"]

# Of the time of the other lines. Of 30 sentences that espeak reads, all of more than two seconds
# have 0.86 to 1.1, only one full of addresses 1.6; words that stand alone are allowed their time.
_QUICK, _SLOW = 0.7, 1.4
_APART = 0.4  # seconds, as the fuse allows a single word
_PEERS = 4  # other lines, so that their middle means anything
_LOUDER = 6.0  # dB; those sentences lie within 2.4
# The fuse's own limits, to be shown beside its figures.
_OF_FUSE = {"short": 0.6, "long": 1.6, "repeated": 0.8, "clipped": 0.2}
_HUSH, _GAP = -50.0, 4.0  # dB below full scale, seconds
_STARTS, _ENDS = 2.0, -6.0  # dB about the loud level


class _Figures(NamedTuple):
    """What is measured in one take, whatever stands around it."""

    faults: tuple[str, ...]
    spoken: float  # seconds
    usual: float  # seconds for the text at this pace
    sound: Mapping[str, float]
    heard: dict[str, tuple[float | None, str]]  # by who listened


# A board asks again after each change, and a take never changes: by its identity, since to hash the
# sound of 300 lines takes longer than all the rest.
_known: dict[int, tuple[ref[Take], _Figures]] = {}


def flagged(
    narration: Narration | Iterable[Part],
    *,
    listener: str | Ears | None = None,
    limit: float = LIMIT,
    progress: Report | None = None,
    cancel: threading.Event | None = None,
) -> tuple[LineFlags, ...]:
    r"""Return for every line what makes it worth a second hearing.

    The fuse looks at each sound (`workbench.speech.fuse`: too short or long for its text, silent,
    noise, clipped, cut …). A line's neighbours by the same voice with the same options tell whether
    it is much slower or quicker for its text, and all lines whether it is louder or quieter. What
    the engine warned of counts too, unless it says so of every line.

    Parameters
    ----------
    narration
        What was spoken, or some of its parts.
    listener
        Who listens to lines that nobody has listened to: ``stt``, ``stt:MODEL``, see
        `workbench.speech.ears`; None for nobody. What a verified take says about its hearing
        counts in either case.
    limit
        The part of the letters that may be heard differently, 0 to 1.
    progress
        Called with the part that is done, 0 to 1.
    cancel
        Set it from another thread to stop between two lines.

    Returns
    -------
    tuple of LineFlags
        One for every line, in order.

    Raises
    ------
    ParameterError
        When the limit is out of range.
    ModelError
        When the recogniser cannot work.
    Cancelled
        When `cancel` was set.

    Examples
    --------
    >>> import workbench as wb
    >>> from workbench.speech.joining import replace_take
    >>> narration = wb.speak("It begins.\nThen this happens.\nIt ends.")
    >>> [line.passed for line in flagged(narration)]
    [True, True, True]
    >>> from dataclasses import replace
    >>> take = narration.parts[1].take
    >>> broken = replace(take, audio=wb.Audio.silence(1, 22_050), words=())
    >>> print(*flagged(replace_take(narration, 2, broken))[1].flags)
    silent: nothing can be heard, or nothing for 4 s and more (-100 dB, the limit is -50 dB)
    """
    if isinstance(limit, bool) or not 0 <= limit <= 1:
        raise ParameterError(f"must be 0 to 1, not {limit!r}", subject="limit")
    parts = narration.parts if isinstance(narration, Narration) else tuple(narration)
    hearing = ears(listener) if isinstance(listener, str) else listener
    found: list[_Figures] = []
    heard: list[tuple[float | None, str]] = []
    for count, part in enumerate(parts, start=1):
        if cancel is not None and cancel.is_set():
            raise Cancelled(f"stopped after {count - 1} of {len(parts)} lines", subject="flags")
        found.append(_figures(part.take))
        heard.append(_hearing(part.take, hearing, cancel))
        if progress is not None:
            progress(count / len(parts))
    common = _said_by_all(parts)
    levels, paces = _neighbours(parts, found)
    rows = []
    for place, part in enumerate(parts):
        figures, (cer, words) = found[place], heard[place]
        told = {flag.kind: flag for flag in _of_sound(figures)}
        others = paces.get(_manner(part.take), [])
        told |= {flag.kind: flag for flag in _of_neighbours(figures, levels, others)}
        if cer is not None and cer > limit:
            told["unlike"] = _unlike(cer, limit, words)
        warnings = [w for w in part.take.warnings if w not in common and not _doubtful(w)]
        flags = [told[kind] for kind in KINDS if kind in told]
        flags += [Flag(kind="warning", text=warning) for warning in warnings]
        rows.append(
            LineFlags(
                number=part.line.number, text=part.take.text, flags=tuple(flags),
                pace=figures.spoken / figures.usual if figures.usual else 1.0,
                level=figures.sound["level"], cer=cer, heard=words,
            )
        )  # fmt: skip
    return tuple(rows)


# -- one take -----------------------------------------------------------------------------------


def _figures(take: Take) -> _Figures:
    known = _known.get(id(take))
    if known is not None and known[0]() is take:
        return known[1]
    pace = _pace(take)
    faults = set(take.flags) - {"unlike"}
    if pace is not None:
        faults |= set(check(take, pace=pace))
    sound = Sound(take.audio.mono().samples[:, 0], take.audio.rate)
    measured = {"level": sound.loud, "pause": sound.longest_pause}
    if "repeated" in faults:
        measured["repeated"] = sound.repetition
    if "clipped" in faults:
        measured["clipped"] = 100 * sound.clipped
    if "cut" in faults:
        measured["first"], measured["last"] = sound.edges
    figures = _Figures(
        faults=tuple(flag for flag in FLAGS if flag in faults),
        spoken=sound.spoken,
        usual=expected(take.spoken or take.text, take.language) / (pace or 1.0),
        sound=MappingProxyType(measured),
        heard={},
    )
    key = id(take)
    _known[key] = ref(take, lambda gone: _forget(key, gone)), figures
    return figures


def _forget(key: int, gone: ref[Take]) -> None:
    known = _known.get(key)
    if known is not None and known[0] is gone:  # the number may be that of another one by now
        del _known[key]


def _pace(take: Take) -> float | None:
    """Return how fast the engine was told to speak; None where its options say nothing here."""
    try:
        return engine(take.voice.engine).options.build(take.options).tempo
    except (ModelError, ParameterError):  # not installed, or of another version
        return None


def _of_sound(figures: _Figures) -> list[Flag]:
    found = []
    for kind in figures.faults:
        figure, limit, unit = _figure(kind, figures)
        found.append(Flag(kind=kind, text=KINDS[kind], figure=figure, limit=limit, unit=unit))
    return found


def _figure(kind: str, figures: _Figures) -> tuple[float | None, float | None, str]:
    """Return what a flag of the fuse was given for, its limit and their unit."""
    sound = figures.sound
    if kind in {"short", "long"} and figures.usual:
        return figures.spoken / figures.usual, _OF_FUSE[kind], " times"
    if kind == "silent":
        gap = sound["pause"] >= _GAP and sound["level"] >= _HUSH
        return (sound["pause"], _GAP, " s") if gap else (sound["level"], _HUSH, " dB")
    if kind == "cut":
        begins = sound["first"] > _STARTS
        return (sound["first"], _STARTS, " dB") if begins else (sound["last"], _ENDS, " dB")
    if kind in sound:
        return sound[kind], _OF_FUSE[kind], " %" if kind == "clipped" else ""
    return None, None, ""


def _hearing(
    take: Take, hearing: Ears | None, cancel: threading.Event | None
) -> tuple[float | None, str]:
    """Return how unlike its text a take was heard, and what was heard."""
    record = take.about.get("verify")
    if isinstance(record, Mapping) and is_number(record.get("cer"), 0, math.inf):
        return float(record["cer"]), str(record.get("heard", ""))
    if hearing is None:
        return None, ""
    known = _figures(take).heard
    if hearing.key not in known:
        verdict = judge(take, transcriber=hearing, options=hearing.options, cancel=cancel)
        known[hearing.key] = verdict.cer, verdict.heard
    return known[hearing.key]


def _unlike(cer: float, limit: float, heard: str) -> Flag:
    said = f"a recogniser heard {heard[:200]!r}" if heard else "a recogniser heard nothing of it"
    return Flag(kind="unlike", text=said, figure=100 * cer, limit=100 * limit, unit=" %")


# -- a line among others ------------------------------------------------------------------------


def _manner(take: Take) -> tuple[object, ...]:
    """Return who speaks and how: lines of one manner keep one pace."""
    return (take.voice, frozenset(take.options.items()))


def _neighbours(
    parts: tuple[Part, ...], found: list[_Figures]
) -> tuple[list[float], dict[tuple[object, ...], list[float]]]:
    """Return the levels of all lines that can be heard, and their paces by manner, in order."""
    levels: list[float] = []
    paces: defaultdict[tuple[object, ...], list[float]] = defaultdict(list)
    for part, figures in zip(parts, found, strict=True):
        if "silent" in figures.faults:
            continue
        levels.append(figures.sound["level"])
        if figures.usual:
            paces[_manner(part.take)].append(figures.spoken / figures.usual)
    return sorted(levels), {manner: sorted(all_) for manner, all_ in paces.items()}


def _middle_of_others(ordered: list[float], own: float) -> float:
    """Return the median of numbers in order without one of them: of 1,000 lines, for each."""
    place = bisect_left(ordered, own)
    last = len(ordered) - 2
    low, high = (n if n < place else n + 1 for n in (last // 2, (last + 1) // 2))
    return (ordered[low] + ordered[high]) / 2


def _of_neighbours(here: _Figures, levels: list[float], paces: list[float]) -> list[Flag]:
    flags: list[Flag] = []
    if "silent" in here.faults:
        return flags
    level = here.sound["level"]
    if len(levels) > _PEERS and "empty" not in here.faults:
        away = level - _middle_of_others(levels, level)
        if abs(away) > _LOUDER:
            kind, limit = ("loud", _LOUDER) if away > 0 else ("quiet", -_LOUDER)
            flags.append(Flag(kind=kind, text=KINDS[kind], figure=away, limit=limit, unit=" dB"))
    if len(paces) <= _PEERS or not here.usual or {"short", "long"} & set(here.faults):
        return flags
    usual = here.usual * _middle_of_others(paces, here.spoken / here.usual)
    if usual and abs(here.spoken - usual) > _APART:
        times = here.spoken / usual
        if times > _SLOW or times < _QUICK:
            kind, limit = ("slow", _SLOW) if times > 1 else ("quick", _QUICK)
            flags.append(
                Flag(kind=kind, text=KINDS[kind], figure=times, limit=limit, unit=" times")
            )
    return flags


def _said_by_all(parts: tuple[Part, ...]) -> set[str]:
    """Return the warnings that every line carries: they say nothing of any one."""
    if len(parts) == 1:
        return set()
    return set.intersection(*(set(part.take.warnings) for part in parts)) if parts else set()


def _doubtful(warning: str) -> bool:
    """Whether a warning only repeats what the flags of a take say."""
    return warning.startswith("doubtful: ")
