"""The text of a job file, whatever program saved it."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from workbench.disk import storage_error
from workbench.errors import ParameterError
from workbench.production.jobfile.rows import Mistake

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_text"]

_LARGEST = 64_000_000  # bytes; a row of a job is some hundreds


def read_text(path: Path) -> str | Mistake:
    """Return the text of a file, or the line that cannot be read.

    UTF-8 with or without a mark, and the UTF-16 with one that spreadsheets call Unicode text.

    Raises
    ------
    ParameterError
        When it is too large for a file of jobs.
    StorageError
        When it cannot be opened.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise ParameterError(
                f"has more than {_LARGEST:,} bytes", subject=str(path), cure="split it"
            )
        data = path.read_bytes()
    except OSError as error:
        raise storage_error(error, path) from error
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    encoding = "utf-16" if wide else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(encoding, errors="ignore")
        found = data[error.start]
        return Mistake(
            _line(before),
            "",
            f"is not {'UTF-16' if wide else 'UTF-8'} (byte 0x{found:02x})",
            "save the file as UTF-8",
        )
    if "\0" in text:
        return Mistake(
            _line(text.partition("\0")[0]), "", "has a NUL", "save the file as text in UTF-8"
        )
    return text


def _line(before: str) -> int:
    """Return the line that follows a text."""
    return before.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
