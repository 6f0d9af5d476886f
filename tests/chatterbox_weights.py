"""Writes the files of Chatterbox's English model, at full size, with random weights.

Run by the Python of the isolated environment: ``python chatterbox_weights.py FOLDER``. 3.2 GB on
disk, 5 GB of memory, a minute or two. What it speaks is noise, but it is made by all of the
package's own layers, tokenizer, vocoder and watermark.
"""

from __future__ import annotations

import sys
import types
from pathlib import Path

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,!?'\"-"
PROMPT = 25  # tokens of the built-in voice, a second: each further one is spoken along every time
SPECIAL = ("[STOP]", "[UNK]", "[SPACE]", "[PAD]", "[SEP]", "[CLS]", "[MASK]")


def without_torchaudio_library() -> None:
    """Let torchaudio do without its compiled part, which is linked to CUDA."""
    try:
        import torchaudio  # noqa: F401
    except (OSError, RuntimeError):
        for name in [n for n in sys.modules if n.partition(".")[0] == "torchaudio"]:
            del sys.modules[name]
        stub = types.ModuleType("torchaudio._extension")
        stub._IS_TORCHAUDIO_EXT_AVAILABLE = False
        stub._IS_ALIGN_AVAILABLE = False
        stub.fail_if_no_align = lambda function: function
        sys.modules["torchaudio._extension"] = stub


def write_tokenizer(path: Path) -> None:
    from tokenizers import Tokenizer, models

    vocabulary = {name: number for number, name in enumerate(SPECIAL)}
    vocabulary |= {letter: 10 + number for number, letter in enumerate(LETTERS)}
    vocabulary["[START]"] = 255
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token=SPECIAL[1]))
    tokenizer.add_special_tokens(["[START]", *SPECIAL])
    tokenizer.save(str(path))


def write_weights(folder: Path) -> None:
    """Write the five files; what is there already stays."""
    if (folder / "conds.pt").is_file():  # written last
        return
    without_torchaudio_library()
    import torch
    from chatterbox.models.s3gen import S3Gen
    from chatterbox.models.t3 import T3
    from chatterbox.models.t3.modules.cond_enc import T3Cond
    from chatterbox.models.voice_encoder import VoiceEncoder
    from chatterbox.tts import Conditionals
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    parts = {"ve": VoiceEncoder, "t3_cfg": T3, "s3gen": S3Gen}
    for name, kind in parts.items():
        state = {key: value.contiguous().clone() for key, value in kind().state_dict().items()}
        save_file(state, str(folder / f"{name}.safetensors"))
        del state
    write_tokenizer(folder / "tokenizer.json")
    speaker = T3Cond(
        speaker_emb=torch.randn(1, 256),
        cond_prompt_speech_tokens=torch.randint(0, 6561, (1, 150)),
        emotion_adv=0.5 * torch.ones(1, 1, 1),
    )
    prompt = {
        "prompt_token": torch.randint(0, 6561, (1, PROMPT)),
        "prompt_token_len": torch.tensor([PROMPT]),
        "prompt_feat": torch.randn(1, 2 * PROMPT, 80) - 5,
        "prompt_feat_len": None,
        "embedding": torch.randn(1, 192),
    }
    Conditionals(speaker, prompt).save(folder / "conds.pt")


if __name__ == "__main__":
    write_weights(Path(sys.argv[1]))
