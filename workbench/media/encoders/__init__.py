"""Video encoders: how they are set, whether they work on this machine, and which one is taken."""

from workbench.media.encoders.choose import blamed, choose, fallback
from workbench.media.encoders.presets import PRESETS, RenderPreset, find_preset
from workbench.media.encoders.table import CANDIDATES, NAMES, X264, Encoder
from workbench.media.encoders.trial import works

__all__ = [
    "CANDIDATES",
    "NAMES",
    "PRESETS",
    "X264",
    "Encoder",
    "RenderPreset",
    "blamed",
    "choose",
    "fallback",
    "find_preset",
    "works",
]
