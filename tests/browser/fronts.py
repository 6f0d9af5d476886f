"""The widgets as values that tests make without a notebook, and what Python sends to each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import workbench as wb
from workbench.widgets import Player

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from workbench.widgets.panel import Panel


@dataclass(frozen=True, kw_only=True)
class Front:
    """A widget, how a test makes one, and the messages that its page understands."""

    name: str
    make: Callable[[Path], Panel]
    messages: tuple[dict[str, Any], ...] = ()


MEDIA: tuple[dict[str, Any], ...] = (
    {"kind": "media", "ask": "x", "mime": "audio/mpeg", "part": 0, "parts": 1},
    {"kind": "refused", "ask": "x", "text": "98 MB is too much"},
)
COMMANDS: tuple[dict[str, Any], ...] = (
    {"kind": "play"},
    {"kind": "pause"},
    {"kind": "seek", "time": 1.5},
)


def narration() -> wb.Narration:
    """Two lines, spoken."""
    return wb.speak("Welcome to the workbench.\nChoose a word, and hear it again.")


def _player(_: Path) -> Panel:
    spoken = narration()
    return Player.of(spoken, cues=wb.caption(spoken))


def _video(clip: Path) -> Panel:
    return Player.of(clip, cues=wb.caption(narration()))


FRONTS = (
    Front(name="player", make=_player, messages=(*MEDIA, *COMMANDS)),
    Front(name="video", make=_video, messages=(*MEDIA, *COMMANDS)),
)
