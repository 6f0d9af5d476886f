"""Stands in for the package ``chatterbox-tts`` 0.1.7: its classes, its signatures, its traps.

`install` puts it where ``import chatterbox`` finds it. It speaks tones: each letter has a height,
the voice shifts it, and chance, torch's own, adds a little noise. What the real package does wrong
it does wrong as well:

- `generate` keeps the voice of the last ``audio_prompt_path``;
- English with ``cfg_weight=0`` fails; the empty text is spoken as a sentence of its own;
- speech ends after 1,000 tokens, in the middle of a word, and nobody is told;
- the multilingual model leaves hooks on its layers at every call, and its tokenizer asks the hub
  for a file and pkuseg for a model;
- ``[STOP]`` in a text ends it; bars and prints come while it speaks; perth's class may be None.
"""

# The signatures are the package's.
# ruff: noqa: PLR0917, FBT002, ARG003

from __future__ import annotations

import sys
import types
from importlib.machinery import ModuleSpec
from pathlib import Path

import numpy as np
import torch

from workbench.engines.chatterbox.voices import LANGUAGES

S3GEN_SR = 24_000
TOKEN = 960  # samples
PER_LETTER = 2  # tokens: 12.5 letters a second
NOBODYS_SENTENCE = "You need to add some text for me to talk."
STOP = 6562
SUPPORTED_LANGUAGES = LANGUAGES


class Log:
    """What was done to the stand-in, for the tests to look at."""

    def __init__(self) -> None:
        self.loads: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.prepared: list[str] = []
        self.arguments: list[dict] = []
        self.watermarks = 0
        self.downloads: list[str] = []
        self.endless = lambda text: False
        """Texts for which the model does not find its end."""
        self.fails = lambda text: None
        """Raises for texts that cannot be spoken."""
        self.models: list = []


log = Log()


def module(name: str):
    return sys.modules[name]


def show(line: str) -> None:
    getattr(module("chatterbox.models.t3.t3"), "print", print)(line)


def punc_norm(text: str) -> str:
    if len(text) == 0:
        return NOBODYS_SENTENCE
    return " ".join(text.split())


class T3Cond:
    def __init__(self, speaker_emb, cond_prompt_speech_tokens=None, emotion_adv=0.5) -> None:
        self.speaker_emb = speaker_emb
        self.cond_prompt_speech_tokens = cond_prompt_speech_tokens
        self.emotion_adv = emotion_adv


class Conditionals:
    def __init__(self, t3, gen) -> None:
        self.t3 = t3
        self.gen = gen


def conditionals(height: float) -> Conditionals:
    feeling = 0.5 * torch.ones(1, 1, 1)
    return Conditionals(T3Cond(torch.tensor([height]), None, feeling), {"height": height})


class Layer:
    def __init__(self) -> None:
        self.self_attn = torch.nn.Identity()


class T3:
    def __init__(self, hp=None) -> None:
        self.hp = types.SimpleNamespace(
            stop_speech_token=STOP, is_multilingual=hp == "multilingual"
        )
        self.tfmr = types.SimpleNamespace(layers=[Layer() for _ in range(14)])

    def inference(
        self,
        *,
        t3_cond,
        text_tokens,
        initial_speech_tokens=None,
        prepend_prompt_speech_tokens=None,
        num_return_sequences=1,
        max_new_tokens=None,
        stop_on_eos=True,
        do_sample=True,
        temperature=0.8,
        top_p=0.95,
        min_p=0.05,
        length_penalty=1.0,
        repetition_penalty=1.2,
        cfg_weight=0.5,
    ):
        if text_tokens.shape[0] == 1:
            raise RuntimeError(
                "Sizes of tensors must match except in dimension 1. Expected size 1 but got size 2"
            )
        if self.hp.is_multilingual:
            for layer in (9, 12, 13):
                spy = self.tfmr.layers[layer].self_attn
                spy.register_forward_hook(lambda *_: None)
        return self._tokens(text_tokens, t3_cond, temperature, max_new_tokens, ends=True)

    def inference_turbo(
        self,
        t3_cond,
        text_tokens,
        temperature=0.8,
        top_k=1000,
        top_p=0.95,
        repetition_penalty=1.2,
        max_gen_len=1000,
    ):
        return self._tokens(text_tokens, t3_cond, temperature, max_gen_len, ends=False)

    def _tokens(self, text_tokens, t3_cond, temperature, most: int, *, ends: bool):
        letters = text_tokens[0].repeat_interleave(PER_LETTER)
        bars = module("chatterbox.models.t3.t3").tqdm
        for _ in bars(range(3), desc="Sampling", dynamic_ncols=True):
            pass
        shake = torch.randint(0, 1 + int(10 * temperature), letters.shape)
        feeling = int(20 * float(t3_cond.emotion_adv.reshape(-1)[0]))
        made = (letters % 97) * 60 + shake + feeling
        text = "".join(map(chr, text_tokens[0].tolist()))
        if log.endless(text):
            made = made.repeat(1 + most // max(1, len(made)))[:most]
        if len(made) >= most:
            return made[None, :most]
        return torch.cat([made, torch.tensor([STOP])])[None] if ends else made[None]


class S3Gen:
    def inference(
        self,
        speech_tokens,
        ref_wav=None,
        ref_sr=None,
        ref_dict=None,
        drop_invalid_tokens=True,
        n_cfm_timesteps=None,
        speech_token_lens=None,
    ):
        flow = module("chatterbox.models.s3gen.flow_matching")
        getattr(flow, "print", print)("S3 Token -> Mel Inference...")
        heights = (110 + speech_tokens.double() / 20) * ref_dict["height"]
        phase = torch.cumsum(heights.repeat_interleave(TOKEN) * (2 * torch.pi / S3GEN_SR), 0)
        noise = 0.001 * torch.randn(len(phase))
        return (0.2 * torch.sin(phase).float() + noise)[None], None


class PerthImplicitWatermarker:
    """The mark is an inaudible offset."""

    OFFSET = 0.0005

    def __init__(self) -> None:
        net = module("perth.perth_net.perth_net_implicit.model.perth_net")
        getattr(net, "print", print)("loaded PerthNet (Implicit) at step 250,000")

    def apply_watermark(self, wav, watermark=None, sample_rate=44100, **_):
        log.watermarks += 1
        return (wav + self.OFFSET).astype(np.float32)

    def get_watermark(self, watermarked_wav, sample_rate=44100, **_):
        return float(abs(np.mean(watermarked_wav) - self.OFFSET) < self.OFFSET / 2)


class _TTS:
    """What the three classes have in common here; in the package it stands three times."""

    shortest = 0.0

    def __init__(self, t3, s3gen, ve, tokenizer, device, conds=None) -> None:
        self.sr = S3GEN_SR
        self.t3 = t3
        self.s3gen = s3gen
        self.ve = ve
        self.tokenizer = tokenizer
        self.device = device
        self.conds = conds
        self.watermarker = module("perth").PerthImplicitWatermarker()
        log.models.append(self)

    def _prepare(self, wav_fpath, exaggeration) -> None:
        import soundfile

        sound, rate = soundfile.read(wav_fpath)
        assert len(sound) / rate > self.shortest, "Audio prompt must be longer than 5 seconds!"
        log.prepared.append(Path(wav_fpath).name)
        self.conds = conditionals(1.2 + float(np.abs(sound).mean()))
        self.conds.t3.emotion_adv = exaggeration * torch.ones(1, 1, 1)

    def _feel(self, exaggeration) -> None:
        assert self.conds is not None, "Please `prepare_conditionals` first"
        if float(exaggeration) != float(self.conds.t3.emotion_adv[0, 0, 0].item()):
            known = self.conds.t3
            self.conds.t3 = T3Cond(known.speaker_emb, None, exaggeration * torch.ones(1, 1, 1))

    def _text(self, text, **arguments):
        text = punc_norm(text).partition("[STOP]")[0]
        log.texts.append(text)
        log.arguments.append(arguments)
        log.fails(text)
        return torch.tensor([[ord(letter) for letter in text]])

    def _wave(self, speech_tokens, **more):
        speech_tokens = speech_tokens.reshape(-1)
        speech_tokens = speech_tokens[speech_tokens < 6561]
        wav, _ = self.s3gen.inference(speech_tokens=speech_tokens, ref_dict=self.conds.gen, **more)
        wav = wav.squeeze(0).detach().cpu().numpy()
        marked = self.watermarker.apply_watermark(wav, sample_rate=self.sr)
        return torch.from_numpy(marked).unsqueeze(0)


class ChatterboxTTS(_TTS):
    @classmethod
    def from_local(cls, ckpt_dir, device):
        log.loads.append((cls.__name__, device))
        return cls(T3(), S3Gen(), None, None, device, conds=conditionals(1.0))

    def prepare_conditionals(self, wav_fpath, exaggeration=0.5):
        self._prepare(wav_fpath, exaggeration)

    def generate(
        self,
        text,
        repetition_penalty=1.2,
        min_p=0.05,
        top_p=1.0,
        audio_prompt_path=None,
        exaggeration=0.5,
        cfg_weight=0.5,
        temperature=0.8,
    ):
        if audio_prompt_path:
            self.prepare_conditionals(audio_prompt_path, exaggeration=exaggeration)
        self._feel(exaggeration)
        text_tokens = self._text(
            text,
            repetition_penalty=repetition_penalty,
            min_p=min_p,
            top_p=top_p,
            exaggeration=exaggeration,
            cfg_weight=cfg_weight,
            temperature=temperature,
        )
        if cfg_weight > 0.0:
            text_tokens = torch.cat([text_tokens, text_tokens], dim=0)
        with torch.inference_mode():
            speech_tokens = self.t3.inference(
                t3_cond=self.conds.t3,
                text_tokens=text_tokens,
                max_new_tokens=1000,
                temperature=temperature,
                cfg_weight=cfg_weight,
                repetition_penalty=repetition_penalty,
                min_p=min_p,
                top_p=top_p,
            )
            return self._wave(speech_tokens)


class ChatterboxMultilingualTTS(_TTS):
    @classmethod
    def from_local(cls, ckpt_dir, device):
        log.loads.append((cls.__name__, device))
        tokenizer = module("chatterbox.models.tokenizers.tokenizer")
        tokenizer.hf_hub_download(
            repo_id="ResembleAI/chatterbox", filename="Cangjie5_TC.json", cache_dir=ckpt_dir
        )
        try:
            from spacy_pkuseg import pkuseg

            pkuseg()
        except ImportError:
            pass
        return cls(T3("multilingual"), S3Gen(), None, None, device, conds=conditionals(1.0))

    def prepare_conditionals(self, wav_fpath, exaggeration=0.5):
        self._prepare(wav_fpath, exaggeration)

    def generate(
        self,
        text,
        language_id,
        audio_prompt_path=None,
        exaggeration=0.5,
        cfg_weight=0.5,
        temperature=0.8,
        repetition_penalty=2.0,
        min_p=0.05,
        top_p=1.0,
    ):
        if language_id and language_id.lower() not in SUPPORTED_LANGUAGES:
            raise ValueError(f"Unsupported language_id '{language_id}'.")
        if audio_prompt_path:
            self.prepare_conditionals(audio_prompt_path, exaggeration=exaggeration)
        self._feel(exaggeration)
        text_tokens = self._text(
            text,
            language_id=language_id,
            repetition_penalty=repetition_penalty,
            cfg_weight=cfg_weight,
            temperature=temperature,
        )
        text_tokens = torch.cat([text_tokens, text_tokens], dim=0)
        with torch.inference_mode():
            speech_tokens = self.t3.inference(
                t3_cond=self.conds.t3,
                text_tokens=text_tokens,
                max_new_tokens=1000,
                temperature=temperature,
                cfg_weight=cfg_weight,
                repetition_penalty=repetition_penalty,
                min_p=min_p,
                top_p=top_p,
            )
            return self._wave(speech_tokens)


class ChatterboxTurboTTS(_TTS):
    shortest = 5.0

    @classmethod
    def from_local(cls, ckpt_dir, device):
        log.loads.append((cls.__name__, device))
        return cls(T3(), S3Gen(), None, None, device, conds=conditionals(1.0))

    def prepare_conditionals(self, wav_fpath, exaggeration=0.5, norm_loudness=True):
        self._prepare(wav_fpath, exaggeration)

    def generate(
        self,
        text,
        repetition_penalty=1.2,
        min_p=0.0,
        top_p=0.95,
        audio_prompt_path=None,
        exaggeration=0.0,
        cfg_weight=0.0,
        temperature=0.8,
        top_k=1000,
        norm_loudness=True,
    ):
        if audio_prompt_path:
            self.prepare_conditionals(
                audio_prompt_path, exaggeration=exaggeration, norm_loudness=norm_loudness
            )
        text_tokens = self._text(
            text, repetition_penalty=repetition_penalty, top_p=top_p, top_k=top_k
        )
        speech_tokens = self.t3.inference_turbo(
            t3_cond=self.conds.t3,
            text_tokens=text_tokens,
            temperature=temperature,
            top_k=top_k,
            top_p=top_p,
            repetition_penalty=repetition_penalty,
        )
        return self._wave(speech_tokens, n_cfm_timesteps=2)


def loud_bars(steps, **_):
    sys.stderr.write("Sampling: 0%\n")
    return steps


def no_hub(*, repo_id, filename, cache_dir):
    log.downloads.append(filename)
    raise ConnectionError("there is no hub")


def modules() -> dict[str, types.ModuleType]:
    """Return the modules of the package and of what it imports, by name."""
    contents = {
        "chatterbox": {},
        "chatterbox.tts": {"ChatterboxTTS": ChatterboxTTS, "Conditionals": Conditionals},
        "chatterbox.mtl_tts": {"ChatterboxMultilingualTTS": ChatterboxMultilingualTTS},
        "chatterbox.tts_turbo": {"ChatterboxTurboTTS": ChatterboxTurboTTS},
        "chatterbox.models": {},
        "chatterbox.models.t3": {"T3": T3},
        "chatterbox.models.t3.t3": {"T3": T3, "tqdm": loud_bars},
        "chatterbox.models.s3gen": {"S3Gen": S3Gen},
        "chatterbox.models.s3gen.flow_matching": {"tqdm": loud_bars},
        "chatterbox.models.tokenizers": {},
        "chatterbox.models.tokenizers.tokenizer": {"hf_hub_download": no_hub},
        "perth": {"PerthImplicitWatermarker": PerthImplicitWatermarker},
        "perth.perth_net": {},
        "perth.perth_net.perth_net_implicit": {},
        "perth.perth_net.perth_net_implicit.model": {},
        "perth.perth_net.perth_net_implicit.model.perth_net": {},
        "torchaudio": {},
    }
    made = {}
    for name, content in contents.items():
        made[name] = types.ModuleType(name)
        made[name].__spec__ = ModuleSpec(name, None, is_package=True)
        made[name].__path__ = []
        vars(made[name]).update(content)
        parent, _, last = name.rpartition(".")
        if parent:
            setattr(made[parent], last, made[name])
    return made


def install(patch) -> Log:
    """Put the stand-in into `sys.modules` with a fresh log; `patch` is pytest's monkeypatch."""
    log.__init__()
    for name, made in modules().items():
        patch.setitem(sys.modules, name, made)
    return log


def engine(patch):
    """Return the engine of this project with the stand-in under it; ``log`` tells of it."""
    from workbench.engines import weights
    from workbench.engines.chatterbox import ChatterboxEngine

    install(patch)
    patch.setattr(weights, "locate", lambda name, files=(): Path())
    patch.setattr(weights, "digest", lambda name: "standin")
    return ChatterboxEngine()


class Engine:
    """The same inside of an isolated worker, where it is made by name."""

    def __new__(cls):
        import pytest

        return engine(pytest.MonkeyPatch())
