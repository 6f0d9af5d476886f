"""A picture or a clip, a voice and its words become a video."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from workbench.errors import ModelError, ParameterError, TextError, WeightsMissing
from workbench.service.operations.base import Context, Operation, Parameters
from workbench.service.operations.inputs import there, writing
from workbench.service.operations.looks import Looks, check_looks, style_of

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.audio import Audio
    from workbench.script import Script
    from workbench.storage.store import Store
    from workbench.timing import Word

__all__ = ["OPERATIONS", "CaptionedVideo"]

_MOTIONS = {"ken_burns": "zoom-in", "pan": "pan-right"}
"""What the effects of a picture are called by the builder; any other one is none."""
_TEXT = 100_000  # letters
_SPOKEN = 0.3  # of the progress
_HEARD = 0.5  # of a script's words, so that what was heard tells when the rest is said


class CaptionedVideo(Looks):
    """What is seen, what is said, and how that is written."""

    background_id: str
    text: str | None = Field(default=None, max_length=_TEXT)
    width: int = Field(default=1080, ge=16, le=4096)
    height: int = Field(default=1920, ge=16, le=4096)
    audio_id: str | None = None
    kokoro_voice: str = Field(default="af_heart", max_length=150)
    kokoro_speed: float = 1.0
    language: str | None = Field(default=None, max_length=40)
    alignment_language_code: str | None = Field(default=None, max_length=40)
    image_effect: str = Field(default="ken_burns", max_length=100)
    caption_on: bool = True
    quality: Literal["draft", "preview", "production"] = "production"
    cache: bool = True


class SpokenWord(Parameters):
    """A word and its time in seconds."""

    text: str = Field(min_length=1, max_length=1000)
    start: float = Field(ge=0)
    end: float = Field(ge=0)


class CaptionedJob(CaptionedVideo):
    """What is asked for, and what the service itself knows of it."""

    # The words of `audio_id` with their times, where the service spoke it.
    audio_words: list[SpokenWord] | None = Field(default=None, max_length=50_000)


@dataclass(frozen=True, kw_only=True)
class Said:
    """What is heard in the video, and its words."""

    audio: Audio
    words: tuple[Word, ...] = ()
    language: str = ""
    text: str = ""
    voice: str = "recording:audio"
    notes: tuple[str, ...] = ()


def _check(asked: CaptionedVideo, store: Store) -> None:
    for name in ("width", "height"):
        if getattr(asked, name) % 2:
            raise ParameterError(f"must be even, not {getattr(asked, name)}", subject=name)
    check_looks(asked)
    there(store, asked.background_id, "image", "video")
    if asked.audio_id:
        there(store, asked.audio_id, "audio", "video")
        _script(asked)
        return
    if not asked.text:
        raise ParameterError(
            "is missing, and there is no audio_id", subject="text", cure="give one of the two"
        )
    if not (_script(asked)):
        raise TextError("has nothing to speak", subject="text", cure="write at least one word")
    from workbench.service.operations.speech import voice_of

    voice_of(_speak(asked))


def _script(asked: CaptionedVideo) -> Script | None:
    """Return the text as a script, None where there is not a word in it.

    Raises
    ------
    TextError
        When a tag in it is wrong.
    """
    from workbench.script import Script, tokenize

    return Script.parse(asked.text) if asked.text and tokenize(asked.text) else None


def _run(asked: CaptionedVideo, context: Context) -> dict[str, Any]:
    from workbench.captions.cues import caption
    from workbench.media.video import Video
    from workbench.service.operations.speech import listed
    from workbench.take import Take
    from workbench.voice import Voice

    _check(asked, context.store)
    style, notes = style_of(asked, asked.height)
    said = _said(asked, replace(context, report=lambda done: context.report(_SPOKEN * done)))
    take = Take(
        text=said.text,
        audio=said.audio,
        words=said.words,
        voice=Voice.parse(said.voice),
        language=said.language,
    )
    with ExitStack() as stack:
        background = stack.enter_context(context.store.reading(asked.background_id))
        video = _seen(Video(f"{asked.width}x{asked.height}"), background, asked).narrate(take)
        if asked.caption_on and said.words:
            size = {"width": asked.width, "height": asked.height}
            # A line of one letter, which is the default, means a line of one word.
            cues = caption(take, style=style, whole_words=True, **size)
            video = video.captions(style, cues=cues)
        made = video.render(
            stack.enter_context(writing(context)),
            preset=asked.quality,
            warn=False,  # the result tells it
            cache=False,  # what is made once would fill a folder beside the store, out of its quota
            progress=lambda done: context.progress(_SPOKEN + (1 - _SPOKEN) * done),
            cancel=context.cancel,
        )
    return {
        "duration": made.duration,
        "width": made.width,
        "height": made.height,
        "encoder": made.encoder,
        "words": listed(said.words),
        "warnings": list(dict.fromkeys([*notes, *said.notes, *made.warnings])),
    }


def _seen(video: Any, background: Path, asked: CaptionedVideo) -> Any:
    """Return the video with its background: a clip as long as the voice, or a picture that moves.

    The old one stretched clips and panned pictures, and zoomed ever faster into a corner.
    """
    if asked.background_id.startswith("video_"):
        return video.background(background)
    return video.scene(background, motion=_MOTIONS.get(asked.image_effect, "still"))


# -- what is said -------------------------------------------------------------------------------


def _said(asked: CaptionedVideo, context: Context) -> Said:
    return _recorded(asked, context) if asked.audio_id else _spoken(asked, context)


def _speak(asked: CaptionedVideo) -> Any:
    """Return the parameters with which the text is spoken; the voice may name its engine."""
    from workbench.service.operations.speech import Speak

    engine, colon, voice = asked.kokoro_voice.strip().partition(":")
    if not colon:
        engine, voice = "kokoro", engine
    return Speak(
        text=asked.text or "",
        engine=engine,
        voice=voice or None,
        language=asked.language,
        speed=asked.kokoro_speed,
        cache=asked.cache,
    )


def _spoken(asked: CaptionedVideo, context: Context) -> Said:
    from workbench.service.operations.speech import spoken
    from workbench.speech.voices import resolve

    audio, words, warnings, voice = spoken(_speak(asked), context)
    return Said(
        audio=audio,
        words=words,
        language=resolve(voice)[1].language,
        text=asked.text or "",
        voice=voice,
        notes=tuple(warnings),
    )


def _recorded(asked: CaptionedVideo, context: Context) -> Said:
    """Return a recording with its words: those of the text, else those that are heard."""
    from workbench.media.recording import read_sound

    script = _script(asked)
    with context.store.reading(asked.audio_id or "") as path:
        audio = read_sound(path)
        context.progress(0.1)
        if not asked.caption_on:
            return Said(audio=audio)
        if script is None:
            return _heard(asked, path, audio, context)
        if isinstance(asked, CaptionedJob) and asked.audio_words:
            return _told(asked, audio)
        return _aligned(asked, path, audio, script, context)


def _told(asked: CaptionedJob, audio: Audio) -> Said:
    """Return a recording with the words it was spoken from."""
    from workbench.timing import Word

    words = tuple(
        Word(text=one.text, start=one.start, end=min(max(one.start, one.end), audio.duration))
        for one in asked.audio_words or ()
        if one.start < audio.duration
    )
    return Said(audio=audio, words=words, language=_language(asked) or "", text=asked.text or "")


def _language(asked: CaptionedVideo) -> str | None:
    from workbench.captions.languages import two_letters

    return asked.language or two_letters(asked.alignment_language_code or "") or None


def _listen(asked: CaptionedVideo, path: Path, context: Context) -> Any:
    from workbench.speech.transcribe import transcribe

    return transcribe(
        path,
        language=_language(asked),
        model=os.environ.get("WHISPER_MODEL") or None,  # as the old server took it
        progress=lambda done: context.progress(0.1 + 0.9 * done),
        cancel=context.cancel,
    )


def _heard(asked: CaptionedVideo, path: Path, audio: Audio, context: Context) -> Said:
    heard = _listen(asked, path, context)
    notes = tuple(heard.warnings)
    if not heard.words:
        notes = (*notes, "no word was heard, so there are no captions")
    return Said(
        audio=audio,
        words=tuple(heard.words),
        language=heard.language,
        text=heard.text,
        notes=notes,
    )


def _aligned(
    asked: CaptionedVideo, path: Path, audio: Audio, script: Script, context: Context
) -> Said:
    """Return the text's words where they are heard; where nobody hears them, where they may be."""
    from workbench.speech.align import align, estimate

    text = " ".join(line.text for line in script.lines)
    language = _language(asked) or ""
    try:
        heard = _listen(asked, path, context)
        found = align(text, heard, duration=audio.duration, language=language)
        if found.matched >= _HEARD:
            return Said(
                audio=audio,
                words=found.words,
                language=found.language,
                text=text,
                notes=tuple(heard.warnings),
            )
        note = f"of the text {found.matched:.0%} is heard in the recording"
    except WeightsMissing:
        note = "there is no recogniser here"
    except ModelError as error:
        note = f"the recogniser cannot work ({error.problem})"
    return Said(
        audio=audio,
        words=tuple(estimate(text, audio, language=language)),
        language=language,
        text=text,
        notes=(f"{note}: the times of the words are estimated from its loudness",),
    )


OPERATIONS = (
    Operation(
        name="captioned_video",
        parameters=CaptionedJob,
        run=_run,
        check=_check,
        output=("video", ".mp4"),
    ),
)
