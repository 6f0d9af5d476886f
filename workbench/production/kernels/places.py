"""Where fork servers are found: a private folder, and in it a socket for each kind of server."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import socket
import stat
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "FOLDER",
    "IDLE",
    "Kind",
    "can_fork",
    "described",
    "folder",
    "kernel_sockets",
    "longest_socket",
    "remove_sockets",
    "settled",
    "sweep",
]

FOLDER = "WORKBENCH_KERNELS"
"""The variable that names another folder for the sockets."""
IDLE = "WORKBENCH_KERNEL_IDLE"
"""The variable that says after how many minutes without a kernel a server ends itself."""

_PROTOCOL = 1
_KERNEL = "k-"  # how the sockets of kernels begin
_FRESH = 60.0  # seconds
_SOCKET = 107  # bytes of a socket's path, on Linux
# What is read once, when Python or a library is loaded: a server can only serve who agrees on it.
_PREFIXES = (
    "PYTHON",
    "LD_",
    "LC_",
    "OMP_",
    "MKL_",
    "KMP_",
    "GOMP_",
    "OPENBLAS_",
    "HF_",
    "TORCH_",
    "PYTORCH_",
    "TRANSFORMERS_",
    "CUDA_",
)
_NAMES = {
    "HOME",
    "LANG",
    "LANGUAGE",
    "TZ",
    "VIRTUAL_ENV",
    "XDG_CACHE_HOME",
    "XDG_DATA_HOME",
    "WORKBENCH_DEVICE",
    "WORKBENCH_MODELS",
    "WORKBENCH_THREADS",
    IDLE,
}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What one server has loaded; who wants the same is served by the same.

    Parameters
    ----------
    python
        The interpreter and its options.
    preload
        What is loaded besides the kernel itself.
    variables
        The part of the environment that is read when things are loaded.

    Examples
    --------
    >>> kind = Kind.of(["python3"], (), {"HF_HOME": "/models", "JOB": "17"})
    >>> kind.variables
    (('HF_HOME', '/models'),)
    >>> Kind.from_json(kind.to_json()) == kind
    True
    """

    python: tuple[str, ...]
    preload: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(
        cls, python: list[str], preload: tuple[str, ...], environment: Mapping[str, str]
    ) -> Kind:
        """Return the kind of server that is right for an environment."""
        return cls(
            python=tuple(python),
            preload=tuple(dict.fromkeys(preload)),
            variables=tuple(sorted((n, v) for n, v in environment.items() if settled(n))),
        )

    @property
    def name(self) -> str:
        """What its files are called."""
        said = json.dumps([_PROTOCOL, self.python, self.preload, self.variables])
        return hashlib.sha256(said.encode("utf-8", "surrogateescape")).hexdigest()[:12]

    def to_json(self) -> str:
        """Return it as text, for a command line."""
        return json.dumps([self.python, self.preload, self.variables])

    @classmethod
    def from_json(cls, text: str) -> Kind:
        """Return the kind that `to_json` wrote."""
        python, preload, variables = json.loads(text)
        return cls(
            python=tuple(python),
            preload=tuple(preload),
            variables=tuple((str(n), str(v)) for n, v in variables),
        )


def settled(name: str) -> bool:
    """Whether a variable is read when Python or a library is loaded, and so settled for a server.

    Examples
    --------
    >>> settled("HF_HOME"), settled("WORKBENCH_PROGRESS")
    (True, False)
    """
    return name in _NAMES or name.startswith(_PREFIXES)


def kernel_sockets() -> str:
    """Return how the sockets of a new kernel begin.

    Raises
    ------
    StorageError
        As `folder`.
    """
    return str(folder() / f"{_KERNEL}{secrets.token_hex(8)}")


def folder() -> Path:
    """Return the folder of the sockets, made if it is not there; only this user may enter it.

    Raises
    ------
    StorageError
        When it is somebody else's, or open to others.
    """
    named = os.environ.get(FOLDER)
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if named:
        path = Path(named).absolute()
    elif runtime and _private(Path(runtime)):
        path = Path(runtime) / "workbench-kernels"
    else:
        path = Path(tempfile.gettempdir()) / f"workbench-kernels-{os.getuid()}"
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _refused(path, f"cannot be made ({error.strerror})") from error
    if not _private(path):
        raise _refused(path, "is not a folder that only you may enter")
    if len(os.fsencode(path)) + 1 + _LONGEST_NAME > _SOCKET:
        raise _refused(path, "is too long a path for a socket")
    return path


def remove_sockets(place: Path, start: str) -> None:
    """Remove the sockets of a kernel whose paths begin with `start`, if they are in that folder."""
    path = Path(start)
    if path.parent == place and path.name.startswith(_KERNEL):
        for found in place.glob(f"{path.name}-*"):
            found.unlink(missing_ok=True)


def sweep(place: Path) -> None:
    """Remove the sockets of kernels that nobody listens to any more."""
    for found in place.glob(f"{_KERNEL}*"):
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as channel:
            if time.time() - found.stat().st_mtime < _FRESH:
                continue  # it may be about to be listened to
            try:
                channel.settimeout(1)
                channel.connect(str(found))
            except ConnectionRefusedError:
                found.unlink()


_LONGEST_NAME = len("k-0123456789abcdef-99")


def longest_socket() -> int:
    """Return how many bytes the path of a socket may have."""
    return _SOCKET


def _private(path: Path) -> bool:
    try:
        state = path.lstat()
    except OSError:
        return False
    return (
        stat.S_ISDIR(state.st_mode)
        and state.st_uid == os.getuid()
        and not stat.S_IMODE(state.st_mode) & 0o077
    )


def _refused(path: Path, problem: str) -> StorageError:
    return StorageError(problem, subject=str(path), cure=f"name another folder in {FOLDER}")


@lru_cache(maxsize=1)
def can_fork() -> bool:
    """Whether this system has what a fork server needs."""
    return sys.platform == "linux" and all(
        hasattr(os, name) for name in ("fork", "pidfd_open", "killpg")
    )


def described(kind: Kind) -> dict[str, Any]:
    """Return what a kind is, for a person."""
    return {"name": kind.name, "python": " ".join(kind.python), "preload": list(kind.preload)}
