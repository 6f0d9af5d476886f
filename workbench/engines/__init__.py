"""The voices: what an engine is, and how one is found by name."""

from workbench.engines.base import Capabilities, Synthesizer, VoiceInfo
from workbench.engines.registry import engine, engines

__all__ = ["Capabilities", "Synthesizer", "VoiceInfo", "engine", "engines"]
