"""What there is to choose from: voices, languages, fonts; and what is said in a video elsewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pydantic import Field

from workbench.errors import EngineMissing, FileGone, ParameterError, shown
from workbench.service.operations.base import Context, Operation, Parameters

if TYPE_CHECKING:
    from workbench.storage.store import Store

__all__ = ["OPERATIONS"]

_VIDEO = re.compile(r"[A-Za-z0-9_-]{11}", re.ASCII)
_PATIENCE = 20.0  # seconds for each answer


class _Nothing(Parameters):
    pass


class _Voices(Parameters):
    engine: str | None = Field(default=None, max_length=100)
    language: str | None = Field(default=None, max_length=40)


class _Video(Parameters):
    video_id: str


def _check_voices(asked: _Voices, store: Store) -> None:  # noqa: ARG001
    from workbench.engines.registry import engine

    if asked.engine:
        engine(asked.engine)


def _voices(asked: _Voices, context: Context) -> dict[str, Any]:  # noqa: ARG001
    """List the voices of every engine that is here, or of one.

    An engine that fails is left out, unless it is the one that is asked for.
    """
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


def _fonts(asked: _Nothing, context: Context) -> dict[str, Any]:  # noqa: ARG001
    from workbench.media.fontlist import fonts

    return {"fonts": [font.family for font in fonts()]}


def _check_video(asked: _Video, store: Store) -> None:  # noqa: ARG001
    if not _VIDEO.fullmatch(asked.video_id):
        raise ParameterError(
            f"{shown(asked.video_id)} is none",
            subject="video_id",
            cure="use the 11 letters after v= in the video's address",
        )


def _youtube_transcript(asked: _Video, context: Context) -> dict[str, Any]:  # noqa: ARG001
    """Return what is said in a video, in English where there is that, else in what there is."""
    try:
        from youtube_transcript_api import YouTubeTranscriptApi
    except ImportError:
        raise EngineMissing(
            "needs a package that is not installed",
            subject="youtube-transcript",
            cure="pip install 'media-workbench[serve]'",
        ) from None
    try:
        listed = YouTubeTranscriptApi(http_client=_patient()).list(asked.video_id)
        pieces = _chosen(listed).fetch()
        text = " ".join(" ".join(str(piece.text).split()) for piece in pieces)
    except Exception as error:  # of the library's there are twenty, and of the network's
        raise FileGone(
            f"has no transcript that can be read ({type(error).__name__})", subject=asked.video_id
        ) from error
    return {"video_id": asked.video_id, "transcript": text}


def _patient() -> Any:
    """Return a session that gives up in time; the library's own waits for ever."""
    from functools import partial

    import requests  # what the library asks with

    session: Any = requests.Session()
    session.request = partial(session.request, timeout=_PATIENCE)
    return session


def _chosen(listed: Any) -> Any:
    """Return the English transcript, else the first: whoever wrote it comes before a machine."""
    found = sorted(
        listed, key=lambda one: (not one.language_code.startswith("en"), one.is_generated)
    )
    return found[0]


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
