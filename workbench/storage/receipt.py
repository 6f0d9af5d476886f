"""A receipt: the JSON file beside an output that says how it was made."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.disk import storage_error
from workbench.errors import StorageError
from workbench.storage.atomic import write_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "MOST",
    "SCHEMA",
    "digest",
    "place",
    "read_receipt",
    "receipt_path",
    "seen_from",
    "told_from",
    "write_receipt",
]

SCHEMA = 1
"""The version of a receipt's fields; readers refuse newer ones."""

_BLOCK = 1 << 20
MOST = 64 << 20
"""Bytes of the largest receipt that is read; that of an audiobook of ten hours has 8 million."""


def digest(path: Path) -> str:
    """Return the sha256 of a file's content, as 64 hex digits."""
    hashed = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            hashed.update(block)
    return hashed.hexdigest()


def receipt_path(output: Path) -> Path:
    """Return where the receipt of `output` lies.

    Examples
    --------
    >>> from pathlib import Path
    >>> receipt_path(Path("out/short.mp4")).as_posix()
    'out/short.mp4.json'
    """
    return output.with_name(f"{output.name}.json")


def seen_from(path: str | os.PathLike[str], folder: Path) -> str:
    """Return a path as a receipt in `folder` names it: what moves together finds each other.

    Where the two have nothing in common but the root the whole path stays, from the home folder on
    where it lies there.

    Examples
    --------
    >>> seen_from("/videos/in/a.jpg", Path("/videos/out"))
    '../in/a.jpg'
    """
    whole = Path(os.path.abspath(path))  # noqa: PTH100 - links are to stay links
    base = Path(os.path.abspath(folder))  # noqa: PTH100 - as above
    apart = {Path(whole.anchor), Path.home().parent}
    try:
        common = Path(os.path.commonpath([whole, base]))
    except ValueError:  # on two drives
        return whole.as_posix()
    if common not in apart:
        return Path(os.path.relpath(whole, base)).as_posix()
    if whole.is_relative_to(Path.home()):
        return f"~/{whole.relative_to(Path.home()).as_posix()}"
    return whole.as_posix()


def told_from(value: Any, folder: Path) -> Any:
    """Return plain values in which every whole ``path`` is as a receipt in `folder` names it.

    Examples
    --------
    >>> told_from({"scenes": [{"path": "/videos/in/a.jpg", "fit": "cover"}]}, Path("/videos/out"))
    {'scenes': [{'path': '../in/a.jpg', 'fit': 'cover'}]}
    """
    if isinstance(value, dict):
        told = {name: told_from(each, folder) for name, each in value.items()}
        whole = told.get("path")
        if isinstance(whole, str) and Path(whole).is_absolute():
            told["path"] = seen_from(whole, folder)
        return told
    if isinstance(value, list | tuple):
        return [told_from(each, folder) for each in value]
    return value


def place(name: str, folder: Path) -> Path:
    """Return the path that `seen_from` named."""
    path = Path(name)
    if path.parts[:1] == ("~",):
        path = Path.home().joinpath(*path.parts[1:])
    return Path(os.path.normpath(folder / path))


def write_receipt(
    output: Path, fields: Mapping[str, Any], *, seal: tuple[int, str] | None = None
) -> Path:
    """Write the receipt of a finished file, with its digest, and return the receipt's path.

    Parameters
    ----------
    output
        The file it is about.
    fields
        What made it: plain values only.
    seal
        Size in bytes and digest of the file, where they were taken before it got its name: by
        then another process may have written another file there.

    Raises
    ------
    StorageError
        When the file cannot be read, or the receipt not be written.
    """
    import workbench

    path = receipt_path(output)
    try:
        size, sha256 = seal or (output.stat().st_size, digest(output))
    except OSError as error:
        raise storage_error(error, output) from error
    receipt = {
        "schema": SCHEMA,
        "file": output.name,
        "bytes": size,
        "sha256": sha256,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "workbench": workbench.__version__,
        **fields,
    }
    text = json.dumps(receipt, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    try:
        # A file name that is not UTF-8 stays readable: JSON has the same escapes.
        write_bytes(path, text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise storage_error(error, path) from error
    return path


def read_receipt(output: Path) -> dict[str, Any]:
    """Return the receipt beside `output`.

    Raises
    ------
    StorageError
        When there is none, or it is not one that this version reads.
    """
    path = receipt_path(output)
    try:
        with path.open("rb") as stream:
            data = stream.read(MOST + 1)
        if len(data) > MOST:
            raise StorageError(
                f"is too large for a receipt (over {MOST:,} bytes)", subject=str(path)
            )
        receipt = json.loads(data.decode("utf-8"))
    except FileNotFoundError as error:
        raise StorageError("has no receipt beside it", subject=str(output)) from error
    except OSError as error:
        raise storage_error(error, path) from error
    except (ValueError, RecursionError) as error:
        raise StorageError("is not a receipt", subject=str(path), cure=_DAMAGED) from error
    if not isinstance(receipt, dict) or receipt.get("schema") != SCHEMA:
        schema = receipt.get("schema") if isinstance(receipt, dict) else None
        newer = isinstance(schema, int) and schema > SCHEMA
        raise StorageError(
            "is not a receipt that this version reads",
            subject=str(path),
            cure="update this program" if newer else _DAMAGED,
        )
    return receipt


_DAMAGED = "take it out of a backup, or make the file again"
