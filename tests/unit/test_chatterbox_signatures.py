"""The stand-in has the package's own signatures: as written down here, and as installed."""

from __future__ import annotations

import ast
import os
from importlib.util import find_spec
from pathlib import Path

import pytest

from workbench.engines.chatterbox.voices import LANGUAGES
from workbench.engines.isolated.environments import VARIABLE, environment

STANDIN = Path(__file__).parents[1] / "chatterbox_standin.py"
FILES = {
    "tts.py": ("ChatterboxTTS", "Conditionals"),
    "mtl_tts.py": ("ChatterboxMultilingualTTS",),
    "tts_turbo.py": ("ChatterboxTurboTTS",),
    "models/t3/t3.py": ("T3",),
    "models/t3/modules/cond_enc.py": ("T3Cond",),
    "models/s3gen/s3gen.py": ("S3Token2Wav",),
}
# What our code calls, or is called by, in chatterbox-tts 0.1.7.
SIGNATURES = {
    "ChatterboxTTS.from_local": "cls, ckpt_dir, device",
    "ChatterboxTTS.prepare_conditionals": "self, wav_fpath, exaggeration=0.5",
    "ChatterboxTTS.generate": "self, text, repetition_penalty=1.2, min_p=0.05, top_p=1.0, "
    "audio_prompt_path=None, exaggeration=0.5, cfg_weight=0.5, temperature=0.8",
    "ChatterboxMultilingualTTS.from_local": "cls, ckpt_dir, device",
    "ChatterboxMultilingualTTS.prepare_conditionals": "self, wav_fpath, exaggeration=0.5",
    "ChatterboxMultilingualTTS.generate": "self, text, language_id, audio_prompt_path=None, "
    "exaggeration=0.5, cfg_weight=0.5, temperature=0.8, repetition_penalty=2.0, min_p=0.05, "
    "top_p=1.0",
    "ChatterboxTurboTTS.from_local": "cls, ckpt_dir, device",
    "ChatterboxTurboTTS.prepare_conditionals": "self, wav_fpath, exaggeration=0.5, "
    "norm_loudness=True",
    "ChatterboxTurboTTS.generate": "self, text, repetition_penalty=1.2, min_p=0.0, top_p=0.95, "
    "audio_prompt_path=None, exaggeration=0.0, cfg_weight=0.0, temperature=0.8, top_k=1000, "
    "norm_loudness=True",
    "T3.inference": "self, *, t3_cond, text_tokens, initial_speech_tokens=None, "
    "prepend_prompt_speech_tokens=None, num_return_sequences=1, max_new_tokens=None, "
    "stop_on_eos=True, do_sample=True, temperature=0.8, top_p=0.95, min_p=0.05, "
    "length_penalty=1.0, repetition_penalty=1.2, cfg_weight=0.5",
    "T3.inference_turbo": "self, t3_cond, text_tokens, temperature=0.8, top_k=1000, top_p=0.95, "
    "repetition_penalty=1.2, max_gen_len=1000",
    "S3Gen.inference": "self, speech_tokens, ref_wav=None, ref_sr=None, ref_dict=None, "
    "drop_invalid_tokens=True, n_cfm_timesteps=None, speech_token_lens=None",
}
# What else is relied on, as it is written there.
SENTENCES = {
    "tts.py": ("max_new_tokens=1000", 'return "You need to add some text for me to talk."',
               "self.watermarker = perth.PerthImplicitWatermarker()", "if cfg_weight > 0.0:"),
    "tts_turbo.py": ("> 5.0, ",),
    "models/t3/t3.py": ("from tqdm import tqdm", "self.hp.stop_speech_token"),
    "models/s3gen/flow_matching.py": ("from tqdm import tqdm", "print("),
    "models/t3/inference/alignment_stream_analyzer.py": ("register_forward_hook(",),
    "models/tokenizers/tokenizer.py": ("hf_hub_download(", "from spacy_pkuseg import pkuseg"),
}  # fmt: skip


def signatures(source: str) -> dict[str, str]:
    """Return the arguments of every method of every class, without their types."""
    found = {}
    for kind in ast.parse(source).body:
        for method in kind.body if isinstance(kind, ast.ClassDef) else ():
            if isinstance(method, ast.FunctionDef):
                for node in ast.walk(method.args):
                    if isinstance(node, ast.arg):
                        node.annotation = None
                found[f"{kind.name}.{method.name}"] = ast.unparse(method.args)
    return found


def package() -> Path | None:
    """Return the folder of the package, here or in an environment of its own."""
    if "WORKBENCH_ENVIRONMENTS" not in os.environ:  # as the tests at full size have it
        os.environ[VARIABLE] = str(Path(__file__).parents[2] / ".venv" / "engines")
        try:
            return package()
        finally:
            del os.environ[VARIABLE]
    places = list(environment("chatterbox").folder.glob("lib/python3*/site-packages/chatterbox"))
    spec = find_spec("chatterbox")
    if spec is not None and spec.origin is not None:
        places.append(Path(spec.origin).parent)
    return places[0] if places else None


def test_the_stand_in_has_the_signatures_that_are_written_down():
    found = signatures(STANDIN.read_text())
    assert {name: found.get(name) for name in SIGNATURES} == SIGNATURES


def test_the_package_has_them_too_where_it_is_installed():
    """Judged wherever there is a package to judge; elsewhere the table stands for it."""
    folder = package()
    found = signatures(STANDIN.read_text())
    if folder is not None:
        found = {}
        for name in FILES:
            found |= signatures((folder / name).read_text(encoding="utf-8"))
        found["S3Gen.inference"] = found["S3Token2Wav.inference"]
        for name, sentences in SENTENCES.items():
            text = (folder / name).read_text(encoding="utf-8")
            assert [s for s in sentences if s not in text] == [], name
        tree = ast.parse((folder / "mtl_tts.py").read_text(encoding="utf-8"))
        (languages,) = (
            ast.literal_eval(node.value)
            for node in tree.body
            if isinstance(node, ast.Assign)
            and ast.unparse(node.targets[0]) == "SUPPORTED_LANGUAGES"
        )
        assert languages == LANGUAGES
    assert {name: found.get(name) for name in SIGNATURES} == SIGNATURES


@pytest.mark.parametrize("name", sorted(SIGNATURES))
def test_a_changed_signature_would_be_found(name):
    kind, _, method = name.partition(".")
    source = f"class {kind}:\n    def {method}({SIGNATURES[name]}, one_more=None): ..."
    assert signatures(source)[name] != SIGNATURES[name]
