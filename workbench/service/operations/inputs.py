"""What an operation is given to work on, and where it writes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.errors import MediaError, ParameterError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from workbench.service.operations.base import Context
    from workbench.storage.store import Store, StoredFile

__all__ = ["NAMES", "there", "writing"]

NAMES = {"image": "a picture", "video": "a video", "audio": "a sound"}
"""What the types of media are called in a sentence."""


def there(store: Store, file_id: str, *kinds: str) -> StoredFile:
    """Return a file of the store that is of one of some types.

    Raises
    ------
    ParameterError
        When it is no id.
    FileGone
        When there is no such file.
    MediaError
        When it is of another type.
    """
    file = store.stat(file_id)
    if file.type not in kinds:
        wanted = " or ".join(NAMES[kind] for kind in kinds)
        raise MediaError(
            f"is {NAMES[file.type]}, not {wanted}",
            subject=file.id,
            cure=f"give the id of {wanted}",
        )
    return file


def writing(context: Context) -> AbstractContextManager[Path]:
    """Return the block in which an operation writes its output, whole or not at all.

    Raises
    ------
    ParameterError
        When there is no output to write to.
    """
    if context.output is None:
        raise ParameterError("is needed", subject="output")
    return context.store.writing(context.output)
