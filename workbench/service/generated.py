"""What a `MediaService` returns: ids of files, and what is known of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.timing import Word

__all__ = ["GeneratedTTS", "GeneratedVideo", "MediaProcessingStatus", "Transcription"]


@dataclass(frozen=True, kw_only=True)
class GeneratedTTS:
    """Speech in the store.

    Parameters
    ----------
    file_id
        Its id.
    duration
        Seconds, None where a server does not say.
    words
        Its words with their times in seconds; none where a server does not say.
    warnings
        What was done otherwise than asked.
    """

    file_id: str
    duration: float | None = None
    words: tuple[Word, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class GeneratedVideo:
    """A captioned video in the store.

    Parameters
    ----------
    file_id
        Its id.
    tts_id, image_id
        Of the speech and the picture or clip it was made of; `tts_id` is empty where the video
        was spoken from its text.
    duration
        Seconds, None where a server does not say.
    warnings
        What was done otherwise than asked.
    """

    file_id: str
    tts_id: str
    image_id: str
    duration: float | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class MediaProcessingStatus:
    """How a file or a job is doing.

    Parameters
    ----------
    status
        ``processing``, ``ready``, ``failed`` or ``not_found``.
    file_id
        The id that was asked for.
    url
        Where it can be read, once it is ready.
    error
        What went wrong, for ``failed``.
    progress
        The part that is done, 0 to 1; None where a server does not say.
    """

    status: str
    file_id: str | None = None
    url: str | None = None
    error: str | None = None
    progress: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the status as plain values, for JSON."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class Transcription:
    """What was heard in a recording.

    Parameters
    ----------
    text
        All of it.
    duration
        Seconds of the recording.
    language
        What was spoken; empty where a server does not say.
    words
        With their times in seconds; none where a server does not say.
    """

    text: str
    duration: float
    language: str = ""
    words: tuple[Word, ...] = ()

    def __str__(self) -> str:
        return self.text
