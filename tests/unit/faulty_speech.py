"""Nine kinds of faulty synthesis, made of a sound take: what engines really did wrong.

Dropped and repeated words, noise and silence are chatterbox#97, #181, #424 and voicebox#960; 0.3 s
whatever the text is kokoro#364.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from workbench.take import Take

__all__ = ["FAULTS", "Spoken", "faulty"]

FAULTS = (
    "dropped 30 %", "dropped 50 %", "doubled", "noise", "silence", "nan", "clipped", "wrong rate",
    "empty",
)  # fmt: skip


@dataclass(frozen=True)
class Spoken:
    """Raw samples, and the words that are still in them."""

    samples: np.ndarray
    rate: int
    words: str


def faulty(take: Take, fault: str) -> Spoken:
    """Return what an engine with that fault gives in the place of `take`."""
    sound, rate = take.audio.samples[:, 0], take.audio.rate
    words = " ".join(word.text for word in take.words)
    if fault.startswith("dropped"):
        part = int(fault.split()[1]) / 100
        end = max((word.end for word in take.words), default=take.duration)
        first, last = (end * (0.5 + side * part / 2) for side in (-1, 1))
        kept = [w.text for w in take.words if not first < w.middle < last]
        a, b = round(first * rate), round(last * rate)
        return Spoken(np.concatenate([sound[:a], sound[b:]]), rate, " ".join(kept))
    if fault == "nan":
        broken = sound.copy()
        broken[len(broken) // 2 :] = np.nan
        return Spoken(broken, rate, words)
    noise = 0.1 * np.random.default_rng(1).standard_normal(rate)
    return {
        "doubled": Spoken(np.tile(sound, 2), rate, f"{words} {words}"),
        "noise": Spoken(np.concatenate([sound, noise]).astype(np.float32), rate, words),
        "silence": Spoken(np.zeros_like(sound), rate, ""),
        "clipped": Spoken(np.clip(sound * 5 / np.abs(sound).max(), -1, 1), rate, words),
        "wrong rate": Spoken(sound, rate * 2, words),
        "empty": Spoken(sound[: round(0.3 * rate)], rate, ""),
    }[fault]
