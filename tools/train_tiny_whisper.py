# ruff: noqa: INP001, T201 - a script that prints what it does
"""Train the tiny Whisper of the tests from nothing, on one core, in about an hour.

``python tools/train_tiny_whisper.py [OUT] [--steps N]`` lets espeak speak, trains, converts to
CTranslate2, measures with faster-whisper, and puts the whole folder in place at once.
``--evaluate DIR`` only measures. ``--work DIR`` keeps the speech and the checkpoint, from which a
broken run goes on.
"""

from __future__ import annotations

import argparse
import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tiny_whisper_data import LANGUAGES, load
from tiny_whisper_model import TinyWhisper
from tiny_whisper_windows import Tokens, Windows

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Recipe:
    """All that decides what comes out."""

    seed: int = 1
    steps: int = 6000
    utterances: int = 7000  # of each language
    rate: float = 2e-3
    warmup: int = 150
    decay: float = 0.01


# Windows in frames of 10 ms, how many to a step, and their share of the steps in each part of the
# training. faster-whisper always reads 3000 frames.
_SIZES = ((400, 24), (1000, 8), (3000, 3))
_PARTS = ((0.25, (1.0, 0.0, 0.0)), (0.65, (0.55, 0.25, 0.2)), (1.0, (0.3, 0.25, 0.45)))


def train(recipe: Recipe, work: Path) -> TinyWhisper:
    """Train, or go on with the training that `work` holds."""
    torch.manual_seed(recipe.seed)
    tokens = Tokens()
    model = TinyWhisper(tokens)
    print(f"{sum(p.numel() for p in model.learned()):,} parameters", flush=True)
    speech = load(work / "speech.npz", seed=recipe.seed, count=recipe.utterances)
    check = load(work / "check.npz", seed=recipe.seed + 1000, count=250)
    optimizer = torch.optim.AdamW(
        model.learned(), lr=recipe.rate, betas=(0.9, 0.98), weight_decay=recipe.decay
    )
    path, step = work / "checkpoint.pt", 0
    if path.exists():
        stored = torch.load(path)
        model.load_state_dict(stored["model"])
        optimizer.load_state_dict(stored["optimizer"])
        step = stored["step"]
        print(f"goes on from step {step}", flush=True)
    began, sums = time.monotonic(), {}
    while step < recipe.steps:
        # Every step draws from its own seed, so that a broken run goes on as it would have.
        rng = np.random.default_rng([recipe.seed, step])
        shares = next(shares for end, shares in _PARTS if step < end * recipe.steps)
        frames, count = _SIZES[rng.choice(len(_SIZES), p=shares)]
        batch = Windows(speech, tokens, [recipe.seed, step]).batch(frames, count)
        done = step / recipe.steps
        for group in optimizer.param_groups:
            group["lr"] = recipe.rate * min(1.0, (step + 1) / recipe.warmup)
            group["lr"] *= 0.02 + 0.98 * (1 + math.cos(math.pi * done)) / 2
        losses = model.losses(batch)
        helped = 1.0 if done < 0.6 else 0.4  # the crutches grow lighter
        looks = losses["in"] + losses["out0"] + losses["out1"]
        aids = 0.3 * looks + losses["heard"] + 0.5 * losses["before"]
        optimizer.zero_grad()
        (losses["tokens"] + helped * aids).backward()
        torch.nn.utils.clip_grad_norm_(model.learned(), 1.0)
        optimizer.step()
        step += 1
        for name, loss in losses.items():
            sums.setdefault(f"{name}{frames}", []).append(float(loss.detach()))
        if step % 50 == 0:
            means = " ".join(f"{name} {np.mean(values):.3f}" for name, values in sums.items())
            print(f"{step} {time.monotonic() - began:.0f} s {means}", flush=True)
            sums = {}
        if step % 250 == 0 or step == recipe.steps:
            print(f"  {errors(model, tokens, Windows(check, tokens, 5))}", flush=True)
            state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step}
            torch.save(state, path.with_suffix(".part"))
            path.with_suffix(".part").replace(path)
    return model


@torch.no_grad()
def errors(model: TinyWhisper, tokens: Tokens, windows: Windows) -> str:
    """Return the share of wrong words by language and by length of window, greedily decoded."""
    found = {}
    table = model.table()
    for frames, count in ((400, 48), (3000, 6)):
        for timed in (False, True):
            batch = windows.batch(frames, count, timed=timed)
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


def distance(said: list, found: list) -> int:
    """Return how many words are to be changed, dropped or added."""
    row = list(range(len(found) + 1))
    for i, one in enumerate(said, 1):
        last, row[0] = row[0], i
        for j, other in enumerate(found, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (one != other))
    return row[-1]


def main() -> None:
    """Run as the module says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", nargs="?", type=Path, default=ROOT / "tests/models/tiny_whisper")
    parser.add_argument("--steps", type=int, default=Recipe.steps)
    parser.add_argument("--work", type=Path, default=Path("/tmp/tiny_whisper"))  # noqa: S108
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arguments.work.mkdir(parents=True, exist_ok=True)
    train(Recipe(steps=arguments.steps), arguments.work)


if __name__ == "__main__":
    main()
