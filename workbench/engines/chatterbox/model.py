"""One loaded model of Chatterbox: a chunk of text becomes sound, and nothing stays behind.

The package's `generate` keeps the last voice it was given, adds three hooks to the multilingual
model at every call, reads torch's one generator of chance, fails at ``cfg_weight=0`` and does not
tell when it stopped at its limit. Here each call brings its voice and its seed with it.
"""

from __future__ import annotations

import math
import warnings
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.engines.chatterbox.package import CAP, RATE, Kind, load
from workbench.engines.hardware import chance, quiet
from workbench.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from workbench.audio import Samples
    from workbench.engines.reference import ReferenceVoice

__all__ = ["Model", "Said"]

_VOICES = 8  # kept prepared, 0.3 MB each; preparing one takes seconds
_CUT = 39.5  # seconds from which on sound counts as cut: 1,000 tokens are 40
_LEAST_CFG = 1e-6  # 0 makes a batch of one, which the English model cannot join with its batch of 2


@dataclass(frozen=True)
class Said:
    """What came of a chunk.

    Parameters
    ----------
    samples
        Shape ``(frames,)``, float32, 24 kHz.
    cut
        Whether the model stopped at its limit, before it had said all.
    """

    samples: Samples
    cut: bool


class Model:
    """A model in memory.

    Parameters
    ----------
    kind
        Which of the three.
    folder
        Where its files are.
    device
        Where it runs.

    Raises
    ------
    EngineMissing, ModelError
        When the package cannot be imported, or the model has no voice of its own.
    """

    def __init__(self, kind: Kind, folder: Path, device: str) -> None:
        self.kind = kind
        self._device = device
        self._model = load(kind, folder, device)
        self._own = self._model.conds
        self._heard: OrderedDict[tuple[str, bool], Any] = OrderedDict()
        self._tokens = 0
        self._ended = True
        self._watch("inference_turbo" if kind.name == "turbo" else "inference")

    def say(
        self,
        chunk: str,
        *,
        language: str,
        reference: ReferenceVoice | None,
        options: Mapping[str, Any],
        seed: int,
    ) -> Said:
        """Return a chunk as spoken.

        Parameters
        ----------
        chunk
            At most 280 letters, at least one of them spoken.
        language
            The multilingual model's name of it.
        reference
            Whose voice to clone; None for the model's own.
        options
            Values of `ChatterboxOptions`.
        seed
            0 to 2^63.

        Raises
        ------
        ConsentMissing
            When the recording is not the one agreed to.
        ModelError
            When the sound is not sound.
        """
        import torch

        if not chunk.strip():  # the package would say that it needs some text to talk
            raise ModelError("was given nothing to say", subject="chatterbox")
        cuda = [torch.device(self._device).index or 0] if self._device.startswith("cuda") else []
        with (
            quiet,
            chance,
            torch.random.fork_rng(devices=cuda),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore", FutureWarning)  # of torch's, to the package's author
            self._model.conds = self._voice(reference, options)
            torch.manual_seed(seed)
            self._tokens, self._ended = 0, True
            try:
                wave = self._model.generate(chunk, **self._arguments(language, options))
            finally:
                self._model.conds = self._own
                self._unhook()
        samples = np.asarray(wave.detach().cpu().numpy(), np.float32).reshape(-1)
        if not samples.size or not np.isfinite(samples).all():
            raise ModelError("made no sound, or sound that is not a number", subject="chatterbox")
        cut = (self._tokens >= CAP and not self._ended) or len(samples) >= _CUT * RATE
        return Said(samples, cut)

    def _arguments(self, language: str, options: Mapping[str, Any]) -> dict[str, Any]:
        shared = ("temperature", "repetition_penalty", "top_p")
        names = {
            "english": (*shared, "exaggeration", "cfg_weight", "min_p"),
            "multilingual": (*shared, "exaggeration", "cfg_weight", "min_p"),
            "turbo": (*shared, "top_k"),
        }[self.kind.name]
        given = {name: options[name] for name in names}
        if "cfg_weight" in given:
            given["cfg_weight"] = max(given["cfg_weight"], _LEAST_CFG)
        if self.kind.name == "multilingual":
            given["language_id"] = language
        return given

    def _voice(self, reference: ReferenceVoice | None, options: Mapping[str, Any]) -> Any:
        """Return what `generate` is to know of the voice, as a copy that it may change."""
        if reference is None:
            known = self._own
            if known is None:
                raise ModelError(
                    "its files have no voice of its own (conds.pt)",
                    subject=self.kind.weights,
                    cure=f"workbench models pull {self.kind.weights}",
                )
        else:
            known = self._prepared(reference, options)
        return type(known)(known.t3, dict(known.gen))

    def _prepared(self, reference: ReferenceVoice, options: Mapping[str, Any]) -> Any:
        # `exaggeration` is not part of the key: `generate` lays it over whatever voice it has.
        loudness = bool(options["norm_loudness"]) if self.kind.name == "turbo" else True
        key = (reference.sha256, loudness)
        path = reference.verify()  # at every call: consent is for this recording
        if key not in self._heard:
            more = {"norm_loudness": loudness} if self.kind.name == "turbo" else {}
            self._model.prepare_conditionals(
                str(path), exaggeration=float(options["exaggeration"]), **more
            )
            self._heard[key] = self._model.conds
            if len(self._heard) > _VOICES:
                self._heard.popitem(last=False)
        self._heard.move_to_end(key)
        return self._heard[key]

    def _watch(self, name: str) -> None:
        """Take note of how many tokens the model makes, and whether it came to its end."""
        made = getattr(self._model.t3, name)
        stop = self._model.t3.hp.stop_speech_token

        def watched(*args: Any, **kwargs: Any) -> Any:
            tokens = made(*args, **kwargs)
            self._tokens = math.prod(tokens.shape[-1:])
            # Turbo takes the end token off itself.
            self._ended = bool(self._tokens) and int(tokens.reshape(-1)[-1]) == stop
            return tokens

        setattr(self._model.t3, name, watched)

    def _unhook(self) -> None:
        """Remove what the multilingual model's look at its own attention leaves on its layers."""
        for layer in self._layers():
            layer.self_attn._forward_hooks.clear()  # noqa: SLF001 - torch has no other way to all

    def _layers(self) -> Iterator[Any]:
        if self.kind.name == "multilingual":
            yield from self._model.t3.tfmr.layers
