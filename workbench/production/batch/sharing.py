"""Models that all kernels of a batch share: loaded once before the fork, or by a host beside them.

What computes on torch and a processor is loaded into the fork server, and its memory is shared.
What must not exist before a fork (CTranslate2, CUDA) is loaded by a model host, which serves every
kernel.
"""

from __future__ import annotations

import contextlib
import os
import re
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.engines.host import ModelHost
from workbench.errors import WorkbenchError
from workbench.production.kernels import KERNEL
from workbench.production.kernels.spec import PRELOAD

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from workbench.production.batch.task import Task

__all__ = ["preload", "sharing"]

_VOICE = re.compile(r"kokoro:[a-z]{2}_[a-z0-9]+")
# What a notebook says that has something recognised.
_HEARS = re.compile(r"transcribe|whisper|\balign\b|\bstt\b")
_CUDA = Path("/dev/nvidiactl")


@contextlib.contextmanager
def sharing(tasks: Sequence[Task], wanted: Sequence[str] = ()) -> Iterator[dict[str, str]]:
    """Yield the variables by which the kernels of some jobs find the models they share.

    Parameters
    ----------
    tasks
        The jobs.
    wanted
        What the fork server loads besides, see `workbench.production.kernels.preload`.
    """
    forked = [task for task in tasks if task.kernel == KERNEL]
    if not forked:
        yield {}
        return
    names = dict.fromkeys([*wanted, *preload(forked)])
    variables = {PRELOAD: ",".join(names)} if names else {}
    with contextlib.ExitStack() as stack:
        if _hosted(forked):
            variables |= stack.enter_context(ModelHost.start()).variables()
        yield variables


def preload(tasks: Iterable[Task]) -> tuple[str, ...]:
    """Return the voices whose weights are worth loading before the fork: Kokoro's, on a processor.

    One voice of each language; the others of it share all but a small file. What is not installed,
    or not here, is left out: the cell that asks for it says what is missing.
    """
    if find_spec("kokoro") is None or find_spec("torch") is None or _cuda():
        return ()
    found: dict[str, str] = {}
    for task in tasks:
        for text in _texts(task.values):
            for voice in _VOICE.findall(text):
                found.setdefault(voice[: len("kokoro:a")], voice)
    return tuple(voice for voice in found.values() if _here(voice))


def _here(voice: str) -> bool:
    from workbench.engines.kokoro import model, voices

    try:
        there = voices.find(voice.partition(":")[2])
        model.check(there)
        model.folder(there)
    except WorkbenchError:
        return False
    return True


def _hosted(tasks: Iterable[Task]) -> bool:
    """Whether any job has something recognised, or computes on CUDA."""
    if os.environ.get("WORKBENCH_MODEL_HOST"):  # there is one already
        return False
    notebooks = {task.notebook for task in tasks}
    texts = [Path(path).read_text(encoding="utf-8") for path in notebooks if Path(path).is_file()]
    texts += [text for task in tasks for text in _texts(task.values) if len(text) < 100]  # noqa: PLR2004
    if any(_HEARS.search(text) for text in texts):
        return True
    neural = ("kokoro:", "chatterbox:")
    return _cuda() and any(text.startswith(neural) for text in texts)


def _cuda() -> bool:
    return _CUDA.exists() and os.environ.get("WORKBENCH_DEVICE") != "cpu"


def _texts(value: Any) -> Iterator[str]:
    """Yield the texts in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
