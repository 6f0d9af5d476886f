"""What was heard as files: captions, a text, a table, and all of it as JSON."""

from __future__ import annotations

import csv
import io
import json
import warnings as alarms
from typing import TYPE_CHECKING, Any

from workbench.captions.cues import caption
from workbench.disk import storage_error
from workbench.errors import MediaError, ParameterError, WorkbenchWarning, suggest
from workbench.media.outputs import keep_inputs
from workbench.paths import user_path
from workbench.speech.confidence import confidence
from workbench.speech.listening import OF_SCRIPT
from workbench.storage.atomic import write_bytes
from workbench.storage.receipt import digest, write_receipt

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from pathlib import Path

    from workbench.captions.cues import Cues
    from workbench.recognition import Recognition

__all__ = ["KINDS", "check_kinds", "write_transcript"]

_CAPTIONS = ("srt", "vtt", "ass", "ttml")
KINDS = (*_CAPTIONS, "txt", "json", "csv")
"""The kinds of files that `write_transcript` writes."""

_FORMULA = ("=", "+", "-", "@", "\t")  # what a spreadsheet would compute


def check_kinds(
    output: str | os.PathLike[str],
    kinds: Sequence[str],
    *inputs: str | os.PathLike[str] | None,
) -> tuple[str, ...]:
    """Return the kinds of files, that of `output` first and each once.

    Raises
    ------
    ParameterError
        When one is not of `KINDS`, or would be written over one of the inputs.

    Examples
    --------
    >>> check_kinds("out/talk.srt", ["json", "srt"])
    ('srt', 'json')
    """
    own = user_path(output).suffix.lower().removeprefix(".")
    found = tuple(dict.fromkeys([own, *(str(kind).lower().removeprefix(".") for kind in kinds)]))
    for kind in found:
        if kind not in KINDS:
            cure = suggest(kind, KINDS) or f"the kinds are {', '.join(KINDS)}"
            raise ParameterError("is no kind of transcript", subject=kind or str(output), cure=cure)
    keep_inputs(output, found, *inputs)
    return found


def write_transcript(
    heard: Recognition,
    output: str | os.PathLike[str],
    *,
    kinds: Sequence[str] = (),
    media: str | os.PathLike[str] | None = None,
) -> tuple[Path, ...]:
    """Write what was heard, and a receipt beside the first file.

    Parameters
    ----------
    heard
        What a recogniser heard.
    output
        The first file; its suffix is a kind.
    kinds
        Other kinds, beside it under its name.
    media
        The recording, for the receipt.

    Raises
    ------
    ParameterError
        When a kind is none; before anything is written.
    MediaError
        When nothing was heard.
    StorageError
        When a file cannot be written.

    Warns
    -----
    WorkbenchWarning
        Of what the recogniser had to say, such as that nobody listened.
    """
    chosen = check_kinds(output, kinds, media)
    if not heard.words:
        raise MediaError(
            "has no words that were heard", subject=str(media or "recording"),
            cure="look whether somebody speaks in it, and name the language",
        )  # fmt: skip
    first = user_path(output).absolute()
    cues = caption(heard)
    files = []
    for kind in chosen:
        file = first.with_suffix(f".{kind}")
        if kind in _CAPTIONS:
            cues.write(file)
        else:
            _write(file, _text(kind, heard, cues))
        files.append(file)
    sure = confidence(heard)
    fields: dict[str, Any] = {
        "tool": "write_transcript",
        "inputs": [] if not media else [{"path": str(media), "sha256": digest(user_path(media))}],
        "settings": {
            "engine": heard.engine, "model": heard.model, "device": heard.device,
            "options": dict(heard.options), "language": heard.language,
            "language_probability": heard.language_probability,
            "probability": sure.probability, "words": sure.words,
            "doubtful": len(sure.doubtful), "files": [file.name for file in files],
            "warnings": list(heard.warnings),
        },
    }  # fmt: skip
    # That the words are the script's is no news where the script was asked for.
    told = tuple(note for note in heard.warnings if note not in OF_SCRIPT)
    write_receipt(first, {**fields, "warnings": list(told)})
    for note in told:
        alarms.warn(note, WorkbenchWarning, stacklevel=2)
    return tuple(files)


def _text(kind: str, heard: Recognition, cues: Cues) -> str:
    if kind == "json":
        data = {
            **heard.to_dict(),
            "cues": cues.to_dict(),
            "confidence": confidence(heard).to_dict(),
        }
        return json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    if kind == "csv":
        return _csv(heard)
    return "".join(f"{' '.join(segment.text.split())}\n" for segment in heard.segments)


def _csv(heard: Recognition) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["start", "end", "text", "probability", "lowest", "doubtful", "flags"])
    for row in confidence(heard).rows:
        text = f"'{row.text}" if row.text.startswith(_FORMULA) else row.text
        sure = ["" if p is None else round(p, 4) for p in (row.probability, row.lowest)]
        times = [round(row.start, 3), round(row.end, 3)]
        writer.writerow([*times, text, *sure, row.doubtful, " ".join(row.flags)])
    return stream.getvalue()


def _write(file: Path, text: str) -> None:
    try:
        write_bytes(file, text.encode("utf-8", "replace"))
    except OSError as error:
        raise storage_error(error, file) from error
