"""The package ``chatterbox-tts`` with its traps disarmed: importing it and loading its models.

What 0.1.7 does, and what is done about it here:

- torchaudio 2.11 is linked to CUDA and cannot be imported beside a CPU build of torch: its Python
  part alone does (it is written to work without the other).
- perth, the watermark, becomes None where ``pkg_resources`` is gone (setuptools 81): an error that
  says so, in place of "'NoneType' object is not callable".
- The multilingual tokenizer asks the hub for a table of Chinese letters, and spacy-pkuseg for a
  model from another site, whenever it is made: the table comes from the model's folder, and without
  pkuseg it does as its own fallback does.
- It shows bars and prints lines while it speaks: they are silent.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import sys
import types
import warnings
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, ClassVar

from workbench.engines.base import Capabilities
from workbench.engines.hardware import prepare_torch, quiet
from workbench.errors import EngineMissing, ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

__all__ = [
    "CANGJIE",
    "CAP",
    "CONDS",
    "MODELS",
    "RATE",
    "Kind",
    "Trial",
    "installed",
    "load",
    "unread",
    "version",
]

RATE = 24_000
"""Frames per second of everything it makes."""

CAP = 1000
"""Speech tokens after which a model stops in the middle of a word; 25 are a second."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One of the package's models.

    Parameters
    ----------
    name
        What it is called here.
    weights
        What its weights are called, see `workbench.engines.weights`.
    repetition_penalty, top_p
        The package's own defaults, which differ from model to model.
    shortest
        Seconds a reference voice needs at least.
    """

    name: str
    weights: str
    repetition_penalty: float
    top_p: float
    shortest: float = 0.0


MODELS = {
    kind.name: kind
    for kind in (
        Kind(name="english", weights="chatterbox", repetition_penalty=1.2, top_p=1.0),
        Kind(
            name="multilingual",
            weights="chatterbox-multilingual",
            repetition_penalty=2.0,
            top_p=1.0,
        ),
        # "Audio prompt must be longer than 5 seconds!"
        Kind(
            name="turbo",
            weights="chatterbox-turbo",
            repetition_penalty=1.2,
            top_p=0.95,
            shortest=5.0,
        ),
    )
}
"""The package's three models by name."""


CANGJIE = "Cangjie5_TC.json"
"""The file that the multilingual model spells Chinese with; without it, it knows no Chinese."""

CONDS = "conds.pt"
"""The file of a model's own voice."""

# Packages that make a language's writing speakable; the package goes on without them and says so
# in its log alone.
_READERS = {"ja": "pykakasi", "he": "dicta_onnx", "ru": "russian_text_stresser"}


def unread(language: str) -> str:
    """Return what a listener should know of how a language is read here, or an empty string."""
    reader = _READERS.get(language, "")
    if not reader or find_spec(reader) is not None:
        return ""
    return f"{reader} is not installed: the model may misread what is written in {language!r}"


def installed() -> bool:
    """Whether the package can be imported here; nothing is imported to tell."""
    try:
        return find_spec("chatterbox") is not None
    except ValueError:  # there is a module of that name without a spec
        return False


def version() -> str:
    """Return the package's version."""
    try:
        return importlib.metadata.version("chatterbox-tts")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def load(kind: Kind, folder: Path, device: str) -> Any:
    """Return a model of the package's own class, ready to generate.

    Raises
    ------
    EngineMissing
        When something it needs is not installed.
    ModelError
        When torch is too old, or the watermark cannot be made.
    """
    # The lock is for what is patched meanwhile as well, which is the process's too.
    with quiet, warnings.catch_warnings():
        # diffusers warns for each of 150 layers of a class that its author is to replace.
        warnings.simplefilter("ignore", FutureWarning)
        warnings.simplefilter("ignore", UserWarning)
        _prepare()
        with _offline(folder):
            return _CLASSES[kind.name]().from_local(folder, device)


class Trial:
    """Imports all that the package needs; made in a new environment to see whether it can."""

    name: ClassVar[str] = "chatterbox"
    capabilities: ClassVar[Capabilities] = Capabilities(rate=RATE)

    def __init__(self) -> None:
        with quiet, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _prepare()
            for imported in _CLASSES.values():
                imported()

    @property
    def version(self) -> str:
        """The package's version."""
        return version()


def _english() -> Any:
    from chatterbox.tts import ChatterboxTTS

    return ChatterboxTTS


def _multilingual() -> Any:
    from chatterbox.mtl_tts import ChatterboxMultilingualTTS

    return ChatterboxMultilingualTTS


def _turbo() -> Any:
    from chatterbox.tts_turbo import ChatterboxTurboTTS

    return ChatterboxTurboTTS


_CLASSES: dict[str, Callable[[], Any]] = {
    "english": _english,
    "multilingual": _multilingual,
    "turbo": _turbo,
}


def _prepare() -> None:
    """Import the package with what it needs; a second time this costs nothing."""
    prepare_torch()
    try:
        _import_torchaudio()
        _check_watermark()
        _silence()
    except ModuleNotFoundError as error:
        raise EngineMissing(
            f"needs a package that is not installed ({error.name})",
            subject="chatterbox",
            cure="pip install 'media-workbench[chatterbox]', or: "
            "workbench engines install chatterbox",
        ) from error


def _import_torchaudio() -> None:
    try:
        import torchaudio
    except (OSError, RuntimeError):  # its library wants a CUDA that this torch does not have
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchaudio"]:
            del sys.modules[name]
        extension: Any = types.ModuleType("torchaudio._extension")
        extension._IS_TORCHAUDIO_EXT_AVAILABLE = False  # noqa: SLF001
        extension._IS_ALIGN_AVAILABLE = False  # noqa: SLF001
        extension._check_cuda_version = lambda: None  # noqa: SLF001
        extension.fail_if_no_align = _unchanged
        sys.modules["torchaudio._extension"] = extension
        import torchaudio  # noqa: F401


def _unchanged(value: Any) -> Any:
    return value


def _check_watermark() -> None:
    import perth

    if perth.PerthImplicitWatermarker is None:
        raise ModelError(
            "its watermark needs pkg_resources, which setuptools 81 no longer has",
            subject="chatterbox",
            cure="pip install 'setuptools<81'",
        )


def _silence() -> None:
    """Put bars and prints of the package's modules out of action, there and nowhere else."""
    from chatterbox.models.s3gen import flow_matching
    from chatterbox.models.t3 import t3
    from perth.perth_net.perth_net_implicit.model import perth_net

    for module in (t3, flow_matching, perth_net):
        loud: Any = module
        loud.print = _nothing
        if hasattr(module, "tqdm"):
            loud.tqdm = _no_bar


def _no_bar(steps: Iterable[Any], **_: Any) -> Iterable[Any]:
    return steps


def _nothing(*_: Any, **__: Any) -> None:
    return None


@contextlib.contextmanager
def _offline(folder: Path) -> Iterator[None]:
    """Keep the multilingual tokenizer from the network while it is made."""
    from chatterbox.models.tokenizers import tokenizer

    def local(*, filename: str, **_: Any) -> str:
        return str(folder / filename)  # what is not there is a warning of its own: no Chinese

    module: Any = tokenizer
    download, missing = module.hf_hub_download, "spacy_pkuseg" not in sys.modules
    segmenter = sys.modules.get("spacy_pkuseg")
    module.hf_hub_download = local
    sys.modules["spacy_pkuseg"] = None  # type: ignore[assignment] # makes its import an ImportError
    try:
        yield
    finally:
        module.hf_hub_download = download
        if missing:
            del sys.modules["spacy_pkuseg"]
        elif segmenter is not None:
            sys.modules["spacy_pkuseg"] = segmenter
