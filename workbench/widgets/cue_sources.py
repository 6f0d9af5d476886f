"""Where the captions of a cue editor come from, and what their file held then."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from workbench.captions import editing
from workbench.captions.cues import Cues, caption
from workbench.captions.files import examine
from workbench.errors import ParameterError, StorageError
from workbench.paths import user_path
from workbench.storage.receipt import read_receipt

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.widgets.clip import Clip

__all__ = ["captioned", "captions_of", "file_key"]


def file_key(path: str | os.PathLike[str]) -> str:
    """Return what names a file, from whatever folder."""
    return str(user_path(path).absolute())


def captions_of(
    cues: object, media: object, path: str | os.PathLike[str] | None
) -> tuple[Cues, Path | None, dict[str, str], tuple[str, ...]]:
    """Return the captions, where to write them, files as they were seen, and what was mended."""
    file = None if path is None else user_path(path)
    if isinstance(cues, str | os.PathLike):
        file = file or user_path(cues)
        read, notes = _read(user_path(cues))
        return read, file, {file_key(cues): editing.fingerprint(cues)}, notes
    if isinstance(cues, Cues):
        return cues, file, {}, ()
    if cues is None and file is not None and file.exists():
        read, notes = _read(file)
        return read, file, {file_key(file): editing.fingerprint(file)}, notes
    source = cues if cues is not None else media
    own = getattr(source, "cues", None)
    if isinstance(own, Cues):
        return own, file, {}, ()
    if getattr(source, "words", None):
        return caption(source), file, {}, ()  # type: ignore[arg-type]
    if cues is not None:
        raise ParameterError(
            f"{type(cues).__name__} holds no captions", subject="cues",
            cure="give Cues, the path of a caption file, or what was spoken",
        )  # fmt: skip
    return Cues(cues=()), file, {}, ()


def captioned(clip: Clip) -> Clip:
    """Return a video with what its receipt says of it: whether captions are in the picture."""
    if clip.kind != "video" or clip.path is None:
        return clip
    try:
        receipt = read_receipt(clip.path)
        size = clip.path.stat().st_size
    except (StorageError, OSError):  # made elsewhere: nobody knows
        return clip
    if receipt.get("bytes") != size:  # the receipt of another file that had this name
        return clip
    return replace(clip, captioned=bool(receipt.get("burned") and receipt.get("captions")))


def _read(path: Path) -> tuple[Cues, tuple[str, ...]]:
    cues, language, notes = examine(path)
    return Cues(cues=tuple(cues), language=language), notes
