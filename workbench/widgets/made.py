"""What there is to play of files, and of what the toolbox returns: as the fields of a `Clip`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.audio import Audio
from workbench.errors import MediaError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["MADE", "counted", "found_for", "of_file", "short"]

_LONG_LINE = 60
_AT_ONCE = 120.0  # seconds: a longer recording is not read while its cell waits
_CHAPTERS = 50  # that are listed


def short(text: str) -> str:
    """Return a text on one line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= _LONG_LINE else f"{line[: _LONG_LINE - 1]}…"


def counted(number: int, noun: str) -> str:
    """Return a number of things.

    Examples
    --------
    >>> counted(1, "word"), counted(2, "word")
    ('1 word', '2 words')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def of_file(path: Path) -> dict[str, Any]:
    """Return what there is to play in a file.

    Raises
    ------
    MediaNotFound, MediaError
        When there is no such file, or it is none that plays.
    """
    from workbench.media.probe import probe

    info = probe(path)
    if info.kind not in {"audio", "video"}:
        raise MediaError(f"is a picture ({info.format}): it does not play", subject=str(path))
    audio = _sound(path, info.duration) if info.kind == "audio" else None
    duration = audio.duration if audio else info.duration or 0.0
    size = (info.video.width, info.video.height) if info.kind == "video" and info.video else (0, 0)
    facts = [f"{duration:.1f} s", *([f"{size[0]}x{size[1]}"] if info.kind == "video" else [])]
    return {
        "kind": info.kind,
        "duration": duration,
        "text": path.name,
        "about": ", ".join([path.name, *facts]),
        "path": path,
        "size": size,
        "fps": (info.video.fps or 0.0) if info.video else 0.0,
        "silent": info.audio is None,
        "audio": audio,
    }


def _sound(path: Path, duration: float | None) -> Audio | None:
    """Return the sound of a short file; None where that is too much work for now."""
    if duration is None or duration > _AT_ONCE:
        return None
    try:
        return Audio.read(path)
    except MediaError:  # such as M4A: browsers play it, libsndfile cannot read it
        pass
    from workbench.media.recording import read_sound

    try:
        return read_sound(path)
    except MediaError:
        return None


def found_for(value: object) -> dict[str, Any] | None:
    """Return what there is to play of what a tool returned; None for any other value.

    Raises
    ------
    MediaNotFound, MediaError
        When its file is gone or damaged.
    """
    told = MADE.get((type(value).__module__, type(value).__qualname__))
    return None if told is None else told(value)


def _file(value: Any, *facts: str, notes: tuple[str, ...] = ()) -> dict[str, Any]:
    found = of_file(value.path)
    size = [f"{found['size'][0]}x{found['size'][1]}"] if found["kind"] == "video" else []
    about = ", ".join([f"{value.duration:.1f} s", *size, *filter(None, facts)])
    return {**found, "about": about, "notes": notes}


def _merged(value: Any) -> dict[str, Any]:
    how = "copied" if value.copied else f"encoded: {value.reason}"
    return _file(value, f"{value.fps:g} fps", counted(len(value.starts), "clip"), how)


def _trimmed(value: Any) -> dict[str, Any]:
    how = "copied" if value.copied else "encoded"
    return _file(value, f"cut at {value.start:.3f} and {value.end:.3f} s", how)


def _extracted(value: Any) -> dict[str, Any]:
    how = "copied" if value.copied else "encoded"
    return _file(value, f"{value.rate} Hz", value.codec, how)


def _book(value: Any) -> dict[str, Any]:
    listed = [f"{_clock(one.start)} {short(one.title)}" for one in value.chapters[:_CHAPTERS]]
    if len(value.chapters) > _CHAPTERS:
        listed.append(f"and {len(value.chapters) - _CHAPTERS} more chapters")
    chapters = counted(len(value.chapters), "chapter") if value.chapters else ""
    return _file(value, chapters, str(value.loudness), notes=(*listed, *value.warnings))


def _clock(seconds: float) -> str:
    whole = int(seconds)
    hours = f"{whole // 3600}:" if whole >= 3600 else ""  # noqa: PLR2004 - seconds of an hour
    return f"{hours}{whole // 60 % 60:02d}:{whole % 60:02d}"


def _level(value: Any, *facts: str) -> dict[str, Any]:
    audio: Audio = value.audio
    told = [f"{audio.duration:.1f} s", f"{value.after} (was {value.before})", *facts]
    if value.limited:
        told.append(f"limited by {value.limited:.1f} dB")
    return {
        "kind": "audio",
        "duration": audio.duration,
        "text": "Sound",
        "about": ", ".join(told),
        "audio": audio,
        "notes": tuple(value.warnings),
    }


def _mixed(value: Any) -> dict[str, Any]:
    names = ", ".join(map(short, list(value.stems)[:10]))
    return {**_level(value, f"of {names}"), "text": "Mix"}


MADE: dict[tuple[str, str], Callable[[Any], dict[str, Any]]] = {
    ("workbench.media.audiobook", "Audiobook"): _book,
    ("workbench.media.extract_sound", "ExtractedSound"): _extracted,
    ("workbench.media.loudness", "Normalized"): _level,
    ("workbench.media.merging", "Merged"): _merged,
    ("workbench.media.mix", "Mixed"): _mixed,
    ("workbench.media.moving_waveform", "WaveformVideo"): _file,
    ("workbench.media.trimming", "Trimmed"): _trimmed,
}
"""The tools' values by module and name, so that showing one imports none of the others."""
