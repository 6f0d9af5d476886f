"""The part of `MediaService` that speaks and listens."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import ParameterError
from workbench.service.configs import is_path, voice_fields
from workbench.service.file_service import FileService
from workbench.service.generated import GeneratedTTS, Transcription
from workbench.timing import Word

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterator, Mapping, Sequence
    from typing import BinaryIO

    from workbench.progress import Report
    from workbench.voice import Preset, Voice

__all__ = ["SpeechService", "given"]


class SpeechService(FileService):
    """Speech by id, and what is said in it. The parameters are those of `Place`."""

    async def generate_tts(
        self,
        text: str,
        voice_config: Mapping[str, Any] | str | Voice | Preset | None = None,
        *,
        progress: Report | None = None,
    ) -> GeneratedTTS:
        """Speak a text; return the sound's id, its length and the times of its words.

        Parameters
        ----------
        text
            The text.
        voice_config
            ``{"engine": "kokoro", "voice": "af_bella", "speed": 1.0}``,
            ``{"engine": "chatterbox", "exaggeration": 0.5, "cfg_weight": 0.5, "temperature": 0.7,
            "sample_path": "me.wav"}``; any engine with its ``options``; ``engine:voice``; a
            `Voice`, a `Preset` or the name of one. None for Kokoro's ``af_bella``. A sample is the
            path of a file of this machine or the id of one of the store, and wants ``consent``,
            ``{"who": …, "purpose": …}``.
        progress
            Called with the part that is done, 0 to 1.

        Raises
        ------
        TextError
            When there is nothing to speak.
        VoiceNotFound, EngineNotFound, EngineMissing, WeightsMissing, ParameterError
            When the voice cannot be had.
        ConsentMissing
            When a voice is to be cloned, and nobody says that its owner agrees.
        DeadlineExceeded
            When it is not done in the service's `timeout`.
        """
        fields = {"text": text, "cache": self.enable_cache, **voice_fields(voice_config)}
        async with self._kept(_sample(voice_config), "audio") as sample_id:
            if sample_id is not None:
                fields["sample_id"] = sample_id
            told = await self._do("speak", fields, progress=progress)
        return GeneratedTTS(
            file_id=str(told["file_id"]),
            duration=told.get("duration"),
            words=_words(told),
            warnings=tuple(told.get("warnings") or ()),
        )

    async def generate_tts_direct(
        self,
        text: str,
        voice_config: Mapping[str, Any] | str | Voice | Preset | None = None,
        *,
        progress: Report | None = None,
    ) -> str:
        """Speak a text; return the sound's id once it is ready. See `generate_tts`."""
        return (await self.generate_tts(text, voice_config, progress=progress)).file_id

    async def transcribe(
        self,
        source: str | os.PathLike[str] | bytes | BinaryIO,
        language: str | None = None,
        *,
        model: str | None = None,
        progress: Report | None = None,
    ) -> Transcription:
        """Return what is said in a recording.

        Parameters
        ----------
        source
            The id of a sound or a clip, the path of one, its bytes, or a stream of them. What was
            not in the store is deleted from it afterwards.
        language
            What is spoken, such as ``es``; None to find out.
        model
            The recogniser's model, such as ``small``; None for the service's own.
        progress
            Called with the part that is done, 0 to 1.

        Raises
        ------
        WeightsMissing
            When the model is not there.
        MediaError
            When there is no sound in it.
        """
        kept = isinstance(source, str) and not is_path(source)
        audio_id = source if kept else await self.upload_file(source)
        fields = {"audio_id": audio_id, "language": language, "model": model}
        try:
            told = await self._do("transcribe", given(fields), progress=progress)
        finally:
            if not kept:
                await self.cleanup_files([str(audio_id)])
        return Transcription(
            text=str(told["transcription"]).strip(),
            duration=float(told["duration"]),
            language=told.get("language") or "",
            words=_words(told),
        )

    async def align_script(
        self,
        audio_id: str,
        script: str,
        mode: str = "sentence",
        *,
        limit: int | None = None,
        language: str = "eng",
    ) -> list[dict[str, Any]]:
        """Return when each piece of a script is said in a recording: ``text``, ``start``, ``end``.

        Parameters
        ----------
        audio_id
            The recording.
        script
            What is said in it.
        mode
            ``word``, ``sentence``, ``sentence_punc``, ``fixed_words`` or ``max_chars``.
        limit
            Words, or letters, of a piece for the last two.
        language
            ISO 639-3, such as ``eng`` or ``spa``.
        """
        fields = {"audio_id": audio_id, "script": script, "mode": mode, "lang_code": language}
        told = await self._do("align", {**fields, **given({"limit": limit})})
        return list(told["segments"])

    async def merge_audio(self, audio_ids: Sequence[str], pause: float = 0.5) -> str:
        """Put sounds one after the other, with so many seconds between them; return the id."""
        return await self._file("merge_audio", {"audio_ids": list(audio_ids), "pause": pause})

    async def trim_pauses(self, audio_id: str, pause_threshold: float = 0.5) -> str:
        """Shorten pauses that are longer than so many seconds to that; return the id."""
        fields = {"audio_id": audio_id, "pause_threshold": pause_threshold}
        return await self._file("trim_pauses", fields)

    async def extend_audio(self, audio_id: str, duration_minutes: float) -> str:
        """Repeat a sound until it lasts 10 to 180 minutes; return the id of an MP3."""
        fields = {"audio_id": audio_id, "duration_minutes": duration_minutes}
        return await self._file("extend_audio", fields)

    async def convert_pcm_to_wav(
        self,
        pcm_id: str,
        sample_rate: int = 24_000,
        channels: int = 1,
        target_sample_rate: int = 44_100,
    ) -> str:
        """Make a stereo WAV of bare 16-bit samples; return the id."""
        fields = {"pcm_id": pcm_id, "sample_rate": sample_rate, "channels": channels}
        return await self._file("pcm_to_wav", {**fields, "target_sample_rate": target_sample_rate})

    @contextlib.asynccontextmanager
    async def _kept(
        self, file: str | os.PathLike[str] | None, media_type: str
    ) -> AsyncIterator[str | None]:
        """Yield the id of a file; one of this machine is in the store while the block runs."""
        if file is None or not is_path(file):
            yield file if file is None else str(file)
            return
        file_id = await self.upload_file(file, media_type)
        try:
            yield file_id
        finally:
            await self.cleanup_files([file_id])

    async def _file(
        self, operation: str, fields: Mapping[str, Any], progress: Report | None = None
    ) -> str:
        return str((await self._do(operation, fields, progress=progress))["file_id"])


def given(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was given: the fields that are not None."""
    return {name: value for name, value in fields.items() if value is not None}


def _sample(config: object) -> str | Path | None:
    found = config.get("sample_path") if hasattr(config, "get") else None
    if found is not None and not isinstance(found, str | Path):
        raise ParameterError("must be a path or an id", subject="sample_path")
    return found or None


def _words(told: Mapping[str, Any]) -> tuple[Word, ...]:
    return tuple(
        Word(text=word["text"], start=word["start"], end=word["end"])
        for word in told.get("words") or ()
    )
