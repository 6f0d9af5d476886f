"""The work on a narration as a file: what is in it, what is refused, and the sounds beside it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from workbench.audio import Audio
from workbench.disk import storage_error
from workbench.errors import MediaError, ParameterError, shown
from workbench.paths import user_path
from workbench.speech.bounds import is_number, is_whole
from workbench.speech.json_file import (
    keep_sound,
    named,
    read_json,
    sounds_folder,
    understanding,
    write_json,
)
from workbench.take import Narration, Part, Take

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from workbench.speech.review import LineReview, Review

__all__ = ["FORMAT", "VERSION", "load", "save", "understood", "written"]

FORMAT = "workbench review"
VERSION = 1
"""Of the file. A later one is refused; what is added to this one must not change its meaning."""

_LARGEST = 200_000_000  # bytes of a file
_LONGEST = 14_400.0  # seconds of a narration, as of a sound
_DIGEST = re.compile(r"[0-9a-f]{64}")
_SUBJECT = "review"


def written(review: Review, take: Callable[[Take], dict[str, Any]]) -> dict[str, Any]:
    """Return a review as plain values.

    Parameters
    ----------
    review
        The work.
    take
        Returns a take as plain values.
    """
    rows = []
    for part, line in zip(review.narration.parts, review.lines, strict=True):
        versions = [{"text": v.text, "voice": v.voice, "take": take(v.take)} for v in line.versions]
        rows.append(
            {
                "number": part.line.number,
                "start": part.start,
                "versions": versions,
                "kept": line.kept,
                "shown": line.shown,
                "accepted": line.accepted,
                "note": line.note,
            }
        )
    duration = review.narration.duration
    return {"format": FORMAT, "version": VERSION, "duration": duration, "lines": rows}


def understood(data: Mapping[str, Any], take: Callable[[dict[str, Any]], Take]) -> Review:
    """Return the review of plain values, which may be anything.

    Parameters
    ----------
    data
        What `written` returned.
    take
        Returns the take of plain values.

    Raises
    ------
    ParameterError
        When they describe no review, or one of a later version.
    """
    from workbench.speech.review import Review

    with understanding(_SUBJECT):
        if data["format"] != FORMAT:
            raise ParameterError("is no review", subject=_SUBJECT)
        if data["version"] != VERSION:
            raise ParameterError(
                f"is of version {shown(data['version'])}, and {VERSION} is understood",
                subject=_SUBJECT,
                cure="use the version of the package that wrote it, or a later one",
            )
        lines = tuple(_line(row, take) for row in data["lines"])
        parts = tuple(_part(row, line) for row, line in zip(data["lines"], lines, strict=True))
        duration = data["duration"]
        if not is_number(duration, 0, _LONGEST):
            raise ParameterError(f"cannot be {shown(duration)}", subject="duration")
        return Review(narration=Narration(parts=parts, duration=duration), lines=lines)


def _line(row: Mapping[str, Any], take: Callable[[dict[str, Any]], Take]) -> LineReview:
    from workbench.speech.review import LineReview, Version

    versions = []
    for version in row["versions"]:
        text, voice = version["text"], version["voice"]
        if not isinstance(text, str) or not isinstance(voice, str | None):
            raise ParameterError("has a line without a text", subject=_SUBJECT)
        spoken = take(version["take"])
        texts = (spoken.text, spoken.spoken, spoken.language, *spoken.warnings, *spoken.flags)
        if not all(isinstance(text, str) for text in texts):
            raise ParameterError("has a take without a text", subject=_SUBJECT)
        versions.append(Version(text=text, voice=voice, take=spoken))
    return LineReview(
        versions=tuple(versions),
        kept=row["kept"],
        shown=row["shown"],
        accepted=row["accepted"],
        note=row["note"],
    )


def _part(row: Mapping[str, Any], line: LineReview) -> Part:
    number, start = row["number"], row["start"]
    if not is_whole(number, -(2**31), 2**31) or not is_number(start, 0, _LONGEST):
        raise ParameterError("has a line without a place", subject=_SUBJECT)
    kept = line.versions[line.kept]
    return Part(line=kept.line(number), take=kept.take, start=start)


# -- on disk --------------------------------------------------------------------------------------


def save(review: Review, path: str | os.PathLike[str]) -> Path:
    """Write a review and its sounds; see `workbench.speech.review.Review.save`."""
    file = user_path(path)
    folder = sounds_folder(file)

    def keep(take: Take) -> dict[str, Any]:
        return {**take.describe(), "sound": keep_sound(folder, take.audio)}

    try:
        write_json(file, written(review, keep))
    except OSError as error:
        raise storage_error(error, file) from error
    return file


def load(path: str | os.PathLike[str]) -> Review:
    """Return the review of a file; see `workbench.speech.review.Review.load`."""
    file, data = read_json(path, _SUBJECT, _LARGEST)
    folder = sounds_folder(file)
    sounds: dict[str, Audio] = {}

    def restore(row: dict[str, Any]) -> Take:
        digest = row["sound"]
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            raise ParameterError(f"cannot be {shown(digest)}", subject="sound")
        if digest not in sounds:
            sounds[digest] = _sound(folder / f"{digest}.wav", digest)
        return Take.from_dict(row, audio=sounds[digest])

    with named(file, _SUBJECT):
        return understood(data, restore)


def _sound(file: Path, digest: str) -> Audio:
    try:
        audio = Audio.read(file)
    except MediaError as error:
        raise ParameterError(
            f"lacks the sound {file.parent.name}/{file.name} ({error.problem})",
            subject=_SUBJECT,
            cure="keep the folder of sounds beside the file",
        ) from error
    if audio.digest() != digest:
        raise ParameterError(
            f"has another sound in {file.parent.name}/{file.name} than was saved", subject=_SUBJECT
        )
    return audio
