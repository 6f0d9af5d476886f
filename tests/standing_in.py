"""Operations for tests of a server: espeak speaks where weights or a network would be needed.

A worker finds them by ``WORKBENCH_OPERATIONS``, as it would find those of a plug-in; what is
checked before, and all that is done around the voice, is the package's own.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from workbench.errors import FileGone
from workbench.service.operations import lists, speech, video

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.service.operations.base import Context, Operation
    from workbench.service.operations.speech import Speak
    from workbench.storage.store import Store

__all__ = ["OPERATIONS", "SPOKEN"]

SPOKEN = "dQw4w9WgXcQ"
"""The one video elsewhere that has a transcript."""

_VOICES = {None, "af_heart", "am_adam"}  # Kokoro's; another one is refused by its own list


def _named(operations: tuple[Operation, ...], name: str) -> Operation:
    return next(one for one in operations if one.name == name)


_SPEAK = _named(speech.OPERATIONS, "speak")
_CAPTIONED = _named(video.OPERATIONS, "captioned_video")
_TRANSCRIPT = _named(lists.OPERATIONS, "youtube_transcript")


def _by_espeak(asked: Speak) -> Speak:
    if asked.engine != "chatterbox" and (asked.engine != "kokoro" or asked.voice not in _VOICES):
        return asked
    changes = {"engine": "espeak", "voice": None, "options": {}, "sample_id": None}
    return asked.model_copy(update=changes)


def _check(asked: Speak, store: Store) -> None:
    if asked.sample_id:
        store.stat(asked.sample_id)
    _SPEAK.check(_by_espeak(asked), store)


def _speak(asked: Speak, context: Context) -> Any:
    return _SPEAK.run(_by_espeak(asked), context)


def _voiced(function: Callable[..., Any]) -> Callable[..., Any]:
    """Do what a video's operation does, but with espeak for Kokoro's voices."""

    def done(asked: Any, around: Any) -> Any:
        if asked.kokoro_voice in _VOICES:
            asked = asked.model_copy(update={"kokoro_voice": "espeak:en-us"})
        return function(asked, around)

    return done


def _transcript(asked: Any, context: Context) -> dict[str, Any]:
    if asked.video_id != SPOKEN:
        raise FileGone("has no transcript that can be read", subject=asked.video_id)
    return {"video_id": asked.video_id, "transcript": "never gonna give you up"}


OPERATIONS = (
    dataclasses.replace(_SPEAK, run=_speak, check=_check),
    dataclasses.replace(_CAPTIONED, run=_voiced(_CAPTIONED.run), check=_voiced(_CAPTIONED.check)),
    dataclasses.replace(_TRANSCRIPT, run=_transcript),
)
