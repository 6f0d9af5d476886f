"""Whatever went wrong in a job, as an error that a stranger may read."""

from __future__ import annotations

import logging
import re

from workbench.errors import Cancelled, JobError, StorageFull, WorkbenchError, one_line

__all__ = ["as_error"]

log = logging.getLogger(__name__)

_PATH = re.compile(r"(?:[A-Za-z]:)?[/\\](?:[^\s'\"/\\:,;]+[/\\])+[^\s'\":,;]*")


def as_error(raised: BaseException) -> WorkbenchError:
    """Return the error of this package that says what happened, without a path of this machine.

    Parameters
    ----------
    raised
        What the work raised. What nobody expected is logged with its traceback.

    Examples
    --------
    >>> str(as_error(ValueError("bad /home/me/secret.txt")))
    'failed unexpectedly (ValueError: bad …)'
    """
    if isinstance(raised, WorkbenchError):
        return raised
    if isinstance(raised, KeyboardInterrupt):
        return Cancelled("was stopped", subject="job")
    if isinstance(raised, MemoryError):
        return JobError("ran out of memory", cure="make it smaller, or run fewer at a time")
    from workbench.disk import storage_error

    if isinstance(raised, OSError):
        full = storage_error(raised, "")
        if isinstance(full, StorageFull):
            return StorageFull("there is no space left on the disk", subject="store")
    log.error("a job failed unexpectedly", exc_info=raised)
    told = one_line(_PATH.sub("…", str(raised)), limit=200)
    kind = type(raised).__name__
    return JobError(f"failed unexpectedly ({kind}: {told})" if told else f"failed ({kind})")
