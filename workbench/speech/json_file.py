"""A JSON file with its sounds in a folder beside it: how work is kept that goes on another day."""

from __future__ import annotations

import io
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from workbench.disk import storage_error
from workbench.errors import ParameterError, StorageError, WorkbenchError
from workbench.paths import user_path
from workbench.storage.atomic import write_bytes

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from workbench.audio import Audio

__all__ = ["keep_sound", "named", "read_json", "sounds_folder", "understanding", "write_json"]


def write_json(file: Path, data: Mapping[str, Any]) -> None:
    """Write plain values, whole or not at all; in ASCII, which holds even half a letter."""
    write_bytes(file, f"{json.dumps(data, indent=1)}\n".encode("ascii"))


def read_json(path: str | os.PathLike[str], kind: str, largest: int) -> tuple[Path, dict[str, Any]]:
    """Return the path of a file and what is in it.

    Parameters
    ----------
    path
        The file.
    kind
        What it is, for an error: ``review``.
    largest
        Bytes that it may have.

    Raises
    ------
    StorageError
        When there is no such file, or it cannot be read.
    ParameterError
        When it is no JSON object, or too large.

    Examples
    --------
    >>> from workbench.storage.atomic import workspace
    >>> with workspace() as folder:
    ...     write_json(folder / "a.json", {"a": 1})
    ...     read_json(folder / "a.json", "review", 100)[1]
    {'a': 1}
    """
    file = user_path(path)
    try:
        if not file.is_file():
            raise StorageError("there is no such file", subject=str(file), cure="check the path")
        with file.open("rb") as stream:
            raw = stream.read(largest + 1)
    except OSError as error:
        raise storage_error(error, file) from error
    if len(raw) > largest:
        raise ParameterError(f"is larger than {largest:,} bytes", subject=str(file))
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError) as error:
        told = str(error) if isinstance(error, json.JSONDecodeError) else type(error).__name__
        raise ParameterError(f"is not valid JSON ({told})", subject=str(file)) from error
    if not isinstance(data, dict):
        raise ParameterError(f"is no {kind}", subject=str(file))
    return file, data


@contextmanager
def understanding(kind: str) -> Iterator[None]:
    """Say that plain values, which may be anything, are no such thing, where they fail as one."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        if isinstance(error, WorkbenchError):
            raise
        told = f"lacks {error}" if isinstance(error, KeyError) else f"is damaged ({error})"
        raise ParameterError(told, subject=kind, cure="use a whole file") from error


@contextmanager
def named(file: Path, kind: str) -> Iterator[None]:
    """Say of which file a complaint is; `kind` is its subject where it is of the whole."""
    try:
        yield
    except ParameterError as error:
        subject = "" if error.subject == kind else f"{error.subject} "
        raise ParameterError(
            f"{subject}{error.problem}", subject=str(file), cure=error.cure
        ) from error


def sounds_folder(file: Path) -> Path:
    """Return the folder beside a file that has its sounds.

    Examples
    --------
    >>> from pathlib import Path
    >>> sounds_folder(Path("talk.json")).name
    'talk.sounds'
    """
    return file.with_name(f"{file.stem}.sounds")


def keep_sound(folder: Path, audio: Audio) -> str:
    """Put a sound into the folder unless it is there, and return its hash, which names the file.

    It is a WAV file of 32-bit floats: what is read again has the same hash.
    """
    import soundfile

    digest = audio.digest()
    file = folder / f"{digest}.wav"
    if not file.exists():
        buffer = io.BytesIO()
        soundfile.write(buffer, audio.samples, audio.rate, format="WAV", subtype="FLOAT")
        write_bytes(file, buffer.getvalue())
    return digest
