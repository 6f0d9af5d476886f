"""A narration as a sound file at a loudness, with its captions and its receipt beside it."""

from __future__ import annotations

import warnings as alarms
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import ffmpeg

from workbench.captions.cues import caption
from workbench.errors import ParameterError, WorkbenchWarning, one_line, suggest
from workbench.media.limits import DEFAULT_LIMITS
from workbench.media.loudness import CODED_PEAK, TRUE_PEAK, normalize
from workbench.media.master import target_level
from workbench.media.outputs import receipt, sealed, target, writing
from workbench.media.soundfiles import SOUNDS, encode_sound
from workbench.media.verdict import judge
from workbench.storage.atomic import workspace
from workbench.take import Narration

if TYPE_CHECKING:
    import os
    import threading
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from workbench.audio import Audio
    from workbench.captions.cues import Cues
    from workbench.media.meter import Loudness

__all__ = ["CAPTIONS", "SpokenFile", "check_captions", "check_speech_file", "write_speech"]

CAPTIONS = ("srt", "vtt", "ass", "ttml")
"""The kinds of caption files."""

_DIRECT = frozenset({".wav", ".flac", ".mp3", ".ogg"})  # written without ffmpeg
_CODED = frozenset({".mp3", ".ogg", ".m4a", ".opus"})
_PLAIN = "sound.wav"


@dataclass(frozen=True, kw_only=True)
class SpokenFile:
    """A narration in a file.

    Parameters
    ----------
    path
        The sound.
    audio
        What is in it, before it was encoded.
    loudness
        Of that, measured; None where it was left as it was.
    cues
        Its captions.
    captions
        Their files.
    receipt
        The JSON beside it.
    warnings
        What a listener should know.
    """

    path: Path
    audio: Audio
    loudness: Loudness | None
    cues: Cues
    captions: tuple[Path, ...]
    receipt: Path
    warnings: tuple[str, ...] = field(default=())

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.audio.duration

    def _repr_html_(self) -> str:
        from html import escape

        files = [self.path, *self.captions, self.receipt]
        rows = "".join(
            f'<tr><td style="text-align:left">{escape(file.name)}</td>'
            f"<td>{file.stat().st_size / 1024:,.0f} KB</td></tr>"
            for file in files
            if file.is_file()
        )
        level = f", {self.loudness}" if self.loudness is not None else ""
        notes = "".join(f"<li>{escape(one_line(note))}</li>" for note in self.warnings)
        return (
            f"<p>{self.duration:.2f} s{escape(level)}</p><table>{rows}</table>"
            f"{f'<ul>{notes}</ul>' if notes else ''}"
        )


def write_speech(
    narration: Narration,
    path: str | os.PathLike[str],
    *,
    loudness: str | float | None = None,
    captions: Sequence[str] = ("srt", "vtt"),
    cues: Cues | None = None,
    progress: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
) -> SpokenFile:
    """Write a narration as a sound file, its captions and its receipt.

    Parameters
    ----------
    narration
        What was spoken.
    path
        .wav, .flac, .mp3, .ogg, .m4a or .opus.
    loudness
        A name of `workbench.media.loudness.TARGETS`, LUFS, or None to leave it as it is.
    captions
        Some of `CAPTIONS`: the files lie beside the sound, under its name.
    cues
        The captions; by default those of the narration.
    progress
        Called with the part that is done, 0 to 1. Without it, a bar is shown.
    cancel
        Set it from another thread to stop.

    Raises
    ------
    ParameterError
        When a value cannot be; before any work starts.
    StorageError, Cancelled
        When the disk refuses, or on request. Nothing half-written stays.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import workbench as wb
    >>> with TemporaryDirectory() as folder:
    ...     made = write_speech(wb.speak("Hello."), f"{folder}/a.flac", progress=lambda done: None)
    ...     [file.name for file in made.captions], made.path.exists()
    (['a.srt', 'a.vtt'], True)
    """
    if not isinstance(narration, Narration):
        raise ParameterError(
            f"must be a Narration, not {type(narration).__name__}", subject="narration"
        )
    file, level, kinds = check_speech_file(path, loudness=loudness, captions=captions)
    suffix = file.suffix.lower()
    shown = caption(narration) if cues is None else cues
    with workspace() as folder, writing(file, "speech", progress) as (part, report):
        audio, after = narration.audio, None
        notes: tuple[str, ...] = ()
        how: dict[str, Any] = {}
        if level is not None:
            peak = CODED_PEAK if suffix in _CODED else TRUE_PEAK
            made = normalize(
                audio, level, true_peak=peak, progress=lambda done: report(done / 2), cancel=cancel
            )
            audio, after, notes, how = made.audio, made.after, made.warnings, made.to_dict()
        if suffix in _DIRECT:
            part.write_bytes(audio.encode(suffix))
        else:
            audio.write(folder / _PLAIN)
            kind = SOUNDS[suffix]
            encode_sound(
                ffmpeg.input(_PLAIN, format="wav")["a:0"], part, kind.container, kind.options,
                subject=file, seconds=audio.duration, folder=folder,
                report=lambda done: report(0.5 + done / 2), cancel=cancel, limits=DEFAULT_LIMITS,
            )  # fmt: skip
        judge(part, seconds=audio.duration, sound=True)
        seal = sealed(part)
    written = [shown.write(file.with_suffix(f".{kind}")) for kind in kinds]
    settings: dict[str, Any] = {
        "narration": narration.describe(),
        "loudness": {"target": level, **how},
        "captions": [one.name for one in written],
        "warnings": [*narration.warnings, *notes],
    }
    told = receipt(file, "write_speech", [], settings, seal=seal)
    for note in notes:
        alarms.warn(note, WorkbenchWarning, stacklevel=2)
    return SpokenFile(
        path=file,
        audio=audio,
        loudness=after,
        cues=shown,
        captions=tuple(written),
        receipt=told,
        warnings=(*narration.warnings, *notes),
    )


def check_speech_file(
    path: str | os.PathLike[str],
    *,
    loudness: str | float | None = None,
    captions: Sequence[str] = (),
) -> tuple[Path, float | None, tuple[str, ...]]:
    """Return the file, the level and the kinds of captions, before anything is spoken.

    Raises
    ------
    ParameterError
        When one of them cannot be.
    """
    kinds = check_captions(captions)
    return target(path, tuple(SOUNDS)), None if loudness is None else target_level(loudness), kinds


def check_captions(kinds: Sequence[str]) -> tuple[str, ...]:
    """Return kinds of caption files, each once.

    Raises
    ------
    ParameterError
        When one is not of `CAPTIONS`.

    Examples
    --------
    >>> check_captions(["srt", ".vtt", "srt"])
    ('srt', 'vtt')
    """
    asked = (kinds,) if isinstance(kinds, str) else tuple(kinds)
    found = tuple(dict.fromkeys(str(kind).lower().removeprefix(".") for kind in asked))
    for kind in found:
        if kind not in CAPTIONS:
            cure = suggest(kind, CAPTIONS) or f"the kinds are {', '.join(CAPTIONS)}"
            raise ParameterError("is no kind of captions", subject=kind, cure=cure)
    return found
