"""Unpacking a wheel that holds a model, without letting it write anywhere else."""

from __future__ import annotations

import shutil
import stat
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.disk import storage_error
from workbench.engines.weights.files import file_digest, safe_path
from workbench.errors import ParameterError, WeightsCorrupt

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["unpacked"]

_FILES = 2_000
_BYTES = 512 << 20  # spaCy's English model has 15 MB
_RATIO = 200  # unpacked over packed; text of a model shrinks to a tenth


def unpacked(wheel: Path, package: str) -> Path:
    """Return the folder beside a wheel that has its content, unpacked now if it is not there.

    Parameters
    ----------
    wheel
        The wheel, which somebody has checked.
    package
        The one package that it may hold, beside what is told of it (``dist-info``).

    Raises
    ------
    WeightsCorrupt
        When it holds anything else, or more than is believable.
    StorageError
        When it cannot be read or unpacked.
    """
    try:
        root = wheel.parent / f".unpacked-{file_digest(wheel)[:16]}"
        if root.is_dir():  # it appears whole, by a rename
            return root
        fresh = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=root.parent))
        try:
            with zipfile.ZipFile(wheel) as archive:
                _check(archive.infolist(), package, wheel)
                archive.extractall(fresh)
            try:
                fresh.rename(root)
            except OSError:
                if not root.is_dir():  # else another process was quicker
                    raise
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    except OSError as error:
        raise storage_error(error, wheel) from error
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise _odd(wheel, f"cannot be unpacked ({error})") from error
    return root


def _check(members: Iterable[zipfile.ZipInfo], package: str, wheel: Path) -> None:
    total = 0
    for count, member in enumerate(members):
        try:
            top = safe_path(member.filename.rstrip("/")).partition("/")[0]
        except ParameterError:
            raise _odd(wheel, f"would write to {member.filename!r}") from None
        if top != package and not (top.startswith(f"{package}-") and top.endswith(".dist-info")):
            raise _odd(wheel, f"holds {member.filename!r}, which is not of {package}")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise _odd(wheel, f"holds a link, {member.filename!r}")
        total += member.file_size
        packed = member.compress_size * _RATIO + (1 << 20)
        if count >= _FILES or total > _BYTES or member.file_size > packed:
            raise _odd(wheel, "holds more than a model has")


def _odd(wheel: Path, problem: str) -> WeightsCorrupt:
    return WeightsCorrupt(
        problem, subject=str(wheel), cure="fetch it again: workbench models pull spacy-english"
    )
