"""Where models run: CUDA, then MPS, then the CPU, and whether that really works.

A GPU that is listed need not compute: a driver may be too old, or a build of torch may lack the
kernels of a card, which a program without a probe learns in the middle of its work ("no kernel
image is available"). So a device is asked to multiply a few numbers before it is chosen.
"""

from __future__ import annotations

import contextlib
import logging
import os
import platform
import re
import sys
import threading
import warnings
from importlib.util import find_spec
from typing import Any

from workbench.engines.hardware.memory import (
    Outcome,
    is_out_of_memory,
    release,
    run_with_fallback,
)
from workbench.engines.hardware.room import make_sure
from workbench.errors import DeviceError, ModelError, ParameterError, WorkbenchError, one_line
from workbench.processors import cores, quota, threads

__all__ = [
    "VARIABLE",
    "Outcome",
    "chance",
    "choose",
    "device_info",
    "is_out_of_memory",
    "make_sure",
    "prepare_torch",
    "quiet",
    "release",
    "run_with_fallback",
    "threads",
]

log = logging.getLogger(__name__)

VARIABLE = "WORKBENCH_DEVICE"
"""The environment variable that names the device."""

chance = threading.Lock()
"""Held while a model draws from torch's generator, which belongs to the process: whoever speaks at
the same time would change the seed's result."""

quiet = threading.RLock()
"""Held while warnings are filtered: the filters belong to the process, and `catch_warnings` puts
back those that it found, so that of two at the same time the later one keeps the other's for good.
Whoever needs `chance` as well takes this one first."""

_CPU = "cpu"
_NAME = re.compile(r"(auto|cpu|gpu|mps|cuda)(?::(\d{1,3}))?", re.ASCII)
_OLDEST = (2, 6)  # CVE-2025-32434: older ones run code from weights, also with weights_only
_lock = threading.Lock()
_probed: dict[tuple[str, str], str] = {}  # library and device: why it does not work, or ""
_threads_set: list[int] = []  # what torch was told last


def choose(wanted: str | None = None, *, library: str | None = None) -> str:
    """Return the device to run on, tried out.

    Parameters
    ----------
    wanted
        ``auto`` or None for the best that works, ``cpu``, ``cuda`` (the first that works),
        ``cuda:1``, ``mps``, or ``gpu`` (either). Without it, `VARIABLE` is asked.
    library
        What will compute: ``torch`` or ``ctranslate2``, which knows no MPS. Without it, torch where
        it is installed.

    Returns
    -------
    str
        ``cuda:0``, ``cuda:1`` …, ``mps`` or ``cpu``.

    Raises
    ------
    ParameterError
        When there is no device of that kind anywhere.
    DeviceError
        When the one that was asked for does not work, with the reason and what there is.

    Examples
    --------
    >>> choose("cpu")
    'cpu'
    >>> choose("tpu")
    Traceback (most recent call last):
    workbench.errors.ParameterError: device: is cpu, cuda, cuda:1, mps, gpu or auto, not 'tpu'; ...
    """
    source = "device"
    if wanted is None and os.environ.get(VARIABLE, "").strip():
        source, wanted = VARIABLE, os.environ[VARIABLE]
    name = "auto" if wanted is None else str(wanted).strip().lower() or "auto"
    match = _NAME.fullmatch(name)
    if match is None or (match[2] and match[1] in {"auto", "gpu"}):
        raise ParameterError(
            f"is cpu, cuda, cuda:1, mps, gpu or auto, not {wanted!r}",
            subject=source,
            cure=f"here there {_what_there_is(_library(library))}",
        )
    kind, index = match[1], match[2]
    if kind == _CPU:
        return _CPU
    return _chosen(kind, index, _library(library), name, source)


def _chosen(kind: str, index: str | None, library: str, name: str, source: str) -> str:
    kinds = {"auto": ("cuda", "mps"), "gpu": ("cuda", "mps")}.get(kind, (kind,))
    reasons = []
    for one in kinds:
        devices, why = _listed(one, library)
        if index is not None and one == "cuda":
            asked = f"cuda:{int(index)}"
            why = why or f"there is no {asked}"
            devices = [device for device in devices if device == asked]
        if not devices:
            reasons.append(why)
        for device in devices:
            trouble = _probe(device, library)
            if not trouble:
                return device
            reasons.append(f"{device} fails: {trouble}")
            if kind == "auto":
                log.warning("%s is not used: %s", device, trouble)
    if kind == "auto":
        return _CPU
    raise DeviceError(
        f"cannot be used ({'; '.join(reasons)})",
        subject=name if source == "device" else f"{source}={name}",
        cure=f"here there {_what_there_is(library)}",
    )


def _library(asked: str | None) -> str:
    return asked or ("torch" if find_spec("torch") is not None else "ctranslate2")


def _what_there_is(library: str) -> str:
    """Return the devices that work, as the end of a sentence."""
    working = [
        device
        for kind in ("cuda", "mps")
        for device in _listed(kind, library)[0]
        if not _probe(device, library)
    ]
    return f"is {_CPU}" if not working else f"are {', '.join([*working, _CPU])}"


def _listed(kind: str, library: str) -> tuple[list[str], str]:
    """Return the devices of a kind that a library lists, and why there are none."""
    if find_spec(library) is None:
        return [], f"{library} is not installed"
    return _listed_mps(library) if kind == "mps" else _listed_cuda(library)


def _listed_mps(library: str) -> tuple[list[str], str]:
    if library != "torch":
        return [], f"{library} has no MPS"
    works = _torch().backends.mps.is_available()
    return (["mps"], "") if works else ([], "torch finds no MPS")


def _listed_cuda(library: str) -> tuple[list[str], str]:
    told: list[warnings.WarningMessage] = []
    # Who speaks holds it for a whole chunk: rather lose a driver's warning than wait for that.
    alone = quiet.acquire(blocking=False)
    try:
        with contextlib.ExitStack() as filters:
            if alone:
                told = filters.enter_context(warnings.catch_warnings(record=True))
                warnings.simplefilter("always")
            if library == "torch":
                torch = _torch()
                if not torch.backends.cuda.is_built():
                    return [], f"torch {torch.__version__} is built without CUDA"
                count = torch.cuda.device_count() if torch.cuda.is_available() else 0
            else:
                import ctranslate2

                count = ctranslate2.get_cuda_device_count()
    except Exception as error:  # noqa: BLE001 - a driver's failure comes in many kinds
        return [], f"{library}: {one_line(str(error), limit=200)}"
    finally:
        if alone:
            quiet.release()
    if count:
        return [f"cuda:{number}" for number in range(count)], ""
    # torch says in a warning what is wrong with a driver, and then that there is no device
    said = one_line(str(told[0].message), limit=200) if told else ""
    return [], said or f"{library} finds no CUDA device"


def _probe(device: str, library: str) -> str:
    """Return why a device does not compute, empty when it does; asked once in a process."""
    with _lock:
        if (library, device) in _probed:
            return _probed[library, device]
        try:
            (_try_torch if library == "torch" else _try_ctranslate2)(device)
            trouble = ""
        except Exception as error:  # noqa: BLE001 - as above
            trouble = one_line(str(error) or type(error).__name__, limit=200)
            if is_out_of_memory(error):  # full now, and free again in a minute
                return trouble
        _probed[library, device] = trouble
    return trouble


def _try_torch(device: str) -> None:
    torch = _torch()
    ones = torch.ones(1, 8, 8, device=device)
    total = torch.nn.functional.conv1d(ones @ ones, ones).sum().item()
    if total != 512.0:  # noqa: PLR2004 - 8 x 8 x 8 ones
        raise DeviceError(f"8 x 8 x 8 is {total} there", subject=device)


def _try_ctranslate2(device: str) -> None:
    import ctranslate2
    import numpy as np

    index = int(device.partition(":")[2] or 0)
    ctranslate2.get_supported_compute_types("cuda", index)
    ones = ctranslate2.StorageView.from_array(np.ones((8, 8), np.float32))
    back = ones.to_device(ctranslate2.Device.cuda).to_device(ctranslate2.Device.cpu)
    if np.asarray(back).sum() != 64:  # noqa: PLR2004
        raise DeviceError("numbers come back changed", subject=device)


def _torch() -> Any:
    if sys.platform == "darwin":  # read when torch is loaded: what MPS lacks runs on the CPU
        os.environ.setdefault("PYTORCH_ENABLE_MPS_FALLBACK", "1")
    import torch

    return torch


def prepare_torch() -> None:
    """Tell torch how many threads to use; harmless when called again, and without torch.

    torch raises when it is told a second time how many threads run between operators, or after it
    has worked, as every notebook does whose first cell is run again (pytorch/pytorch#87960). That
    is not worth an error, nor is a number that the user has set since.

    Raises
    ------
    ModelError
        When torch is older than 2.6, which runs code hidden in weights (CVE-2025-32434).
    ParameterError
        When the variable for the number of threads holds none.
    """
    if find_spec("torch") is None:
        return
    torch = _torch()
    version = re.match(r"(\d+)\.(\d+)", torch.__version__)
    if version is not None and (int(version[1]), int(version[2])) < _OLDEST:
        raise ModelError(
            f"version {torch.__version__} may run code hidden in weights (CVE-2025-32434)",
            subject="torch",
            cure="pip install 'torch>=2.6'",
        )
    count = threads()
    with _lock:
        if _threads_set == [count]:
            return
        _threads_set[:] = [count]
    for tell in (torch.set_num_threads, torch.set_num_interop_threads):
        try:
            tell(count)
        except RuntimeError as error:
            log.debug("torch keeps its threads: %s", error)


def device_info() -> dict[str, Any]:
    """Return what there is to compute with; it never fails, and says what does not work.

    Returns
    -------
    dict
        ``device`` (what `choose` takes; empty where it fails), ``problem`` (why), ``platform``,
        ``cores``, ``quota`` (processors of the control group, None without a limit), ``threads``,
        ``torch`` and ``ctranslate2`` (their versions, None when absent), ``gpus`` (a dict each of
        ``device``, ``name``, ``memory`` in bytes and ``problem``).

    Examples
    --------
    >>> device_info()["cores"] >= 1
    True
    """
    info: dict[str, Any] = {
        "device": "",
        "problem": "",
        "platform": f"{sys.platform} {platform.machine()}",
        "cores": cores(),
        "quota": quota(),
        "threads": 0,
        "torch": _version("torch"),
        "ctranslate2": _version("ctranslate2"),
        "gpus": [],
    }
    try:
        info["threads"] = threads()
        info["gpus"] = [_gpu(device) for device in _gpus()]
        info["device"] = choose()
    except WorkbenchError as error:
        info["problem"] = str(error)
    except Exception as error:  # noqa: BLE001 - a broken torch is worth telling, not failing
        info["problem"] = one_line(f"{type(error).__name__}: {error}", limit=200)
    return info


def _gpus() -> list[str]:
    library = _library(None)
    return [device for kind in ("cuda", "mps") for device in _listed(kind, library)[0]]


def _gpu(device: str) -> dict[str, Any]:
    library = _library(None)
    name, memory = device, None
    if library == "torch" and device.startswith("cuda"):
        about = _torch().cuda.get_device_properties(device)
        name, memory = about.name, int(about.total_memory)
    return {
        "device": device,
        "name": name,
        "memory": memory,
        "problem": _probe(device, library),
    }


def _version(package: str) -> str | None:
    from importlib.metadata import PackageNotFoundError, version

    if find_spec(package) is None:
        return None
    try:
        return version(package)
    except PackageNotFoundError:
        return None
