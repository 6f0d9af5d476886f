# ruff: noqa: INP001 - a folder of scripts, not a package
"""The trained network as a folder that faster-whisper opens."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ctranslate2.converters import TransformersConverter
from tiny_whisper_data import LANGUAGES
from transformers import GenerationConfig, PreTrainedTokenizerFast

if TYPE_CHECKING:
    from tiny_whisper_model import TinyWhisper
    from tiny_whisper_windows import Tokens

__all__ = ["export"]

_FEATURES = {
    "chunk_length": 30,
    "feature_size": 80,
    "hop_length": 160,
    "n_fft": 400,
    "sampling_rate": 16000,
}


def export(model: TinyWhisper, tokens: Tokens, folder: Path) -> None:
    """Write the model, eight bits a weight, into `folder`, which must not be there yet."""
    whisper = model.finish()
    settings = GenerationConfig()
    settings.alignment_heads = [[1, 0]]
    settings.suppress_tokens = []
    settings.begin_suppress_tokens = []
    settings.lang_to_id = {
        f"<|{language}|>": number
        for language, number in zip(LANGUAGES, tokens.languages, strict=True)
    }
    whisper.generation_config = settings
    with tempfile.TemporaryDirectory() as name:
        source = Path(name)
        whisper.save_pretrained(source)
        tokens.save(source)
        PreTrainedTokenizerFast(tokenizer_file=str(source / "tokenizer.json")).save_pretrained(
            source
        )
        TransformersConverter(str(source)).convert(str(folder), quantization="int8")
    vocabulary = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
    vocabulary[tokens.spare] = ""  # by which CTranslate2 takes a model for multilingual
    text = json.dumps(vocabulary, ensure_ascii=False, separators=(",", ":"))
    (folder / "vocabulary.json").write_text(text, encoding="utf-8")
    tokens.save(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps(_FEATURES), encoding="utf-8")
