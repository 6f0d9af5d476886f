"""What to do when a device's memory is full: try again with less, and say so."""

from __future__ import annotations

import gc
import logging
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from workbench.errors import DeviceError, one_line

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Outcome", "is_out_of_memory", "release", "run_with_fallback"]

log = logging.getLogger(__name__)

T = TypeVar("T")

# What the libraries say: torch on CUDA and MPS and CTranslate2 ("out of memory"), cuBLAS and cuDNN
# (…_ALLOC_FAILED), torch on the CPU ("can't allocate memory", "not enough memory").
_SAYS = re.compile(
    r"out of memory|_ALLOC_FAILED|can't allocate memory|not enough memory", re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True)
class Outcome(Generic[T]):
    """What came of a piece of work, and where.

    Parameters
    ----------
    value
        What the work returned.
    device
        Where it ran.
    batch
        How many pieces went at a time.
    notes
        What went otherwise than asked, a sentence each: for the warnings of a take.
    """

    value: T
    device: str
    batch: int
    notes: tuple[str, ...] = ()


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error of torch or CTranslate2 says that the memory is full.

    Examples
    --------
    >>> is_out_of_memory(RuntimeError("CUDA failed with error out of memory"))
    True
    >>> is_out_of_memory(RuntimeError("CUDA error: no kernel image is available"))
    False
    """
    if isinstance(error, MemoryError):
        return True
    kinds = {kind.__name__ for kind in type(error).__mro__}
    return "OutOfMemoryError" in kinds or (
        isinstance(error, RuntimeError) and _SAYS.search(str(error)) is not None
    )


def release() -> None:
    """Give memory that nothing holds back to the system and the devices."""
    gc.collect()
    torch: Any = sys.modules.get("torch")  # where nobody loaded it there is nothing to free
    if torch is None or not hasattr(torch, "cuda"):
        return
    if torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    if hasattr(torch, "mps") and torch.backends.mps.is_available():
        torch.mps.empty_cache()


def run_with_fallback(
    work: Callable[[str, int], T],
    *,
    device: str,
    batch: int = 1,
    cpu: bool = True,
    free: Callable[[], None] | None = None,
) -> Outcome[T]:
    """Do `work` on `device`; where its memory is full, again with less, at last on the CPU.

    The order is: as asked; the same once more after the memory was freed; half the batch, and half
    of that, down to 1; the CPU. Nothing is kept from one call to the next: a device that was full
    once is the first choice again.

    Parameters
    ----------
    work
        Called with the device and the size of a batch.
    device
        Where to begin.
    batch
        How many pieces at a time to begin with, at least 1.
    cpu
        Whether the CPU may do it in the end.
    free
        Called before every further try: gives up what the caller can do without.

    Returns
    -------
    Outcome
        With the device that ran it and a note when that is not what was asked.

    Raises
    ------
    DeviceError
        When every try ran out of memory.
    Exception
        Any other error of `work`, at once.

    Examples
    --------
    >>> def work(device, batch):
    ...     if device != "cpu":
    ...         raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
    ...     return "done"
    >>> outcome = run_with_fallback(work, device="cuda:0", batch=2)
    >>> outcome.value, outcome.device, outcome.notes
    ('done', 'cpu', ('cuda:0 was out of memory: made on the CPU instead, which is slower',))
    """
    said = ""
    for attempt, (where, size) in enumerate(_tries(device, max(1, batch), cpu=cpu)):
        if attempt:
            if free is not None:
                free()
            release()
        # Outside of the handler there is no traceback left that would hold the frames of the work,
        # and so its tensors, in memory while it is tried again.
        try:
            value = work(where, size)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            said = one_line(str(error) or type(error).__name__, limit=200)
        else:
            notes = _notes(device, batch, where, size) if attempt else ()
            return Outcome(value=value, device=where, batch=size, notes=notes)
        log.warning("out of memory on %s with a batch of %d: %s", where, size, said)
    release()
    raise DeviceError(
        f"is out of memory ({said})",
        subject=device,
        cure="end other programs that use it, take a smaller model"
        + ("" if cpu or device == "cpu" else ", or allow the CPU"),
    )


def _tries(device: str, batch: int, *, cpu: bool) -> list[tuple[str, int]]:
    sizes = [batch]
    while sizes[-1] > 1:
        sizes.append(sizes[-1] // 2)
    tries = [(device, batch), *((device, size) for size in sizes)]
    if cpu and device != "cpu":
        tries.append(("cpu", 1))
    return tries


def _notes(device: str, batch: int, where: str, size: int) -> tuple[str, ...]:
    if where != device:
        return (f"{device} was out of memory: made on the CPU instead, which is slower",)
    if size != batch:
        return (f"{device} was out of memory: made {size} at a time instead of {batch}",)
    return (f"{device} was out of memory: made at the second try, after memory was freed",)
