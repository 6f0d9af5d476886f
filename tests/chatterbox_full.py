"""The real package in an isolated worker, with the weights of a test, a few tokens at a time."""

from __future__ import annotations

import os
import resource
import time
from dataclasses import replace
from pathlib import Path

from workbench.engines.chatterbox import ChatterboxEngine

FOLDER = "WORKBENCH_TEST_WEIGHTS"
TOKENS = "WORKBENCH_TEST_TOKENS"


class FullSize(ChatterboxEngine):
    """Random weights never find an end: they are given one after some tokens.

    What it measures stands in the warnings of each take: ``name=value``.
    """

    def __init__(self) -> None:
        super().__init__()
        self._loading = 0.0

    def _folder(self, kind, more=()):
        return Path(os.environ[FOLDER])

    def _load(self, key):
        from workbench.engines.chatterbox import package as chatterbox_package

        started = time.monotonic()
        chatterbox_package.Trial()  # imports it
        limit()
        model = super()._load(key)
        self._loading = time.monotonic() - started
        return model

    def synthesize(self, text, *, voice, options=None, seed=None):
        started = time.monotonic()
        take = super().synthesize(text, voice=voice, options=options, seed=seed)
        if not os.environ.get("WORKBENCH_TEST_MEASURE"):
            return take
        seconds = time.monotonic() - started
        ((_, model),) = self._models._models.items()
        samples = take.audio.samples[:, 0]
        mark = model._model.watermarker.get_watermark(samples, sample_rate=take.audio.rate)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        told = {
            "seconds": seconds,
            "loading": self._loading,
            "factor": (seconds - self._loading) / take.duration,
            "watermark": float(mark),
            "peak": peak,
        }
        self._loading = 0.0
        return replace(take, warnings=tuple(f"{k}={v:.2f}" for k, v in told.items()))


def limit() -> None:
    """End each chunk after some tokens, as the model itself would."""
    import torch
    from chatterbox.models.t3 import T3

    if hasattr(T3, "unlimited"):
        return
    T3.unlimited = T3.inference

    def inference(self, **arguments):
        arguments["max_new_tokens"] = int(os.environ[TOKENS])
        made = self.unlimited(**arguments)
        stop = torch.full_like(made[:, :1], self.hp.stop_speech_token)
        return torch.cat([made, stop], dim=1)

    T3.inference = inference
