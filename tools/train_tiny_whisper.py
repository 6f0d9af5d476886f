# ruff: noqa: INP001, T201 - a script that prints what it does
"""Train the tiny Whisper of the tests from nothing, on one core, in about an hour.

``python tools/train_tiny_whisper.py [OUT] [--steps N]`` lets espeak speak, trains, converts to
CTranslate2, measures with faster-whisper, and puts the whole folder in place at once.
``--evaluate DIR`` only measures. ``--work DIR`` keeps the speech and the checkpoint, from which a
broken run goes on.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import math
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tiny_whisper_data import LANGUAGES, VOICES, WORDS, load
from tiny_whisper_export import export
from tiny_whisper_measure import distance, measure
from tiny_whisper_model import TinyWhisper
from tiny_whisper_windows import Tokens, Windows

from workbench.engines.espeak.engine import EspeakEngine

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Recipe:
    """All that decides what comes out.

    Parameters
    ----------
    seed
        Of everything that is drawn.
    steps
        Of the training.
    utterances
        How many of each language are spoken to it.
    rate
        The highest rate of learning, reached after `warmup` steps. It falls as half a cosine of
        `horizon` steps, and straight to nothing in the last `cooldown` steps.
    decay
        Of weights.
    """

    seed: int = 1
    steps: int = 4600
    utterances: int = 7000
    rate: float = 2e-3
    warmup: int = 150
    horizon: int = 6000
    cooldown: int = 850
    decay: float = 0.01

    def rate_at(self, step: int) -> float:
        """Return the rate of learning at a step."""
        falling = 0.02 + 0.98 * (1 + math.cos(math.pi * min(1.0, step / self.horizon))) / 2
        ends = min((step + 1) / self.warmup, (self.steps - step) / self.cooldown, 1.0)
        return self.rate * falling * ends


# Windows in frames of 10 ms and how many to a step. faster-whisper always reads 3000 frames; the
# short ones teach the same for a fraction of the time.
_SIZES = ((400, 24), (1000, 8), (3000, 3))
# Their shares, up to which step.
_PARTS = ((1500, (1.0, 0.0, 0.0)), (3000, (0.55, 0.25, 0.2)), (math.inf, (0.25, 0.2, 0.55)))
_LED = 3600  # steps


def train(recipe: Recipe, work: Path) -> TinyWhisper:
    """Train, or go on with the training that `work` holds."""
    torch.manual_seed(recipe.seed)
    tokens = Tokens()
    model = TinyWhisper(tokens)
    print(f"{sum(p.numel() for p in model.learned()):,} parameters", flush=True)
    speech = load(work / "speech.npz", seed=recipe.seed, count=recipe.utterances)
    windows = Windows(speech, tokens)
    check = Windows(load(work / "check.npz", seed=recipe.seed + 1000, count=250), tokens)
    optimizer = torch.optim.AdamW(
        model.learned(), lr=recipe.rate, betas=(0.9, 0.98), weight_decay=recipe.decay
    )
    path = work / "checkpoint.pt"
    first = _restore(path, model, optimizer)
    began, sums = time.monotonic(), {}
    for step in range(first, recipe.steps):
        # Every step draws from its own seed, so that a broken run goes on as it would have.
        rng = np.random.default_rng([recipe.seed, step])
        shares = next(shares for end, shares in _PARTS if step < end)
        frames, count = _SIZES[rng.choice(len(_SIZES), p=shares)]
        losses = model.losses(windows.batch(frames, count, seed=[recipe.seed, step, 1]))
        for group in optimizer.param_groups:
            group["lr"] = recipe.rate_at(step)
        optimizer.zero_grad()
        _sum(losses, led=step < _LED).backward()
        torch.nn.utils.clip_grad_norm_(model.learned(), 1.0)
        optimizer.step()
        for name, loss in losses.items():
            sums.setdefault(f"{name}{frames}", []).append(float(loss.detach()))
        past = step + 1
        if past % 50 == 0:
            means = " ".join(f"{name} {np.mean(values):.3f}" for name, values in sums.items())
            print(f"{past} {time.monotonic() - began:.0f} s {means}", flush=True)
            sums = {}
        if past % 250 == 0 or past == recipe.steps:
            _store(path, model, optimizer, past)
        if past % 500 == 0 or past == recipe.steps:
            print(f"  {errors(model, tokens, check)}", flush=True)
    return model


def _sum(losses: dict[str, torch.Tensor], *, led: bool) -> torch.Tensor:
    """Return the one loss; what only leads the way weighs less when it is no longer needed."""
    looks = losses["in"] + losses["out0"] + losses["out1"]
    aids = 0.3 * looks + losses["heard"] + 0.5 * losses["before"]
    return losses["tokens"] + (1.0 if led else 0.4) * aids


def _store(path: Path, model: TinyWhisper, optimizer: torch.optim.Optimizer, step: int) -> None:
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step}
    torch.save(state, path.with_suffix(".part"))
    path.with_suffix(".part").replace(path)


def _restore(path: Path, model: TinyWhisper, optimizer: torch.optim.Optimizer) -> int:
    """Load what a broken run left, if it left anything, and return the step to go on with."""
    if not path.exists():
        return 0
    stored = torch.load(path)
    model.load_state_dict(stored["model"])
    optimizer.load_state_dict(stored["optimizer"])
    print(f"goes on from step {stored['step']}", flush=True)
    return stored["step"]


@torch.no_grad()
def errors(model: TinyWhisper, tokens: Tokens, windows: Windows) -> str:
    """Return the share of wrong words by language and by length of window, greedily decoded."""
    found = {}
    table = model.table()
    for frames, count in ((400, 48), (3000, 6)):
        for timed in (False, True):
            batch = windows.batch(frames, count, seed=[5], timed=timed)
            states = model.encode(batch.features)
            lines = batch.inputs[:, :4] if not timed else batch.inputs[:, :3]
            ended = torch.zeros(count, dtype=torch.bool)
            while not ended.all() and lines.shape[1] < batch.inputs.shape[1] + 8:
                best = model.decode(lines, states, table)[0][:, -1].argmax(-1)
                best[ended] = tokens.end
                lines = torch.cat([lines, best[:, None]], 1)
                ended |= best == tokens.end
            for number, language in enumerate(LANGUAGES):
                wrong = total = 0
                for line, wanted in zip(lines.tolist(), batch.inputs.tolist(), strict=True):
                    if wanted[1] != tokens.languages[number]:
                        continue
                    said = [token for token in wanted if token < tokens.end]
                    wrong += distance(said, [token for token in line if token < tokens.end])
                    total += len(said)
                found[f"{language} {frames}{' timed' * timed}"] = wrong / max(1, total)
    return ", ".join(f"{name} {share:.3f}" for name, share in found.items())


def publish(model: TinyWhisper, recipe: Recipe, out: Path) -> None:
    """Convert, measure, write the recipe, and put the folder in place of the one before."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".tiny_whisper-") as name:
        folder = Path(name) / "new"
        export(model, Tokens(), folder)
        text = json.dumps(_report(recipe, folder), indent=1, ensure_ascii=False)
        (folder / "recipe.json").write_text(text + "\n", encoding="utf-8")
        print(text)
        if out.exists():
            out.rename(Path(name) / "old")
        folder.rename(out)


def _report(recipe: Recipe, folder: Path) -> dict[str, Any]:
    """Return all that a reader of the fixture may ask."""
    tools = ("torch", "transformers", "tokenizers", "ctranslate2", "faster-whisper", "numpy")
    return {
        "made_by": "tools/train_tiny_whisper.py",
        **asdict(recipe),
        "words": WORDS,
        "voices": {language: dict(voices) for language, voices in VOICES.items()},
        "espeak": EspeakEngine().version,
        "versions": {tool: importlib.metadata.version(tool) for tool in tools},
        "measured": measure(folder),
    }


def main() -> None:
    """Run as the module says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", nargs="?", type=Path, default=ROOT / "tests/models/tiny_whisper")
    parser.add_argument("--evaluate", type=Path, metavar="DIR", help="measure this model only")
    parser.add_argument("--steps", type=int, default=Recipe.steps)
    parser.add_argument("--work", type=Path, default=Path("/tmp/tiny_whisper"))  # noqa: S108
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.evaluate:
        print(json.dumps(measure(arguments.evaluate), indent=1))
        return
    arguments.work.mkdir(parents=True, exist_ok=True)
    recipe = Recipe(steps=arguments.steps)
    publish(train(recipe, arguments.work), recipe, arguments.out)


if __name__ == "__main__":
    main()
