"""What the format of a file of weights tells of its wholeness: lengths, checksums, JSON.

Nothing is loaded: a checkpoint of torch is a ZIP file here, and never unpickled.
"""

from __future__ import annotations

import json
import struct
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["form"]

_ABOUT = "__metadata__"  # what a safetensors header has beside its tensors


def form(path: Path) -> str:
    """Return what is wrong with the form of a file, empty when nothing is or none is known.

    Raises
    ------
    OSError
        When it cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(64)
    if head.startswith(b"version ") and b"git-lfs" in head:
        return "is git's pointer to the file, not the file"
    check = _FORMS.get(path.suffix)
    return check(path) if check is not None else ""


def _json(path: Path) -> str:
    try:
        json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return "is not JSON"
    return ""


def _zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()  # reads everything against its checksums
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, ValueError):
        return "is cut short or damaged"
    return f"is damaged in {damaged}" if damaged else ""


def _checkpoint(path: Path) -> str:
    """Look at what `torch.save` writes: a ZIP file, or a bare pickle in its first years."""
    with path.open("rb") as file:
        head = file.read(2)
    if head[:1] == b"\x80":
        return ""
    return _zip(path) if head == b"PK" else "is not a checkpoint of torch"


def _safetensors(path: Path) -> str:
    """Look whether the tensors that the header lists end where the file does."""
    size = path.stat().st_size
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > size:
                return "is cut short or damaged"
            header = json.loads(file.read(length))
        ends = [about["data_offsets"][1] for name, about in header.items() if name != _ABOUT]
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, struct.error):
        return "is damaged"
    return "" if 8 + length + max(ends, default=0) == size else "is cut short or damaged"


def _ctranslate2(path: Path) -> str:
    """Walk through the variables of CTranslate2's format, which must end where the file does.

    The layout is that of ``ctranslate2/specs/model_spec.py``; older ones than 4 are let pass.
    """
    size = path.stat().st_size
    with path.open("rb") as file:

        def number(kind: str) -> int:
            return int(struct.unpack(f"<{kind}", file.read(struct.calcsize(kind)))[0])

        def skip(count: int) -> None:
            file.seek(count, 1)

        try:
            if number("I") < 4:  # noqa: PLR2004 - the version that has the lengths
                return ""
            skip(number("H"))
            skip(4)
            for _ in range(number("I")):
                skip(number("H"))
                skip(4 * number("B"))
                skip(1)
                skip(number("I"))
                if file.tell() > size:
                    return "is cut short or damaged"
            for _ in range(2 * number("I")):
                skip(number("H"))
        except struct.error:
            return "is cut short or damaged"
        return "" if file.tell() == size else "is damaged, or of another format"


_FORMS: dict[str, Callable[[Path], str]] = {
    ".json": _json,
    ".whl": _zip,
    ".pt": _checkpoint,
    ".pth": _checkpoint,
    ".safetensors": _safetensors,
    ".bin": _ctranslate2,
}
