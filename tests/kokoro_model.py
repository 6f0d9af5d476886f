"""A Kokoro of the real size whose weights are chance, and a spaCy model that knows no grammar.

The files lie as `workbench models pull` would leave them, and are loaded by the package's own
loader: only what is said is noise. A phoneme lasts one or two frames, less than a real one, which
keeps the tests quick; a real one costs 1.2 processor seconds for each second of sound.
"""

from __future__ import annotations

import json
import shutil
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["CONFIG", "VOICES", "add_spacy_model", "home", "make", "need_kokoro", "vocabulary"]

CONFIG = Path(__file__).parent / "models" / "kokoro_config.json"
VOICES = ("af_heart", "am_adam", "bf_emma", "ef_dora", "em_alex", "ff_siwis")

_PARTS = ("bert", "bert_encoder", "predictor", "text_encoder", "decoder")
_TAGGER = '''
"""Tags by the look of a word, for tests."""

import spacy
from spacy.language import Language

MARKS = {",": ",", ".": ".", "!": ".", "?": ".", "(": "-LRB-", ")": "-RRB-", "$": "$"}
WORDS = {"a": "DT", "the": "DT", "an": "DT", "I": "PRP", "to": "TO", "is": "VBZ", "in": "IN"}


@Language.component("look_tagger")
def look_tagger(doc):
    for token in doc:
        if token.text[0] in ":;-—":
            token.tag_ = ":"
        elif token.like_num:
            token.tag_ = "CD"
        else:
            token.tag_ = MARKS.get(token.text) or WORDS.get(token.text) or "NN"
    return doc


def load(**_):
    made = spacy.blank("en")
    made.add_pipe("look_tagger")
    return made
'''


def need_kokoro() -> None:
    """Skip where the extra was left out, as `make test EXTRAS=` does."""
    for module in ("torch", "kokoro", "misaki", "spacy"):
        pytest.importorskip(module, reason="the extra kokoro is not installed")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of models, made once in a run; nothing is loaded before or after."""
    need_kokoro()
    from workbench.engines.kokoro import model as kokoro_model

    folder = tmp_path_factory.getbasetemp() / "kokoro-home"
    if not folder.exists():
        make(folder / "kokoro")
        add_spacy_model(folder / "python")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_MODELS", str(folder))
        patch.setenv("WORKBENCH_DEVICE", "cpu")
        patch.setenv("WORKBENCH_THREADS", "1")
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.syspath_prepend(str(folder / "python"))
        kokoro_model.unload()
        yield folder
        kokoro_model.unload()
    sys.modules.pop("en_core_web_sm", None)


def vocabulary() -> dict[str, int]:
    """Return the symbols of the real model."""
    return json.loads(CONFIG.read_text(encoding="utf-8"))["vocab"]


def make(folder: Path, voices: tuple[str, ...] = VOICES) -> Path:
    """Write a model and some voices, 164 MB, and return the folder; the same every time."""
    import torch

    (folder / "voices").mkdir(parents=True)
    shutil.copy(CONFIG, folder / "config.json")
    with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
        warnings.simplefilter("ignore")
        from kokoro import KModel

        torch.manual_seed(0)
        path = folder / "kokoro-v1_0.pth"
        torch.save({}, path)
        model = KModel(repo_id="test/test", config=str(folder / "config.json"), model=str(path))
        durations = model.predictor.duration_proj.linear_layer
        with torch.no_grad():
            durations.weight.mul_(3)
            durations.bias.fill_(-4.3)
        torch.save(
            {
                part: {
                    name: value.half() for name, value in getattr(model, part).state_dict().items()
                }
                for part in _PARTS
            },
            path,
        )
        for voice in voices:
            torch.save(torch.randn(510, 1, 256) * 0.1, folder / "voices" / f"{voice}.pt")
    return folder


def add_spacy_model(folder: Path) -> Path:
    """Write a package ``en_core_web_sm`` to be put on the path, and return the folder."""
    package = folder / "en_core_web_sm"
    about = folder / "en_core_web_sm-3.8.0.dist-info"
    package.mkdir(parents=True)
    about.mkdir()
    (package / "__init__.py").write_text(_TAGGER, encoding="utf-8")
    (about / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: en_core_web_sm\nVersion: 3.8.0\n", encoding="utf-8"
    )
    return folder
