"""What this machine has of what the package needs: the report of ``workbench doctor``."""

from __future__ import annotations

import platform
import tempfile
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench import __version__
from workbench.engines import weights
from workbench.engines.hardware import VARIABLE as DEVICE
from workbench.engines.hardware import device_info
from workbench.engines.registry import engine, engines
from workbench.errors import EngineMissing, WorkbenchError
from workbench.media.binaries import binaries, ffmpeg, transitions
from workbench.media.encoders import CANDIDATES, works
from workbench.media.graph import TRANSITIONS
from workbench.storage.cache import cache_folder

if TYPE_CHECKING:
    from workbench.engines.weights import State

__all__ = ["Finding", "Report", "examine"]

# Extras and the module that shows whether one is installed.
_EXTRAS = {
    "kokoro": "kokoro",
    "chatterbox": "chatterbox",
    "serve": "fastapi",
    "cluster": "distributed",
    "s3": "s3fs",
}
# What an extra is for, where something here uses it.
_USES = {
    "kokoro": "the engine kokoro needs it",
    "chatterbox": "the engine chatterbox needs it, or a place of its own",
}
# Which of an engine's models to begin with, where that is not the first.
_GET = {"whisper": "workbench models pull whisper-small"}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at.

    Parameters
    ----------
    name
        What it is.
    state
        ``ok``, ``absent`` (optional and not there) or ``bad`` (needed and not working).
    detail
        What was found.
    cure
        What to do, empty when there is nothing to do.
    """

    name: str
    state: str
    detail: str
    cure: str = ""


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything that was looked at, by section.

    Examples
    --------
    >>> report = Report(sections={"extras": (Finding(name="s3", state="absent", detail="none"),)})
    >>> report.healthy
    True
    >>> print(report.text())
    extras
      · s3                 none
    """

    sections: dict[str, tuple[Finding, ...]] = field(default_factory=dict)

    @property
    def healthy(self) -> bool:
        """Whether everything that is needed works."""
        return all(f.state != "bad" for rows in self.sections.values() for f in rows)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        sections = {name: [vars(f) for f in rows] for name, rows in self.sections.items()}
        return {"healthy": self.healthy, **sections}

    def text(self) -> str:
        """Return it for a person to read."""
        marks = {"ok": "✓", "absent": "·", "bad": "✗"}
        lines = []
        for name, rows in self.sections.items():
            lines.append(name)
            for row in rows:
                cure = f"  → {row.cure}" if row.cure else ""
                lines.append(f"  {marks[row.state]} {row.name:<18} {row.detail}{cure}")
        return "\n".join(lines)


def examine() -> Report:
    """Look at ffmpeg and its encoders, the engines and their voices, extras, device and folders.

    Returns
    -------
    Report
        In sections ``system``, ``ffmpeg``, ``engines``, ``weights``, ``extras`` and ``folders``.
        Encoders and devices are asked to work, engines to load and folders to be written to, which
        takes seconds.
    """
    return Report(
        sections={
            "system": (_python(), *_devices()),
            "ffmpeg": (*_programs(), *_encoders()),
            "engines": tuple(_engine(name) for name in engines()),
            "weights": tuple(_weights()),
            "extras": tuple(_extra(name, module) for name, module in _EXTRAS.items()),
            "folders": tuple(
                _folder(name, path)
                for name, path in (
                    ("working folder", Path.cwd()),
                    ("temporary files", Path(tempfile.gettempdir())),
                    ("take cache", cache_folder()),
                )
            ),
        }
    )


def _python() -> Finding:
    text = f"Python {platform.python_version()}, media-workbench {__version__}"
    return Finding(name="python", state="ok", detail=text)


def _devices() -> list[Finding]:
    info = device_info()
    share = f" of {info['cores']}" if info["threads"] != info["cores"] else ""
    limit = f", limited to {info['quota']:g} by the control group" if info["quota"] else ""
    torch = f"torch {info['torch']}" if info["torch"] else "no torch"
    where = f"{info['threads']}{share} threads{limit}, {torch}, {info['platform']}"
    if info["problem"]:
        cure = f"correct {DEVICE} or the variables for threads, or take them away"
        detail = f"{info['problem']} ({where})"
        rows = [Finding(name="device", state="bad", detail=detail, cure=cure)]
    else:
        rows = [Finding(name="device", state="ok", detail=f"{info['device']}, {where}")]
    for gpu in info["gpus"]:
        memory = f", {gpu['memory'] / (1 << 30):.1f} GiB" if gpu["memory"] else ""
        rows.append(
            Finding(
                name=gpu["device"],
                state="absent" if gpu["problem"] else "ok",
                detail=gpu["problem"] or f"{gpu['name']}{memory}, computes",
            )
        )
    return rows


def _programs() -> list[Finding]:
    try:
        chosen: Path | None = ffmpeg()
        trouble = ""
    except WorkbenchError as error:
        chosen, trouble = None, str(error)
    rows = []
    for binary in binaries():
        detail = f"{binary.version or 'does not run'}  {binary.path}"
        if binary.lacks:
            detail += f"  lacks {', '.join(binary.lacks)}"
        if binary.further:
            detail += f"  without {', '.join(binary.further)}"
        known = transitions(binary.path) if binary.usable else frozenset()
        unknown = [name for name in TRANSITIONS if name not in known]
        if known and unknown:
            detail += f"  without {len(unknown)} transitions, such as {unknown[0]}: of ffmpeg 6.1"
        used = " (in use)" if binary.path == chosen else ""
        state = "ok" if binary.usable else "absent"
        rows.append(Finding(name=binary.origin, state=state, detail=detail + used))
    if chosen is None:
        cure = "pip install 'imageio-ffmpeg>=0.8'"
        rows.append(Finding(name="ffmpeg", state="bad", detail=trouble, cure=cure))
    return rows


def _encoders() -> list[Finding]:
    rows = []
    for name in CANDIDATES:
        try:
            why = works(name)
        except WorkbenchError as error:
            why = error.problem
        needed = name == "libx264"
        state = "ok" if not why else "bad" if needed else "absent"
        rows.append(Finding(name=name, state=state, detail=why.split(" | ")[0] or "encodes"))
    return rows


def _engine(name: str) -> Finding:
    try:
        found = engine(name)
        count = len(found.voices())
        languages = len({voice.language for voice in found.voices()})
    except EngineMissing as error:  # an extra that nobody has asked for is no fault
        return Finding(name=name, state="absent", detail=error.problem, cure=error.cure)
    except WorkbenchError as error:
        return Finding(name=name, state="bad", detail=error.problem, cure=error.cure)
    detail = f"{found.version}, {count} voices, {languages} languages"
    return Finding(name=name, state="ok", detail=detail)


def _weights() -> list[Finding]:
    """Return what is here of models; a damaged one is a fault, one nobody fetched is not."""
    found = [weights.state(model) for model in weights.models()]
    rows = [_model(one) for one in found if one.state != "absent"]
    for engine_name in dict.fromkeys(one.model.engine for one in found):
        if not any(one.model.engine == engine_name and one.files for one in found):
            first = next(one for one in found if one.model.engine == engine_name)
            rows.append(
                Finding(
                    name=engine_name,
                    state="absent",
                    detail=f"none of its models is in {first.folder.parent}",
                    cure=_GET.get(engine_name, first.model.command),
                )
            )
    return rows


def _model(found: State) -> Finding:
    name, cure = found.model.name, found.model.command
    if found.damaged:
        file, why = found.damaged[0]
        return Finding(name=name, state="bad", detail=f"{found.folder}  {file} {why}", cure=cure)
    if found.missing:
        detail = f"{found.folder}  lacks {', '.join(found.missing)}"
        return Finding(name=name, state="absent", detail=detail, cure=cure)
    voices = f", {len(found.voices)} voices" if found.model.voices else ""
    detail = f"{found.folder}  {found.size / 1e6:,.0f} MB{voices}"
    return Finding(name=name, state="ok", detail=detail)


def _extra(name: str, module: str) -> Finding:
    if find_spec(module) is not None:
        return Finding(name=name, state="ok", detail="installed")
    use = _USES.get(name)
    if use is None:
        return Finding(name=name, state="absent", detail="not installed; nothing here needs it yet")
    detail = f"not installed; {use}"
    return Finding(name=name, state="absent", detail=detail, cure=_install(name))


def _install(extra: str) -> str:
    return f"pip install 'media-workbench[{extra}]'"


def _folder(name: str, path: Path) -> Finding:
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        detail = f"{path}  {error.strerror}"
        return Finding(name=name, state="bad", detail=detail, cure="make it writable")
    return Finding(name=name, state="ok", detail=str(path))
