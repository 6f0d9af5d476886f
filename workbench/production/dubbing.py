"""A dub as files: captions in, a sound or a video with the new voice out."""

from __future__ import annotations

import warnings as alarms
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from workbench.captions.cues import Cues, caption
from workbench.errors import (
    MediaError,
    ParameterError,
    TextError,
    WorkbenchError,
    WorkbenchWarning,
)
from workbench.media.limits import existing
from workbench.media.master import target_level
from workbench.media.outputs import keep_inputs, target
from workbench.media.probe import length, probe
from workbench.media.spoken import check_captions, check_speech_file, write_speech
from workbench.media.voiceover import SUFFIXES, voice_over
from workbench.speech.chapters import check_language
from workbench.speech.dub_fit import cut_take
from workbench.storage.atomic import workspace
from workbench.storage.receipt import read_receipt, write_receipt
from workbench.take import Narration

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from workbench.speech.dub import Dub

__all__ = ["DubFiles", "check_dub", "read_cues", "speaker_voices", "write_dub"]

_MANY = 20  # warnings, beyond which a person looks at the table


@dataclass(frozen=True, kw_only=True)
class DubFiles:
    """The files of a dub.

    Parameters
    ----------
    path
        The sound or the video.
    captions
        With the times at which the words are heard.
    receipt
        The JSON beside it, with the time of every line.
    warnings
        What a listener should know: the lines that are not heard, or not in their time.
    """

    path: Path
    captions: tuple[Path, ...]
    receipt: Path
    warnings: tuple[str, ...] = ()


def read_cues(path: str | os.PathLike[str] | None, text: str = "") -> Cues:
    r"""Return the cues of a file, or where none is named of a text as it would stand in one.

    Raises
    ------
    MediaNotFound, TextError
        When there is no such file, or there are no captions in it.

    Examples
    --------
    >>> [cue.text for cue in read_cues(None, "00:00:01,000 --> 00:00:02,000\nHello.")]
    ['Hello.']
    """
    if path:
        return Cues.read(path)
    with workspace() as folder:
        file = folder / "text.srt"
        file.write_text(text, encoding="utf-8", errors="replace")
        try:
            return Cues.read(file)
        except TextError as error:
            raise TextError(error.problem, subject="text", cure=error.cure) from error


def speaker_voices(pairs: Iterable[str]) -> dict[str, str]:
    """Return voices by the speakers of captions, from texts such as ``Ana=espeak:es``.

    Raises
    ------
    ParameterError
        When one is not written so, or a speaker comes twice.

    Examples
    --------
    >>> speaker_voices(["Ana=espeak:es", "Ben = narrator"])
    {'Ana': 'espeak:es', 'Ben': 'narrator'}
    """
    found: dict[str, str] = {}
    for pair in [pairs] if isinstance(pairs, str) else pairs:
        name, mark, voice = (part.strip() for part in str(pair).partition("="))
        if not mark or not name or not voice:
            raise ParameterError(
                "names no speaker and voice", subject=str(pair), cure="such as Ana=espeak:es"
            )
        if name in found:
            raise ParameterError("has two voices", subject=name, cure="choose one")
        found[name] = voice
    return found


def check_dub(
    output: str | os.PathLike[str],
    video: str | os.PathLike[str] | None = None,
    *,
    voice: str | None = None,
    language: str = "",
    loudness: str | float | None = None,
    captions: Sequence[str] = (),
    source: str | os.PathLike[str] | None = None,
) -> float | None:
    """Return how long the video is, having refused what cannot be before anything is spoken.

    `source` is the file of the captions that are spoken: those that are heard do not go over it.

    Raises
    ------
    ParameterError
        When the output is a video and there is none to lay the voice over, or the other way round;
        or another value cannot be.
    MediaError
        When there is no such video.
    """
    check_language(voice, language)
    keep_inputs(output, check_captions(captions), source)
    if loudness is not None:
        target_level(loudness)
    seen = str(output).lower().endswith(SUFFIXES)
    if not video:
        if seen:
            raise ParameterError(
                "is a video, and there is none to lay the voice over",
                subject=f"output={output}",
                cure="name the video, or a sound such as out/dub.wav",
            )
        check_speech_file(output)
        return None
    file = existing(video)
    if not seen:
        check_speech_file(output)
    else:
        target(output, SUFFIXES, inputs=[file])
    if probe(file).kind != "video":
        raise MediaError("is no video", subject=str(video))
    return length(file)


def write_dub(
    dubbed: Dub,
    output: str | os.PathLike[str],
    video: str | os.PathLike[str] | None = None,
    *,
    original: float = 1.0,
    duck: float = 18.0,
    loudness: str | float | None = "shorts",
    captions: Sequence[str] = ("srt",),
) -> DubFiles:
    """Write a dub: its sound, or the video with it, its captions, and how each line fits.

    Parameters
    ----------
    dubbed
        What was spoken.
    output
        A sound; or a video, where `video` is given.
    video, original, duck, loudness
        As for `workbench.media.voiceover.voice_over`. With a sound as output only the loudness
        matters.
    captions
        Kinds of caption files.

    Raises
    ------
    ParameterError, MediaError, StorageError
        As `check_dub`, and when a file cannot be written.
    """
    seconds = check_dub(output, video, loudness=loudness, captions=captions)
    if seconds is not None and all(part.start >= seconds for part in dubbed.narration.parts):
        raise ParameterError(
            f"ends at {seconds:.2f} s, before the first line",
            subject=str(video),
            cure="give the video that the captions are of",
        )
    notes: tuple[str, ...] = ()
    if video and str(output).lower().endswith(SUFFIXES):
        made = voice_over(
            video, dubbed.narration, output, original=original, duck=duck, loudness=loudness
        )
        cues = caption(_within(dubbed.narration, seconds or made.duration))
        files = [cues.write(made.path.with_suffix(f".{kind}")) for kind in check_captions(captions)]
        path, receipt, notes = made.path, made.receipt, made.warnings
    else:
        spoken = write_speech(dubbed.narration, output, loudness=loudness, captions=captions)
        path, receipt, files = spoken.path, spoken.receipt, list(spoken.captions)
        notes = tuple(note for note in spoken.warnings if note not in dubbed.warnings)
    about: dict[str, Any] = read_receipt(path)
    seal = (about.pop("bytes"), about.pop("sha256"))
    try:
        told = _told(dubbed)
        if video and path.suffix.lower() not in SUFFIXES:
            only = f"{path.name} is a sound, so no video was written"
            told = (*told, f"{only}: for one, give an output that ends in .mp4")
        fields = {**about, "dub": dubbed.to_dict(), "warnings": [*told, *notes]}
        write_receipt(path, fields, seal=seal)
    except WorkbenchError as error:
        error.add_note(f"{path} is whole")
        raise
    for note in told:
        alarms.warn(note, WorkbenchWarning, stacklevel=2)
    return DubFiles(path=path, captions=tuple(files), receipt=receipt, warnings=(*told, *notes))


def _told(dubbed: Dub) -> tuple[str, ...]:
    """Return the warnings of a dub; of a very long list the first ones, and how many more."""
    notes = dubbed.warnings
    if len(notes) <= _MANY:
        return notes
    return (*notes[:_MANY], f"and {len(notes) - _MANY} more, which stand in the table of the dub")


def _within(narration: Narration, seconds: float) -> Narration:
    """Return what is heard in a video of that length, for captions that claim no more."""
    heard = [
        replace(part, take=cut_take(part.take, seconds - part.start))
        for part in narration.parts
        if part.start < seconds
    ]
    return Narration(parts=tuple(heard), duration=max(seconds, heard[-1].end))
