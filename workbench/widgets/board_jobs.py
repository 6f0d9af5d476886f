"""What the board tells its page of jobs: a line of each, and all of one that somebody chose."""

from __future__ import annotations

import time
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from workbench.captions.cues import Cues
from workbench.errors import MediaNotFound, MediaTooLarge, ParameterError, WorkbenchError, one_line
from workbench.production.hiding import MARK, is_secret
from workbench.production.report.command import command_of
from workbench.production.report.failure import failed_cell
from workbench.production.report.links import file_name
from workbench.production.report.row import state_of, telling, told
from workbench.production.report.wording import in_line
from workbench.widgets.clip import MAX_BYTES, Clip

if TYPE_CHECKING:
    from workbench.production.report.row import Row

__all__ = ["clip_of", "detail", "kind_of", "line", "picture"]

_NAME, _PROBLEM = 120, 240  # letters in a line
_VALUE, _TEXT = 400, 8_000  # letters of a parameter, of a cell
_FILES = 50
_SOUNDS = frozenset({".mp3", ".wav", ".m4a", ".m4b", ".flac", ".ogg", ".opus", ".aac"})
_VIDEOS = frozenset({".mp4", ".m4v", ".webm", ".mov"})
_PICTURES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
}


def line(row: Row, now: float | None = None) -> dict[str, Any]:
    """Return what the page shows of a job in its list.

    Parameters
    ----------
    row
        The job.
    now
        What time it is.
    """
    since = 0.0
    if row.state == "running" and row.started is not None:
        since = max(0.0, (time.time() if now is None else now) - row.started)
    return {
        "id": row.id,
        "row": row.row,
        "name": in_line(row.name, _NAME),
        "state": state_of(row),
        "part": round(row.progress, 4),
        "seconds": row.seconds if row.seconds is None else round(row.seconds, 2),
        "since": round(since, 2),
        "ended": row.finished or 0.0,
        "attempts": row.attempts,
        "stopping": row.cancelling,
        "cell": row.cell,
        "problem": in_line(row.problem or "; ".join(row.warnings), _PROBLEM),
    }


def detail(row: Row) -> dict[str, Any]:
    """Return all that is to be said of one job, with the cell that failed."""
    kept = row.error.get("failed", "")
    cell = failed_cell(kept, row.cell, most=_TEXT) if kept else None
    number = row.cell if cell is None or cell.number is None else cell.number
    return {
        "id": row.id,
        "values": [
            [name, in_line(told(MARK if is_secret(name, value) else value), _VALUE)]
            for name, value in row.values.items()
        ],
        "problem": in_line(row.problem, 2000),
        "code": telling(row.error.get("code", "")),
        "cell": number,
        "source": "" if cell is None else cell.source,
        "traceback": "" if cell is None else cell.traceback,
        "kept": kept,
        "executed": row.executed if row.state == "done" else "",
        "command": command_of(row),
        "warnings": [in_line(text, 600) for text in row.warnings],
        "files": [
            {"name": one_line(file_name(made.path)), "bytes": made.bytes, "plays": _kind(made.path)}
            for made in row.files[:_FILES]
        ],
    }


def _kind(path: str) -> str:
    suffix = PurePath(path).suffix.lower()
    kinds = (("audio", _SOUNDS), ("video", _VIDEOS), ("picture", _PICTURES))
    return next((kind for kind, suffixes in kinds if suffix in suffixes), "")


def kind_of(row: Row, number: object) -> str:
    """Return what a file of a job is: audio, video, picture, or an empty text."""
    return _kind(str(file_of(row, number)))


def file_of(row: Row, number: object) -> Path:
    """Return the path of a file of a job by its place in the list; never one that a page names.

    Raises
    ------
    ParameterError
        When there is none.
    """
    if not isinstance(number, int) or not 0 <= number < min(len(row.files), _FILES):
        raise ParameterError("is no file of this job", subject="file")
    return Path(row.files[number].path)


def clip_of(row: Row, number: object) -> Clip:
    """Return what there is to play in a file of a job, with the captions that lie beside it.

    Raises
    ------
    ParameterError, MediaError
        When there is no such file, or it does not play.
    """
    path = file_of(row, number)
    return Clip.of(path, cues=_captions(path))


def _captions(path: Path) -> Cues | None:
    beside = path.with_suffix(".vtt")
    try:
        return Cues.read(beside) if beside.is_file() else None
    except WorkbenchError:  # a damaged one is no reason to show nothing
        return None


def picture(row: Row, number: object) -> tuple[str, bytes]:
    """Return the type and the bytes of a picture of a job.

    Raises
    ------
    ParameterError, MediaNotFound, MediaTooLarge
        When there is none, or it is too much to send.
    """
    path = file_of(row, number)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise MediaTooLarge("is too much to send through the kernel", subject=path.name)
        return _PICTURES.get(path.suffix.lower(), "image/png"), path.read_bytes()
    except OSError as error:
        raise MediaNotFound("the file is gone", subject=path.name) from error
