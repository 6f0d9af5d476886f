"""What the line board shows of a review: a row for each line, the joined sound, the static twin."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any

from workbench.engines.registry import engine
from workbench.errors import one_line
from workbench.voice import Preset
from workbench.widgets.controls import controls
from workbench.widgets.line_sounds import lasting
from workbench.widgets.twin import media_html

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workbench.speech.line_flags import LineFlags
    from workbench.speech.measures import Measures
    from workbench.speech.review import LineReview, Review, Version
    from workbench.take import Part
    from workbench.widgets.clip import Clip

__all__ = ["board_html", "cells", "engines", "in_front", "row", "settings", "summary", "voices"]

_SHOWN = ("rate", "loudness", "pitch")  # beside a line; the page has room for a few
_LEFT = ' style="text-align:left;vertical-align:top;white-space:pre-wrap"'


def settings(version: Version, usual: Version | None = None) -> str:
    """Return what made a take, as a line for a person: the voice, the seed, what is unlike `usual`.

    Examples
    --------
    >>> import workbench as wb
    >>> from workbench.speech.review import Version
    >>> slow = wb.speak("Yes.", "espeak:es", rate=120).parts[0].take
    >>> settings(Version(text="Yes.", take=slow))
    'espeak:es'
    >>> usual = Version(text="Yes.", take=wb.speak("Yes.", "espeak:es").parts[0].take)
    >>> settings(Version(text="Yes.", take=slow), usual)
    'espeak:es, rate 120'
    """
    take = version.take
    told = [str(take.voice)]
    if take.seed is not None:
        told.append(f"seed {take.seed}")
    if usual is not None:
        told += [
            f"{name} {value}"
            for name, value in take.options.items()
            if name in usual.take.options and usual.take.options[name] != value
        ]
    return ", ".join(told)


def row(
    name: str,
    number: int,
    line: LineReview,
    flags: LineFlags,
    *,
    clips: Sequence[str],
    fault: str = "",
) -> dict[str, Any]:
    """Return what the page shows of a line: all but its sounds and their outlines.

    Parameters
    ----------
    name
        What the page calls the line, whatever its number becomes.
    number
        The script's number of it.
    line
        Its versions, and which is in front.
    flags
        What is to be said of the version in front.
    clips
        What the page calls the sound of each version.
    fault
        What went wrong with it last.
    """
    shown, first = line.version, line.versions[0]
    return {
        "id": name,
        "number": number,
        "text": shown.text,
        "voice": str(shown.take.voice),
        "engine": shown.take.voice.engine,
        "options": dict(shown.take.options),
        "language": shown.take.language,
        "duration": shown.take.duration,
        "kept": line.kept,
        "shown": line.shown,
        "accepted": line.accepted,
        "note": line.note,
        "fault": fault,
        "flags": [{"kind": flag.kind, "text": str(flag)} for flag in flags.flags],
        "versions": [
            {
                "clip": clip,
                "text": version.text,
                "about": settings(version, first),
                "duration": version.take.duration,
            }
            for clip, version in zip(clips, line.versions, strict=True)
        ],
    }


def voices() -> list[dict[str, str]]:
    """Return what a line can be spoken with: presets, then the voices of all engines."""
    from workbench.speech.voices import voices as spoken_by

    presets = [{"name": name, "label": f"preset {name}"} for name in Preset.names()]
    return presets + [
        {
            "name": voice.name,
            "label": f"{voice.name} ({voice.label}, {voice.language})",
            "engine": voice.name.partition(":")[0],
        }
        for voice in spoken_by()
    ]


def engines() -> dict[str, dict[str, Any]]:
    """Return of every engine here whether it leaves something to chance, and its controls.

    Examples
    --------
    >>> engines()["espeak"]["seeded"], engines()["espeak"]["controls"][0]["name"]
    (False, 'rate')
    """
    from workbench.speech.voices import voices as spoken_by

    names = dict.fromkeys(voice.name.partition(":")[0] for voice in spoken_by())
    return {
        name: {
            "seeded": engine(name).capabilities.seeded,
            "controls": [control.to_dict() for control in controls(engine(name).options)],
        }
        for name in names
    }


def in_front(review: Review) -> tuple[Part, ...]:
    """Return every line with the version in front, which the narration need not have."""
    return tuple(
        replace(part, line=line.version.line(part.line.number), take=line.version.take)
        for part, line in zip(review.narration.parts, review.lines, strict=True)
    )


def cells(measures: Measures) -> list[dict[str, str]]:
    """Return the few measures that stand beside a line, each with its unit and what it means."""
    found = {field.name: field for field in measures.FIELDS}
    return [
        {
            "text": found[name].say(getattr(measures, name)),
            "help": f"{found[name].label}: {found[name].help}",
        }
        for name in _SHOWN
        if name in found and getattr(measures, name) is not None
    ]


def summary(review: Review, flags: Sequence[LineFlags]) -> str:
    """Return a line about the work: ``12 lines, 3 accepted, 1 to judge, 2 flagged``."""
    lines = len(review.lines)
    told = [f"{lines} line{'s' if lines != 1 else ''}"]
    told.append(f"{sum(line.accepted for line in review.lines)} accepted")
    if review.pending:
        told.append(f"{len(review.pending)} to judge")
    told.append(f"{sum(not line.passed for line in flags)} flagged")
    return ", ".join(told)


def board_html(review: Review, flags: Sequence[LineFlags], clip: Clip, uid: str) -> str:
    """Return the static twin: the joined sound and a table of the lines in the narration.

    Examples
    --------
    >>> import workbench as wb
    >>> from workbench.speech.flagged import flagged
    >>> from workbench.speech.review import Review
    >>> from workbench.widgets.line_sounds import joined_clip
    >>> spoken = wb.speak("1 < 2.")
    >>> page = board_html(Review.of(spoken), flagged(spoken), joined_clip(spoken), "c0ffee")
    >>> "1 &lt; 2." in page, "<audio" in page, page.count("<tr>")
    (True, True, 2)
    """
    heads = ("", "text", "voice", "length", "", "flags", "note")
    head = "".join(f"<th{_LEFT}>{escape(name)}</th>" for name in heads)
    body = "".join(
        "<tr>" + "".join(f"<td{_LEFT}>{escape(cell)}</td>" for cell in _told(part, line, found))
        + "</tr>"
        for part, line, found in zip(review.narration.parts, review.lines, flags, strict=True)
    )  # fmt: skip
    return (
        f'<div class="wb-twin wb-{escape(uid)}">{media_html(clip)}'
        f"<p><small>{escape(f'{summary(review, flags)} · {clip.about}')}</small></p>"
        f"<table><tr>{head}</tr>{body}</table></div>"
    )


def _told(part: Part, line: LineReview, found: LineFlags) -> tuple[str, ...]:
    state: Mapping[bool, str] = {True: "accepted", False: ""}
    return (
        str(part.line.number),
        one_line(part.take.text, limit=400),
        str(part.take.voice),
        lasting(part.take.duration),
        "to judge" if line.pending else state[line.accepted],
        "\n".join(one_line(str(flag), limit=300) for flag in found.flags),
        one_line(line.note, limit=300),
    )
