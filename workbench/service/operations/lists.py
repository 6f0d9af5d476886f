"""What there is to choose from: voices, languages, fonts; and what is said in a video elsewhere."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from workbench.errors import EngineMissing, FileGone, ParameterError, shown
from workbench.service.operations.base import Context, Operation, Parameters

if TYPE_CHECKING:
    from workbench.storage.store import Store

__all__ = ["OPERATIONS"]

_VIDEO = re.compile(r"[A-Za-z0-9_-]{11}", re.ASCII)


class _Nothing(Parameters):
    pass


class _Voices(Parameters):
    engine: str | None = None
    language: str | None = None


class _Video(Parameters):
    video_id: str


def _check_voices(asked: _Voices, store: Store) -> None:  # noqa: ARG001
    if asked.engine is not None:
        from workbench.engines.registry import engine

        engine(asked.engine)


def _voices(asked: _Voices, context: Context) -> dict[str, Any]:  # noqa: ARG001
    from workbench.speech.voices import voices

    found = voices(asked.language or "", engine_name=asked.engine or "")
    return {
        "voices": [
            {
                "name": one.name,
                "engine": one.name.partition(":")[0],
                "language": one.language,
                "label": one.label,
                "gender": one.gender,
            }
            for one in found
        ]
    }


def _kokoro_voices(asked: _Nothing, context: Context) -> dict[str, Any]:  # noqa: ARG001
    from workbench.engines.kokoro.voices import voices

    return {"voices": [one.name for one in voices()]}


def _chatterbox_languages(asked: _Nothing, context: Context) -> dict[str, Any]:  # noqa: ARG001
    from workbench.engines.chatterbox.voices import LANGUAGES

    return {"languages": dict(LANGUAGES)}


@lru_cache(maxsize=1)
def _families() -> tuple[str, ...]:
    from workbench.media.fontlist import fonts

    return tuple(font.family for font in fonts())


def _fonts(asked: _Nothing, context: Context) -> dict[str, Any]:  # noqa: ARG001
    return {"fonts": list(_families())}


def _check_video(asked: _Video, store: Store) -> None:  # noqa: ARG001
    if not _VIDEO.fullmatch(asked.video_id):
        raise ParameterError(
            f"{shown(asked.video_id)} is none",
            subject="video_id",
            cure="use the 11 letters after v= in the video's address",
        )


def _youtube_transcript(asked: _Video, context: Context) -> dict[str, Any]:  # noqa: ARG001
    try:
        from youtube_transcript_api import YouTubeTranscriptApi
    except ModuleNotFoundError:
        raise EngineMissing(
            "needs a package that is not installed",
            subject="youtube-transcript",
            cure="pip install youtube-transcript-api",
        ) from None
    try:
        pieces = YouTubeTranscriptApi().fetch(asked.video_id)
        text = " ".join(piece.text for piece in pieces)
    except Exception as error:
        raise FileGone(
            f"has no transcript that can be read ({type(error).__name__})", subject=asked.video_id
        ) from error
    return {"video_id": asked.video_id, "transcript": text}


OPERATIONS = (
    Operation(name="voices", parameters=_Voices, run=_voices, check=_check_voices, quick=True),
    Operation(name="kokoro_voices", parameters=_Nothing, run=_kokoro_voices, quick=True),
    Operation(
        name="chatterbox_languages", parameters=_Nothing, run=_chatterbox_languages, quick=True
    ),
    Operation(name="fonts", parameters=_Nothing, run=_fonts, quick=True),
    Operation(
        name="youtube_transcript",
        parameters=_Video,
        run=_youtube_transcript,
        check=_check_video,
        quick=True,
    ),
)
