"""A Whisper model on disk and in memory: found, checked, loaded, never fetched."""

from __future__ import annotations

import copy
import json
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from workbench.engines import hardware
from workbench.errors import (
    DeviceError,
    ParameterError,
    WeightsCorrupt,
    WeightsMissing,
    WorkbenchError,
    one_line,
)
from workbench.paths import user_path

if TYPE_CHECKING:
    from workbench.engines.weights.catalog import Model

__all__ = ["Loading", "Weights", "find", "languages", "library_version", "load", "names", "own"]

_PREFIX = "whisper-"
_SHORT = {"large": "large-v3", "turbo": "large-v3-turbo"}  # as the library has it
# Without its tokenizer the library asks the hub for another model's.
_FILES = ("model.bin", "config.json", "tokenizer.json")
_VOCABULARY = ("vocabulary.json", "vocabulary.txt")
_DEVICE_SIGNS = ("cuda", "cublas", "cudnn", "driver version", "no kernel image")


class Weights(NamedTuple):
    """A model's folder, and what it is called."""

    name: str
    folder: Path


class Loading(NamedTuple):
    """What is loaded: whose files, where to, how; the key under which it is kept."""

    name: str
    folder: str
    device: str
    compute_type: str


def library_version() -> str:
    """Return the versions of faster-whisper and CTranslate2 as one word."""
    return f"{version('faster-whisper')}+ctranslate2-{version('ctranslate2')}"


def identity(model: str) -> str:
    """Return a model's name, folder, and the size and date of its weights; its name if absent."""
    try:
        name, folder = find(model)
        state = (folder / "model.bin").stat()
    except (WorkbenchError, OSError):
        return model
    return f"{name} {folder.absolute()} {state.st_size} {state.st_mtime_ns}"


def names() -> tuple[str, ...]:
    """Return what models can be called: sizes, other words for them, names of the catalogue.

    Examples
    --------
    >>> {"small", "turbo", "whisper-small"} <= set(names())
    True
    """
    from workbench.engines import weights

    listed = [one.name for one in weights.models() if one.engine == "whisper"]
    return (*(name.removeprefix(_PREFIX) for name in listed), *_SHORT, *listed)


def find(model: str) -> Weights:
    """Return the folder of a model, its files there.

    Parameters
    ----------
    model
        A size, a name of the catalogue, or a folder.

    Raises
    ------
    ParameterError
        When there is no model of that name; the nearest are offered.
    WeightsMissing
        When its files are not on this machine, with the command that gets them.
    WeightsCorrupt
        When a file is damaged or missing from a folder.
    """
    name = model.strip()
    path = user_path(name) if name else None
    if path is not None and path.is_absolute():
        return _folder(path, name)
    from workbench.engines import weights

    listed = {one.name: one for one in weights.models() if one.engine == "whisper"}
    for known in (f"{_PREFIX}{_SHORT.get(name, name)}", name):
        if known in listed:
            folder = Path(weights.locate(known))
            _check(folder, f"get it again: workbench models pull {known}")
            return Weights(known, folder)
    if path is not None and (path.is_dir() or "/" in name or "\\" in name):
        return _folder(path, name)
    raise _unknown(name, listed)


def _folder(path: Path, name: str) -> Weights:
    if not path.is_dir():
        raise WeightsMissing(
            "there is no such folder", subject=name, cure="check the path, or name a size: small"
        )
    folder = path.absolute()
    _check(folder, "convert or copy it again")
    return Weights(folder.name, folder)


def _unknown(name: str, listed: dict[str, Model]) -> ParameterError:
    from workbench.errors import suggest

    short = [known.removeprefix(_PREFIX) for known in listed]
    cure = suggest(name, [*short, *listed]) or f"there are {', '.join(short)}, or a folder"
    return ParameterError(f"{name!r} is not a Whisper model", subject="model", cure=cure)


def _check(folder: Path, cure: str) -> None:
    """Look at the files that say the least when they are missing or damaged."""
    for file in _FILES:
        if not (folder / file).is_file():
            raise WeightsCorrupt(f"has no {file}", subject=str(folder), cure=cure)
    if not any((folder / file).is_file() for file in _VOCABULARY):
        raise WeightsCorrupt(f"has no {_VOCABULARY[0]}", subject=str(folder), cure=cure)
    for file in ("config.json", "preprocessor_config.json"):
        path = folder / file
        if not path.is_file():
            continue
        try:
            whole = isinstance(json.loads(path.read_text(encoding="utf-8")), dict)
        except (OSError, ValueError, RecursionError):
            whole = False
        if not whole:  # the library goes on without it, and hears nothing
            raise WeightsCorrupt("is damaged", subject=str(path), cure=cure)


def load(loading: Loading) -> Any:
    """Return the library's model, loaded from its folder and nowhere else.

    Raises
    ------
    WeightsCorrupt
        When the files are not a whole model.
    ParameterError
        When the device cannot compute in that type.
    DeviceError
        When the device fails.
    MemoryError, RuntimeError
        When its memory is full.
    """
    from faster_whisper import WhisperModel

    folder = Path(loading.folder)
    hardware.make_sure(f"whisper {folder.name}", [folder / "model.bin"])
    kind, _, index = loading.device.partition(":")
    try:
        model = WhisperModel(
            loading.folder,
            device=kind,
            device_index=int(index or 0),
            compute_type=loading.compute_type,
            cpu_threads=hardware.threads(),
            local_files_only=True,
        )
    except WorkbenchError:  # of the machine's settings, such as WORKBENCH_THREADS
        raise
    except Exception as error:
        raise _trouble(error, loading) or error from error
    # The library finds these out in the middle of its work, in words of its own.
    expected, given = model.model.n_mels, model.feature_extractor.mel_filters.shape[0]
    if expected != given:
        raise WeightsCorrupt(
            f"does not fit together: the model wants {expected} mel bands, "
            f"preprocessor_config.json says {given}",
            subject=loading.folder,
            cure=_cure(loading),
        )
    if model.hf_tokenizer.token_to_id("<|startoftranscript|>") is None:
        raise WeightsCorrupt(
            "its tokenizer.json is another model's", subject=loading.folder, cure=_cure(loading)
        )
    return model


def _trouble(error: Exception, loading: Loading) -> Exception | None:
    """Return the error of this package for one of the library's; None for a full memory."""
    import ctranslate2

    if hardware.is_out_of_memory(error):
        return None
    said = one_line(str(error) or type(error).__name__, limit=200)
    if "compute type" in said:
        kind = loading.device.partition(":")[0]
        can = ", ".join(sorted(ctranslate2.get_supported_compute_types(kind)))
        return ParameterError(
            f"{loading.compute_type} is not what {loading.device} can compute in",
            subject="compute_type",
            cure=f"it can in {can}",
        )
    if loading.device != "cpu" and device_fails(error):
        return device_error(error, loading.device)
    return WeightsCorrupt(f"cannot be loaded ({said})", subject=loading.folder, cure=_cure(loading))


def device_fails(error: BaseException) -> bool:
    """Whether an error of the library is about the GPU or its libraries."""
    said = str(error).lower()
    return isinstance(error, RuntimeError) and any(sign in said for sign in _DEVICE_SIGNS)


def device_error(error: BaseException, device: str) -> DeviceError:
    """Return the error of this package that says so."""
    return DeviceError(
        f"fails ({one_line(str(error), limit=200)})",
        subject=device,
        cure="pip install nvidia-cublas-cu12 nvidia-cudnn-cu12, or use device=cpu",
    )


def _cure(loading: Loading) -> str:
    known = loading.name.startswith(_PREFIX)
    return f"get it again: workbench models pull {loading.name}" if known else "convert it again"


def languages(model: Any) -> tuple[str, ...]:
    """Return the codes of the languages a model was made for.

    The library's own list is that of the newest large model, whatever the model is.
    """
    if not model.model.is_multilingual:
        return ("en",)
    known = model.hf_tokenizer.token_to_id
    return tuple(c for c in model.supported_languages if known(f"<|{c}|>") is not None)


def own(model: Any) -> Any:
    """Return the same model with a feature extractor of its own.

    The library keeps a call's ``chunk_length`` in the extractor, for every call that follows and
    for those that run at the same time.
    """
    from faster_whisper.feature_extractor import FeatureExtractor

    mine = copy.copy(model)
    mine.feature_extractor = FeatureExtractor(**model.feat_kwargs)
    return mine
