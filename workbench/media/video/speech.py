"""What is said, in every form in which it may be given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.audio import Audio
from workbench.errors import ParameterError
from workbench.script import Line
from workbench.take import Narration, Part, Take
from workbench.voice import Voice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.script import Script
    from workbench.voice import Preset

__all__ = ["spoken"]


def spoken(
    source: str | Script | Narration | Take | Audio,
    voice: str | Voice | Preset | None,
    options: Mapping[str, Any],
) -> Narration:
    """Return a narration of whatever was given; see `workbench.media.video.Video.narrate`."""
    if isinstance(source, Audio):
        source = Take(
            text="", audio=source, words=(), voice=Voice(engine="recording", name="audio")
        )
    if isinstance(source, Narration | Take):
        if voice is not None or options:
            raise ParameterError(
                "is for a script, and this is speech already",
                subject="voice" if voice is not None else next(iter(options)),
            )
        return source if isinstance(source, Narration) else _alone(source)
    # The one way from pictures to voices, for the convenience of one call: a script that is spoken
    # elsewhere comes in as a value.
    from workbench.speech.speak import speak

    return speak(source, voice, **options)


def _alone(take: Take) -> Narration:
    return Narration(
        parts=(Part(line=Line(text=take.text), take=take, start=0.0),), duration=take.duration
    )
