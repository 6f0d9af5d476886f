"""What this machine has of what the package needs: the report of ``workbench doctor``."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench import __version__
from workbench.engines import weights
from workbench.engines.hardware import VARIABLE as DEVICE
from workbench.engines.hardware import device_info
from workbench.engines.hardware.drivers import nvidia_driver, nvidia_library
from workbench.engines.hardware.room import LIMIT, granted, room
from workbench.engines.registry import engine, engines
from workbench.engines.weights.access import endpoint, offline, unanswered, user_token
from workbench.errors import EngineMissing, WorkbenchError
from workbench.media.binaries import binaries, ffmpeg, transitions
from workbench.media.encoders import CANDIDATES, works
from workbench.media.graph import TRANSITIONS
from workbench.storage.cache import cache_folder
from workbench.wording import file_size

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
    "dashboard": "voila",
}
# What an extra is for, where something here uses it.
_USES = {
    "kokoro": "the engine kokoro needs it",
    "chatterbox": "the engine chatterbox needs it, or a place of its own",
    "serve": "`workbench serve` needs it",
    "cluster": "`workbench batch --cluster` needs it",
    "s3": "stores in buckets need it",
    "dashboard": "pages by Voilà need it",
}
# Where JupyterLab looks for what draws widgets; without one a cell shows text, and no error.
_WIDGETS = ("@jupyter-widgets/jupyterlab-manager", "anywidget")
_ANSWER = 3.0  # seconds for the hub to answer
_LITTLE = 1_000_000_000  # bytes of memory or disk that are soon used up
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
        Encoders and devices are asked to work, engines to load, folders to be written to and the
        hub of weights to answer, which takes seconds.
    """
    return Report(
        sections={
            "system": (_python(), _pip(), _memory(), *_devices()),
            "ffmpeg": (*_programs(), *_encoders()),
            "engines": tuple(_engine(name) for name in engines()),
            "weights": (*_weights(), _hub()),
            "extras": (
                *(_extra(name, module) for name, module in _EXTRAS.items()),
                _widgets(),
            ),
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


def _pip() -> Finding:
    if find_spec("pip") is not None:
        return Finding(name="pip", state="ok", detail="installed")
    detail = "not in this environment: nothing here needs it, but adding an extra does"
    cure = "uv pip install …, or python -m ensurepip"
    return Finding(name="pip", state="absent", detail=detail, cure=cure)


def _memory() -> Finding:
    limit, free = granted(), room()
    told = f"{file_size(free)} free" + (f" of the {file_size(limit)} of {LIMIT}" if limit else "")
    if free >= _LITTLE:
        return Finding(name="memory", state="ok", detail=told)
    cure = "shut down other kernels, or stay with the voice espeak"
    return Finding(name="memory", state="absent", detail=told, cure=cure)


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
    return rows if info["gpus"] else [*rows, _no_gpu(info)]


def _no_gpu(info: dict[str, Any]) -> Finding:
    """Say where the way to a graphics card ends, from the hardware upwards."""
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES")
    torch = info["torch"]
    cure = ""
    if not nvidia_driver():
        detail = "no driver of NVIDIA is loaded: models run on the CPU, which works"
    elif not nvidia_library():
        detail = "the machine has a driver of NVIDIA, but libcuda.so.1 is not to be found here"
        cure = "start the container with --gpus all, or install the driver's libraries"
    elif hidden is not None and not hidden.strip("- 1"):
        detail = f"the driver works, and CUDA_VISIBLE_DEVICES={hidden!r} hides every card"
        cure = "unset CUDA_VISIBLE_DEVICES"
    elif torch is not None and "+cpu" in torch:
        detail = f"the driver works, and torch {torch} was built without CUDA"
        cure = "install the torch of your CUDA, see docs/gpu.md"
    else:
        what = f"torch {torch}" if torch else "CTranslate2"
        detail = f"the driver works, and {what} finds no card"
        cure = "see docs/gpu.md"
    return Finding(name="gpu", state="absent", detail=detail, cure=cure)


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


def _hub() -> Finding:
    """Ask the hub for a sign of life: where it is out of reach, no weights can be fetched."""
    closed = offline()
    if closed:
        cure = f"unset {closed} to fetch weights"
        return Finding(name="hub", state="absent", detail=f"not asked: {closed} is set", cure=cure)
    try:
        address, token = endpoint(), user_token()
    except WorkbenchError as error:
        return Finding(name="hub", state="bad", detail=str(error), cure=error.cure or "correct it")
    why = unanswered(address, _ANSWER)
    address = address.rpartition("@")[2].removeprefix("https://")  # a mirror's may hold a password
    if why:
        cure = "look at the network and HTTPS_PROXY, set HF_ENDPOINT to a mirror, or copy the "
        cure += f"models into {weights.models_folder()}"
        detail = f"{address} does not answer ({why})"
        return Finding(name="hub", state="absent", detail=detail, cure=cure)
    known = "with your token" if token else "without a token, which gated models want"
    return Finding(name="hub", state="ok", detail=f"{address} answers, {known}")


def _model(found: State) -> Finding:
    name, cure = found.model.name, found.model.command
    if found.damaged:
        file, why = found.damaged[0]
        return Finding(name=name, state="bad", detail=f"{found.folder}  {file} {why}", cure=cure)
    if found.missing:
        detail = f"{found.folder}  lacks {', '.join(found.missing)}"
        return Finding(name=name, state="absent", detail=detail, cure=cure)
    voices = f", {len(found.voices)} voices" if found.model.voices else ""
    detail = f"{found.folder}  {file_size(found.size)}{voices}"
    return Finding(name=name, state="ok", detail=detail)


def _extra(name: str, module: str) -> Finding:
    if find_spec(module) is not None:
        return Finding(name=name, state="ok", detail="installed")
    detail = f"not installed; {_USES[name]}"
    return Finding(name=name, state="absent", detail=detail, cure=_install(name))


def _install(extra: str) -> str:
    return f"pip install 'media-workbench[{extra}]'"


def _widgets() -> Finding:
    from jupyter_core.paths import jupyter_path

    folders = [Path(folder) for folder in jupyter_path("labextensions")]
    lost = [name for name in _WIDGETS if not any((folder / name).is_dir() for folder in folders)]
    if not lost:
        return Finding(name="widgets", state="ok", detail="JupyterLab finds what draws them")
    detail = f"JupyterLab does not find {' and '.join(lost)}: cells show text instead"
    cure = (
        "install this package where JupyterLab runs too: pip install anywidget jupyterlab-widgets"
    )
    return Finding(name="widgets", state="absent", detail=detail, cure=cure)


def _folder(name: str, path: Path) -> Finding:
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        detail = f"{path}  {error.strerror}"
        return Finding(name=name, state="bad", detail=detail, cure="make it writable")
    free = shutil.disk_usage(path).free
    detail = f"{path}  {file_size(free)} free"
    if free < _LITTLE:
        return Finding(name=name, state="absent", detail=detail, cure="make room: videos need it")
    return Finding(name=name, state="ok", detail=detail)
