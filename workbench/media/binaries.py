"""Which ffmpeg runs: the one you name, the embedded one, or the one on PATH."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from workbench.errors import FfmpegError

__all__ = ["VARIABLE", "Binary", "binaries", "ffmpeg"]

VARIABLE = "WORKBENCH_FFMPEG"
_NEEDED = ("ass", "setparams", "scale", "crop", "gblur", "overlay")


@dataclass(frozen=True, kw_only=True)
class Binary:
    """An ffmpeg program that was found.

    Parameters
    ----------
    path
        Where it is.
    origin
        ``WORKBENCH_FFMPEG``, ``embedded`` or ``PATH``.
    version
        What it calls itself; empty when it does not run.
    lacks
        Filters and encoders this package needs and it has not.
    """

    path: Path
    origin: str
    version: str
    lacks: tuple[str, ...]

    @property
    def usable(self) -> bool:
        """Whether it runs and has all that is needed."""
        return bool(self.version) and not self.lacks


def ffmpeg() -> Path:
    """Return the ffmpeg to run.

    ``WORKBENCH_FFMPEG`` is final: when it is set to something that does not run, that is an error
    and not a reason to run something else.

    Raises
    ------
    FfmpegError
        When there is none, or the one that is named cannot be used.
    """
    for path, origin in _candidates(os.environ.get(VARIABLE, ""), os.environ.get("PATH", "")):
        found = _look(path, origin)
        if found.usable:
            return found.path
        if origin == VARIABLE:
            problem = f"lacks {', '.join(found.lacks)}" if found.version else "does not run"
            raise FfmpegError(problem, subject=f"{VARIABLE}={path}", cure=f"unset {VARIABLE}")
    raise FfmpegError(
        "there is none on this machine that has all that is needed",
        subject="ffmpeg",
        cure="pip install 'imageio-ffmpeg>=0.8', or set WORKBENCH_FFMPEG to a full build",
    )


def binaries() -> tuple[Binary, ...]:
    """Return every ffmpeg in the order in which they are tried."""
    found = _candidates(os.environ.get(VARIABLE, ""), os.environ.get("PATH", ""))
    return tuple(_look(path, origin) for path, origin in found)


@lru_cache(maxsize=8)
def _candidates(named: str, search: str) -> tuple[tuple[Path, str], ...]:
    found: list[tuple[Path, str]] = []
    if named:
        found.append((Path(shutil.which(named) or named), VARIABLE))
    embedded = _embedded()
    if embedded is not None:
        found.append((embedded, "embedded"))
    on_path = shutil.which("ffmpeg", path=search)
    if on_path:
        found.append((Path(on_path), "PATH"))
    return tuple(found)


def _embedded() -> Path | None:
    """Return the program inside imageio-ffmpeg; its own look-up also searches elsewhere."""
    from importlib.util import find_spec

    spec = find_spec("imageio_ffmpeg")
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(spec.submodule_search_locations[0]) / "binaries"
    programs = sorted(p for p in folder.glob("ffmpeg*") if os.access(p, os.X_OK) and p.is_file())
    return programs[-1] if programs else None


@lru_cache(maxsize=16)
def _look(path: Path, origin: str) -> Binary:
    def ask(*arguments: str) -> str:
        try:
            done = subprocess.run(
                [path, "-hide_banner", *arguments],
                capture_output=True,
                stdin=subprocess.DEVNULL,
                timeout=20,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
        return done.stdout.decode(errors="replace") if done.returncode == 0 else ""

    version = re.search(r"ffmpeg version (\S+)", ask("-version"))
    if version is None:
        return Binary(path=path, origin=origin, version="", lacks=())
    # Two letters of flags in ffmpeg 8 and later, three before.
    names = set(re.findall(r"^ [TSC.]{2,3} (\w+)", ask("-filters"), re.MULTILINE))
    encoders = set(re.findall(r"^ [VAS][F.][S.][X.][B.][D.] (\S+)", ask("-encoders"), re.MULTILINE))
    lacks = [f"filter {f}" for f in _NEEDED if f not in names]
    lacks += [f"encoder {e}" for e in ("libx264", "aac") if e not in encoders]
    return Binary(path=path, origin=origin, version=version[1], lacks=tuple(lacks))
