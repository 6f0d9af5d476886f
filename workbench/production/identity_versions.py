"""What a file's bytes depend on besides its inputs: the tools' versions, and the machine."""

from __future__ import annotations

import functools
import hashlib
import os
import platform
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ENGINES", "engine_version", "machine_facts", "sources_digest", "versions"]

ENGINES = ("espeak", "kokoro", "chatterbox")
"""The engines whose weights' digests are cheap to know: no process and no server is asked."""

_PACKAGES = (
    "numpy", "opencv-python-headless", "soxr", "soundfile", "pysubs2", "pillow", "fonttools",
    "faster-whisper", "ctranslate2", "av", "kokoro", "torch", "chatterbox-tts", "papermill",
)  # fmt: skip
_ASIDE = {"__pycache__", "notebooks", "widgets"}  # of them no byte of an output depends
_SAMPLES, _SAMPLE = 64, 4_096  # parts of a program that are read to know it again, and their bytes


def versions(engines: Iterable[str] = ()) -> dict[str, str]:
    """Return the versions of everything that makes bytes, by name.

    Parameters
    ----------
    engines
        Which engines' weights count too.

    Examples
    --------
    >>> sorted(versions())[-1]
    'workbench'
    """
    found = dict(_constant())
    for name in sorted({"espeak", *engines}):
        told = engine_version(name)
        if told:
            found[f"{name} engine"] = told
    return found


@functools.cache
def _constant() -> dict[str, str]:
    import workbench

    found = {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "workbench": f"{workbench.__version__}+{sources_digest()[:12]}",
    }
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found | {"ffmpeg": _ffmpeg()}


@functools.cache
def sources_digest() -> str:
    """Return the sha256 of this package's own files: an editable checkout has no version."""
    import workbench

    folder = Path(workbench.__file__).parent
    hashed = hashlib.sha256()
    for root, names, files in os.walk(folder):
        names[:] = sorted(set(names) - _ASIDE)
        for name in sorted(files):
            file = Path(root, name)
            data = file.read_bytes()
            hashed.update(f"{file.relative_to(folder).as_posix()}\0{len(data)}\0".encode())
            hashed.update(data)
    return hashed.hexdigest()


def _ffmpeg() -> str:
    """Return the version of the program that runs, and what tells it from another build."""
    from workbench.media.binaries import binaries, ffmpeg

    try:
        path = ffmpeg()
        version = next(each.version for each in binaries() if each.path == path)
        return f"{version}+{_sampled(path)[:12]}"
    except (WorkbenchError, OSError):
        return "none"


def _sampled(path: Path) -> str:
    """Return a digest of a program's size and of parts of it: the whole is 170 MB."""
    size = path.stat().st_size
    hashed = hashlib.sha256(str(size).encode())
    with path.open("rb") as stream:
        for index in range(_SAMPLES):
            stream.seek(max(0, size - _SAMPLE) * index // (_SAMPLES - 1))
            hashed.update(stream.read(_SAMPLE))
    return hashed.hexdigest()


def engine_version(name: str) -> str:
    """Return an engine's version with the digests of its weights; empty where it is not there."""
    from workbench.engines.registry import engine

    if name not in ENGINES:
        return ""
    try:
        return engine(name).version
    except (WorkbenchError, OSError):
        return ""


@functools.cache
def machine_facts() -> dict[str, str | int]:
    """Return what can make another machine's bytes differ: its kind, its processor, its threads.

    Encoders and matrix libraries choose their code by the processor's features, and divide some
    work by the number of threads. The machine's name is not told.
    """
    from workbench.processors import threads

    model, flags = platform.processor(), ""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                model = value.strip()
            elif name.strip() in {"flags", "Features"}:
                flags = " ".join(sorted(value.split()))
                break
    except OSError:  # no such file outside Linux
        pass
    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "processor": model,
        "features": hashlib.sha256(flags.encode()).hexdigest()[:12] if flags else "",
        "threads": threads(),
    }
