"""What a fork server loads before its first child: modules, and the weights of engines."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from workbench.errors import ModelError, ParameterError, WorkbenchError, one_line
from workbench.production.kernels import blas, processes
from workbench.production.kernels.names import HOST, checked
from workbench.production.kernels.single import OnImport

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Loaded", "load", "told"]

# All that a kernel and its first cells import; none of it starts a thread.
_KERNEL = (
    "sqlite3",
    "faulthandler",
    "tornado.platform.asyncio",
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "ipykernel.iostream",
    "ipykernel.displayhook",
    "ipykernel.debugger",
    "IPython.core.completer",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.magics",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "IPython.utils.wildcard",
    "numpy",
    "psutil",
    "pwd",
    "resource",
    "workbench.display",
)
# What torch seeds its generator with in a new process (c10, default_rng_seed_val).
_TORCH_SEED = 67280421310721
_SETTLE = 2.0  # seconds a thread that is ending may take


@dataclass
class Loaded:
    """What a child has to put back.

    Parameters
    ----------
    torch_threads
        How many torch takes by itself, 0 when it is not loaded.
    blas
        The libraries for matrices that were told to use one thread.
    """

    torch_threads: int = 0
    blas: tuple[str, ...] = ()

    def torch(self, torch: Any) -> None:
        """Let torch work in this thread alone, from now on."""
        self.torch_threads = torch.get_num_threads()
        torch.set_num_threads(1)


def load(names: Sequence[str]) -> Loaded:
    """Load the kernel's own modules, and those that were asked for.

    Raises
    ------
    WorkbenchError
        Naming what could not be loaded, or must not be forked.
    """
    os.environ[blas.VARIABLE] = "1"  # it would start its threads when it is loaded
    os.environ.setdefault(*blas.LINGER)
    # Read when OpenMP is loaded. Its threads would wait for work by counting, on processors that
    # other kernels need: the first small inference of a fork cost 0.8 s that way, and 0.06 s so.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    loaded = Loaded()
    with OnImport("torch", loaded.torch):
        for name in checked(names):
            with _named(name):
                _load_one(name)
                _check(name)
    for module in _KERNEL:
        with contextlib.suppress(ImportError):  # of another version of IPython
            importlib.import_module(module)
    if loaded.torch_threads:
        sys.modules["torch"].manual_seed(_TORCH_SEED)
    loaded.blas = blas.libraries()
    _check("the kernel")
    return loaded


def _load_one(name: str) -> None:
    from workbench.engines.registry import engine, engines

    module, _, rest = name.partition(":")
    if module in engines():
        made = engine(module)
        preload = getattr(made, "preload", None)
        if preload is not None:
            preload(rest)
        elif module == "kokoro":
            _kokoro(rest)
        elif rest:
            raise ModelError("has no weights that can be preloaded", subject=name, cure=HOST)
        return
    work: Any = importlib.import_module(module)
    for part in rest.split(".") if rest else ():
        work = getattr(work, part)
    if rest:
        work()


def _kokoro(voice: str) -> None:
    """Load the network, a language's reader and a voice, as its first sentence would."""
    from workbench.engines.kokoro import model, voices

    if Path("/dev/nvidiactl").exists() and os.environ.get("WORKBENCH_DEVICE") != "cpu":
        raise ModelError("would be loaded on CUDA, which cannot be forked", cure=HOST)
    found = voices.find(voice or "af_heart")
    model.check(found)
    folder = model.folder(found)
    model.models.get((folder, "cpu"))
    model.readers.get((found.language.code, folder)).style(found, 1)


def _check(name: str) -> None:
    """Refuse what cannot be forked."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        raise ModelError("has started CUDA, which cannot be forked", subject=name, cure=HOST)
    until = time.monotonic() + _SETTLE
    while processes.threads() != 1:
        if time.monotonic() > until:
            raise ModelError(
                f"left {processes.threads() - 1} threads running, which cannot be forked",
                subject=name,
                cure=HOST,
            )
        time.sleep(0.02)
    if processes.children(os.getpid()):
        raise ModelError("left a process running", subject=name, cure=HOST)


@contextlib.contextmanager
def _named(name: str) -> Iterator[None]:
    try:
        yield
    except WorkbenchError as error:
        error.subject = error.subject or name
        raise
    except (Exception, SystemExit) as error:
        raise ParameterError(
            f"cannot be preloaded ({type(error).__name__}: {one_line(str(error))})", subject=name
        ) from error


def told(report: TextIO, error: Exception) -> None:
    """Tell the client of an error."""
    if not isinstance(error, WorkbenchError):
        error = WorkbenchError(f"{type(error).__name__}: {one_line(str(error))}")
    with report:
        report.write(json.dumps({"error": error.to_dict()}))
