"""A sweep on disk: a folder with a sound file for each take, and ``sweep.json`` that tells of them.

A sound file has its content in its name and is written before ``sweep.json``, which is replaced in
one go. So the folder is at every moment the whole old sweep or the whole new one.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

from workbench.audio import Audio
from workbench.disk import storage_error
from workbench.errors import StorageError, WorkbenchError
from workbench.paths import user_path
from workbench.speech.variant import Variant
from workbench.speech.variants import Sweep
from workbench.storage.atomic import write_bytes
from workbench.storage.receipt import receipt_path
from workbench.take import Take

if TYPE_CHECKING:
    import os
    from pathlib import Path

__all__ = ["NAME", "load", "save"]

NAME = "sweep.json"
_KIND = "workbench sweep"
_FORMAT = 1
_SOUND = re.compile(r"\d{3,4}-[a-z0-9-]{0,40}-[0-9a-f]{12}\.wav")
_CHANGED = "save the sweep again, or remove the folder"


def save(sweep: Sweep, folder: str | os.PathLike[str]) -> Path:
    """Write a sweep into a folder and return the path of its ``sweep.json``.

    The sounds are WAV files of 16 bits, ``001-rate-160-4f2a….wav`` that of ``sweep[1]``. Those of a
    sweep that lay there before are removed, with their receipts.

    Raises
    ------
    StorageError
        When it cannot be written.

    Examples
    --------
    >>> from workbench.speech.sweep import sweep
    >>> from workbench.storage.atomic import workspace
    >>> found = sweep("Hello.", rate=[120, 240], measure=False)
    >>> with workspace() as folder:
    ...     path = found.save(folder / "rates")
    ...     path.name, len(list(path.parent.glob("*.wav"))), load(path.parent) == found
    ('sweep.json', 2, True)
    """
    home = user_path(folder)
    before = set(_sounds(home))
    rows, names = [], set()
    try:
        for number, variant in enumerate(sweep.variants):
            row = variant.describe()
            if variant.take is not None:
                data = variant.take.audio.encode(".wav")
                digest = hashlib.sha256(data).hexdigest()
                name = f"{number:03d}-{_slug(variant.label)}-{digest[:12]}.wav"
                names.add(name)
                row["sound"] = {"file": name, "sha256": digest}
                write_bytes(home / name, data)
            rows.append(row)
        told = {"kind": _KIND, "format": _FORMAT, "text": sweep.text, "ways": dict(sweep.ways)}
        text = json.dumps({**told, "variants": rows}, ensure_ascii=False, indent=1)
        write_bytes(home / NAME, text.encode("utf-8", "surrogatepass"))
    except OSError as error:
        raise storage_error(error, home) from error
    for name in before - names:
        for file in (home / name, receipt_path(home / name)):  # a receipt alone tells of a loss
            with contextlib.suppress(OSError):  # it does no harm
                file.unlink()
    return home / NAME


def load(folder: str | os.PathLike[str]) -> Sweep:
    """Return the sweep that lies in a folder.

    Raises
    ------
    StorageError
        When there is none, it is damaged, or one of its sounds is gone or another.
    """
    home = user_path(folder)
    path = home if home.name == NAME else home / NAME
    try:
        data = json.loads(path.read_text(encoding="utf-8", errors="surrogatepass"))
    except FileNotFoundError as error:
        raise StorageError("there is no sweep", subject=str(path), cure="check the path") from error
    except OSError as error:
        raise storage_error(error, path) from error
    except (ValueError, RecursionError) as error:
        raise _damaged(path, "is not JSON") from error
    if not isinstance(data, dict) or data.get("kind") != _KIND:
        raise _damaged(path, "is no sweep")
    if data.get("format") != _FORMAT:
        raise StorageError(
            f"is a sweep of format {data.get('format')!r}, and this version reads {_FORMAT}",
            subject=str(path),
            cure="update the package",
        )
    try:
        variants = tuple(_variant(row, path.parent) for row in data["variants"])
        return Sweep(text=data["text"], variants=variants, ways=data["ways"])
    except StorageError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError, WorkbenchError) as error:
        raise _damaged(path, f"is damaged ({type(error).__name__}: {error})") from error


def _variant(row: dict[str, Any], folder: Path) -> Variant:
    take = row["take"]
    if take is None:
        return Variant.from_dict(row)
    name = row["sound"]["file"]
    if not _SOUND.fullmatch(name):  # never a path out of the folder
        raise _damaged(folder / NAME, f"names the sound file {name!r}")
    path = folder / name
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError as error:
        raise StorageError("the sound file is gone", subject=str(path), cure=_CHANGED) from error
    except OSError as error:
        raise storage_error(error, path) from error
    if found != row["sound"]["sha256"]:
        raise StorageError("is not the sound of the sweep", subject=str(path), cure=_CHANGED)
    return Variant.from_dict(row, take=Take.from_dict(take, audio=Audio.read(path)))


def _sounds(folder: Path) -> list[str]:
    """Return the sound files of a sweep that lies in the folder."""
    if not folder.is_dir():
        return []
    return [path.name for path in folder.iterdir() if _SOUND.fullmatch(path.name)]


def _slug(label: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")[:40]


def _damaged(path: Path, problem: str) -> StorageError:
    return StorageError(problem, subject=str(path), cure=_CHANGED)
