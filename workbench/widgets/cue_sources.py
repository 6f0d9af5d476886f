"""Where the captions of a cue editor come from, and what their file held then."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from workbench.captions import editing
from workbench.captions.cues import Cues, caption
from workbench.errors import ParameterError
from workbench.paths import user_path

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["captions_of", "file_key"]


def file_key(path: str | os.PathLike[str]) -> str:
    """Return what names a file, from whatever folder."""
    return str(user_path(path).absolute())


def captions_of(
    cues: object, media: object, path: str | os.PathLike[str] | None
) -> tuple[Cues, Path | None, dict[str, str]]:
    """Return the captions, where they are to be written, and the files as they were seen."""
    file = None if path is None else user_path(path)
    if isinstance(cues, str | os.PathLike):
        file = file or user_path(cues)
        return Cues.read(cues), file, {file_key(cues): editing.fingerprint(cues)}
    if isinstance(cues, Cues):
        return cues, file, {}
    if cues is None and file is not None and file.exists():
        return Cues.read(file), file, {file_key(file): editing.fingerprint(file)}
    source = cues if cues is not None else media
    own = getattr(source, "cues", None)
    if isinstance(own, Cues):
        return own, file, {}
    if getattr(source, "words", None):
        return caption(source), file, {}  # type: ignore[arg-type]
    if cues is not None:
        raise ParameterError(
            f"{type(cues).__name__} holds no captions", subject="cues",
            cure="give Cues, the path of a caption file, or what was spoken",
        )  # fmt: skip
    return Cues(cues=()), file, {}
