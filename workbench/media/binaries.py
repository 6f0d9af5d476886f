"""Which ffmpeg runs: the one you name, the embedded one, or the one on PATH."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import FfmpegError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["VARIABLE", "Binary", "binaries", "check_transitions", "ffmpeg", "transitions"]

VARIABLE = "WORKBENCH_FFMPEG"
# What the graphs of this package are made of; a test reads them to see that none is forgotten.
_FILTERS = (
    "aformat", "alimiter", "ametadata", "amix", "apad", "aresample", "asetpts", "ass", "atempo",
    "atrim", "colorchannelmixer", "colorkey", "crop", "ebur128", "format", "fps", "gblur", "loop",
    "overlay", "pad", "palettegen", "paletteuse", "pan", "scale", "setparams", "setpts", "setsar",
    "split", "tpad", "trim", "volume", "xfade",
)  # fmt: skip
_ENCODERS = (
    "aac", "flac", "gif", "libx264", "mov_text", "pcm_f32le", "pcm_s16le", "png", "rawvideo",
)  # fmt: skip
_FURTHER = {"libmp3lame": ".mp3", "libvorbis": ".ogg", "libopus": ".opus"}


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
    further
        What it has not and only some work needs: encoders of sound files, and transitions.
    """

    path: Path
    origin: str
    version: str
    lacks: tuple[str, ...]
    further: tuple[str, ...] = ()

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


def check_transitions(names: Iterable[str]) -> None:
    """Raise when the ffmpeg that runs does not know a transition; those of version 5 are fewer.

    Parameters
    ----------
    names
        Some of `workbench.media.graph.TRANSITIONS`.

    Raises
    ------
    FfmpegError
        Naming the first that is not known.
    """
    asked = sorted(set(names))
    if not asked:
        return
    program = ffmpeg()
    known = transitions(program)
    for name in asked:
        if name not in known:
            raise FfmpegError(
                f"does not know the transition {name}",
                subject=str(program),
                cure="use another one, or a newer ffmpeg (6.1 knows all)",
            )


@lru_cache(maxsize=16)
def transitions(path: Path) -> frozenset[str]:
    """Return the transitions that an ffmpeg knows."""
    return frozenset(
        re.findall(r"^ {5}(\w+) +-?\d+ ", _ask(path, "-h", "filter=xfade"), re.MULTILINE)
    )


def _ask(path: Path, *arguments: str) -> str:
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


@lru_cache(maxsize=16)
def _look(path: Path, origin: str) -> Binary:
    version = re.search(r"ffmpeg version (\S+)", _ask(path, "-version"))
    if version is None:
        return Binary(path=path, origin=origin, version="", lacks=())
    # Two letters of flags in ffmpeg 8 and later, three before.
    names = set(re.findall(r"^ [TSC.]{2,3} (\w+)", _ask(path, "-filters"), re.MULTILINE))
    encoders = set(
        re.findall(r"^ [VAS][F.][S.][X.][B.][D.] (\S+)", _ask(path, "-encoders"), re.MULTILINE)
    )
    lacks = [f"filter {f}" for f in _FILTERS if f not in names]
    lacks += [f"encoder {e}" for e in _ENCODERS if e not in encoders]
    further = [f"encoder {e} ({kind})" for e, kind in _FURTHER.items() if e not in encoders]
    return Binary(
        path=path, origin=origin, version=version[1], lacks=tuple(lacks), further=tuple(further)
    )
