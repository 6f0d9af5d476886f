"""Foreign pictures are opened here: quietly, in any thread, with errors that name the file."""

from __future__ import annotations

import logging
import re
import struct
import threading
import warnings
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from workbench.errors import MediaError, MediaTooLarge, WorkbenchError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.media.limits import Limits

__all__ = ["decoding"]

# What Pillow's readers raise for damage, each of them its own.
_DAMAGE = (
    OSError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, EOFError,
    AttributeError, MemoryError, struct.error, Warning,
)  # fmt: skip
_BOMB = re.compile(r"\((\d+) pixels\) exceeds limit of (\d+)")


class _Quiet(threading.local):
    """A warning filter's pattern: it matches everything in a thread that decodes, and only there.

    ``warnings.catch_warnings`` is for one thread: it puts the process's filters back as they were
    when it was entered, whatever others have done to them since.
    """

    depth = 0

    def match(self, _: str) -> bool:
        return self.depth > 0


_quiet = _Quiet()
_FILTER: Any = ("ignore", _quiet, Warning, None, 0)
_lock = threading.Lock()
# Without a handler, Python writes what Pillow logs of damage on the terminal.
logging.getLogger("PIL").addHandler(logging.NullHandler())


@contextmanager
def decoding(path: object, limits: Limits) -> Iterator[None]:
    """Have Pillow read a file within the block; what it raises is an error that names the file.

    Its warnings, of odd tags and of many pixels, are for whoever develops with it: here they
    reach nobody, whatever filters a process has, and those filters stay as they are for others.

    Parameters
    ----------
    path
        The file to name.
    limits
        What a picture may be at most, for the error that names them: Pillow has a limit of its own.

    Raises
    ------
    MediaTooLarge
        When a picture is beyond Pillow's limit on pixels.
    MediaError
        When it is damaged.
    """
    from PIL import Image

    with _lock:  # our pattern stays there; whoever puts the filters back may have taken it out
        filters: Any = warnings.filters
        if filters[:1] != [_FILTER]:
            with suppress(ValueError):
                filters.remove(_FILTER)
            filters.insert(0, _FILTER)
    _quiet.depth += 1
    try:
        yield
    except WorkbenchError:
        raise
    except Image.DecompressionBombError as error:
        found = _BOMB.search(str(error))
        pixels, most = (int(n) for n in found.groups()) if found else (0, 0)
        raise MediaTooLarge(
            f"has {pixels / 1e6:,.0f} megapixels, over the limit of "
            f"{min(most, limits.pixels) / 1e6:,.0f}",
            subject=str(path),
            cure="scale it down first",
        ) from error
    except _DAMAGE as error:
        raise MediaError(
            "is damaged: its pixels cannot be read", subject=str(path), cure="make it again"
        ) from error
    finally:
        _quiet.depth -= 1
