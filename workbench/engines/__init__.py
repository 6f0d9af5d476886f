"""The voices and the ears: what an engine is, and how one is found by name."""

from workbench.engines.base import Capabilities, Synthesizer, Transcriber, VoiceInfo
from workbench.engines.registry import engine, engines, transcriber, transcribers

__all__ = [
    "Capabilities",
    "Synthesizer",
    "Transcriber",
    "VoiceInfo",
    "engine",
    "engines",
    "transcriber",
    "transcribers",
]
