"""Where a tool's file goes: checked before the work starts, there whole or not at all."""

from __future__ import annotations

import contextlib
import io
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.disk import storage_error
from workbench.errors import Cancelled, MediaError, ParameterError
from workbench.media.binaries import binaries, ffmpeg
from workbench.media.ffmpeg import Failed, encode
from workbench.media.limits import DEFAULT_LIMITS, Limits
from workbench.paths import user_path
from workbench.progress import bar
from workbench.storage.atomic import replacing, write_bytes
from workbench.storage.receipt import digest, receipt_path, seen_from, write_receipt

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from workbench.media.stills import Picture
    from workbench.progress import Report

__all__ = [
    "PATIENCE",
    "PICTURES",
    "convert",
    "keep_inputs",
    "receipt",
    "reporting",
    "sealed",
    "target",
    "write_picture",
    "writing",
]

PICTURES = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
"""The suffixes under which a picture can be written, and Pillow's names of the formats."""

PATIENCE = 120.0
"""Wall seconds that starting, and each second of media, may take before a run counts as hung."""

_PATH = 4096  # letters of a path
_QUALITY = {"JPEG": {"quality": 92, "subsampling": 0}, "WEBP": {"quality": 92}}


def target(
    path: str | os.PathLike[str],
    suffixes: Iterable[str],
    *,
    inputs: Sequence[Path] = (),
) -> Path:
    """Return where a file goes as an absolute path, having checked that it may go there.

    Parameters
    ----------
    path
        As a person wrote it.
    suffixes
        Those that name a format the tool writes, in small letters.
    inputs
        What is read: it is not to be written over, neither by the file nor by its receipt.

    Raises
    ------
    ParameterError
        When the suffix is none of these, or the path is a folder or an input.

    Examples
    --------
    >>> target("sheet.bmp", PICTURES)
    Traceback (most recent call last):
    workbench.errors.ParameterError: sheet.bmp: must end in .png, .jpg, .jpeg, .webp
    """
    text = str(path)
    file = user_path(path).absolute()
    if file.suffix.lower() not in suffixes:
        raise ParameterError(f"must end in {', '.join(suffixes)}", subject=text)
    if file.is_dir():
        raise ParameterError("is a folder", subject=text, cure="name a file in it")
    written = {file.resolve(), receipt_path(file).resolve()}
    if any(each.resolve() in written for each in inputs):
        raise ParameterError("is what is read", subject=text, cure="choose another name")
    return file


def keep_inputs(
    output: str | os.PathLike[str],
    kinds: Iterable[str],
    *inputs: str | os.PathLike[str] | None,
) -> None:
    """Look whether the files that go beside an output leave those alone that are read.

    Parameters
    ----------
    output
        The main file.
    kinds
        Suffixes, without their dots, of the files beside it.
    inputs
        What is read; a text instead of a path does no harm, and neither does None.

    Raises
    ------
    ParameterError
        When one of them would be written over.

    Examples
    --------
    >>> keep_inputs("film.wav", ["srt"], "film.srt")
    Traceback (most recent call last):
    workbench.errors.ParameterError: output=film.wav: would write over film.srt; choose another ...
    """
    main = user_path(output)
    written = {_place(main.with_suffix(f".{kind}")) for kind in kinds}
    for text in map(str, filter(None, inputs)):
        if len(text) <= _PATH and not written.isdisjoint(_places(text)):
            raise ParameterError(
                f"would write over {text}",
                subject=f"output={output}",
                cure="choose another name or folder",
            )


def _place(path: Path) -> str:
    """Return where a name lies, whatever links lead there: a file that replaces it follows none."""
    return os.path.join(os.path.realpath(path.parent), path.name)  # noqa: PTH118 - one string


def _places(text: str) -> set[str]:
    try:
        path = user_path(text)
    except ParameterError:  # a text
        return set()
    return {_place(path), os.path.realpath(path)}


@contextlib.contextmanager
def reporting(progress: Callable[[float], None] | None, title: str) -> Iterator[Report]:
    """Yield what tells how far the work is, to `progress` or a bar.

    What is told lies from 0 to 1 and never goes back, whatever the work makes of it; at the end of
    a block that ends well, all is done.
    """
    with contextlib.nullcontext(progress) if progress is not None else bar(title) as report:
        furthest = -1.0

        def forward(done: float) -> None:
            nonlocal furthest
            done = min(1.0, max(0.0, done))
            if done > furthest:
                furthest = done
                report(done)

        yield forward
        forward(1.0)


@contextlib.contextmanager
def writing(
    file: Path, title: str, progress: Callable[[float], None] | None
) -> Iterator[tuple[Path, Report]]:
    """Yield a temporary path and the function that tells how far the work is.

    The file gets its name when the block ends well, and nothing stays when it does not.

    Raises
    ------
    StorageError, StorageFull
        When the disk refuses.
    """
    try:
        with replacing(file) as part, reporting(progress, title) as report:
            yield part, report
    except OSError as error:
        raise storage_error(error, error.filename or file) from error


def convert(
    arguments: Sequence[str],
    *,
    source: object,
    folder: Path,
    seconds: float,
    report: Report,
    cancel: threading.Event | None,
    limits: Limits = DEFAULT_LIMITS,
) -> None:
    """Run ffmpeg from files to a file; damage in what it reads is an error that names it.

    Parameters
    ----------
    arguments
        Inputs, filters and outputs.
    source
        The file to name.
    folder
        The run's own folder.
    seconds
        How long the output is to last.
    report
        Told how far it is.
    cancel
        Set it from another thread to stop the run.
    limits
        What the file may be at most.

    Raises
    ------
    MediaError
        When ffmpeg ended with an error.
    Cancelled, StorageFull
        As `workbench.media.ffmpeg.encode` does.
    """
    if cancel is not None and cancel.is_set():  # a short run is over before its watcher looks
        raise Cancelled("stopped on request", subject=str(source))
    try:
        encode(
            ["-xerror", *arguments],
            folder=folder,
            limit=PATIENCE + PATIENCE * seconds,
            memory=limits.memory,
            on_time=lambda done: report(min(1.0, done / seconds) if seconds else 0.0),
            cancel=cancel,
        )
    except Failed as error:
        raise MediaError(
            f"cannot be converted ({error.problem})",
            subject=str(source),
            cure="make or fetch it again",
        ) from error


def receipt(
    file: Path,
    tool: str,
    inputs: Iterable[Path],
    settings: dict[str, Any],
    *,
    seal: tuple[int, str],
) -> Path:
    """Write how a file was made beside it, and return that receipt's path.

    Parameters
    ----------
    file
        The finished file.
    tool
        The function that made it.
    inputs
        The files it was made from.
    settings
        How, as plain values.
    seal
        Size and digest of the file before it got its name, as `sealed` returns them.

    Raises
    ------
    StorageError
        When the receipt cannot be written.
    """
    program = next(each for each in binaries() if each.path == ffmpeg())
    try:
        read = [{"path": seen_from(path, file.parent), "sha256": digest(path)} for path in inputs]
    except OSError as error:
        raise storage_error(error, error.filename or file) from error
    fields = {"tool": tool, "inputs": read, "settings": settings}
    return write_receipt(file, {**fields, "tools": {"ffmpeg": program.version}}, seal=seal)


def sealed(part: Path) -> tuple[int, str]:
    """Return size and digest of a file that is still under its temporary name."""
    return part.stat().st_size, digest(part)


def write_picture(picture: Picture, file: Path) -> None:
    """Write RGB pixels to a file whose suffix is one of `PICTURES`, whole or not at all.

    Raises
    ------
    StorageError, StorageFull
        When the disk refuses.
    """
    from PIL import Image

    kind = PICTURES[file.suffix.lower()]
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(buffer, kind, **_QUALITY.get(kind, {}))
    try:
        write_bytes(file, buffer.getvalue())
    except OSError as error:
        raise storage_error(error, error.filename or file) from error
