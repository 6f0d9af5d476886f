"""One service for spoken, captioned media: on a server, or in this process, by the same calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.errors import ParameterError, suggest
from workbench.service.configs import caption_fields, given_id
from workbench.service.generated import GeneratedVideo
from workbench.service.speech_service import SpeechService, given

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from workbench.progress import Report

__all__ = ["MediaService"]

_VOLUME = 0.1  # of music, the old service's; its server's own default was 0.5


class MediaService(SpeechService):
    """Speech, captioned videos and their pieces, by id.

    Making one needs no variable of the environment, no key and no library of an engine, and
    connects to nothing. Every file is known by an id such as ``video_<uuid>.mp4``; what takes a
    file's id also takes the path of a file of this machine where its text says so.

    Parameters
    ----------
    base_url, execution_mode, enable_cache, quality_level, token, store, image_size, timeout
        See `Place`, also for ``at_once``.

    Examples
    --------
    >>> import asyncio, tempfile
    >>> async def speak(folder):
    ...     async with MediaService(execution_mode="local", store=folder) as service:
    ...         spoken = await service.generate_tts("Hello, world.", {"engine": "espeak"})
    ...         return spoken.file_id[:6], [word.text for word in spoken.words]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     asyncio.run(speak(folder))
    ('audio_', ['Hello,', 'world.'])
    """

    async def start_captioned_video_generation(
        self,
        /,
        image_id: str,
        tts_id: str | None = None,
        text: str | None = None,
        subtitle_config: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> str:
        """Start a captioned video; return its id at once. See `generate_captioned_video`."""
        asked = self._captioned(image_id, tts_id, text, subtitle_config, fields)
        return await self._submit("captioned_video", asked)

    async def generate_captioned_video(
        self,
        /,
        image_id: str,
        tts_id: str | None = None,
        text: str | None = None,
        subtitle_config: Mapping[str, Any] | None = None,
        *,
        progress: Report | None = None,
        **fields: Any,
    ) -> GeneratedVideo:
        """Make a captioned video of a picture or clip and speech.

        Parameters
        ----------
        image_id
            The picture or the clip behind.
        tts_id
            The speech; None to speak `text`.
        text
            What is said. With `tts_id` the captions are this text at the times of its words; None
            for what a recogniser hears.
        subtitle_config
            ``font``, ``font_size``, ``bold``, ``italic``, ``color``, ``outline_color``,
            ``outline_width``, ``shadow``, ``max_lines``, ``max_length``, ``position`` (or
            ``alignment`` 2 bottom, 5 top, 10 center), ``style`` (one of `workbench.Style`'s).
        progress
            Called with the part that is done, 0 to 1.
        **fields
            More of the wire's fields: ``width``, ``height``, ``image_effect`` (``ken_burns``,
            ``pan``, ``still``), ``kokoro_voice``, ``kokoro_speed``, ``language``, ``caption_on``.

        Raises
        ------
        FileGone
            When a file is not there.
        ParameterError
            When a value is out of its range.
        MediaError
            When a file is not what it should be.
        """
        asked = self._captioned(image_id, tts_id, text, subtitle_config, fields)
        told = await self._do("captioned_video", asked, progress=progress)
        return GeneratedVideo(
            file_id=str(told["file_id"]),
            tts_id=tts_id or "",
            image_id=image_id,
            duration=told.get("duration"),
            warnings=tuple(told.get("warnings") or ()),
        )

    def _captioned(
        self,
        image_id: str,
        tts_id: str | None,
        text: str | None,
        subtitle_config: Mapping[str, Any] | None,
        fields: Mapping[str, Any],
    ) -> dict[str, Any]:
        from workbench.service.operations.captioned import CaptionedVideo

        known = CaptionedVideo.model_fields
        for name in fields:  # a server takes no notice of what it does not know
            if name not in known:
                raise ParameterError(
                    "a captioned video has no such field", subject=name, cure=suggest(name, known)
                )
        width, height = self.image_size
        asked = {
            "background_id": given_id("image_id", image_id),
            "width": width,
            "height": height,
            **caption_fields(subtitle_config),
            **fields,
            **given({"audio_id": tts_id, "text": text}),
        }
        if self.quality_level != "production":
            asked.setdefault("quality", self.quality_level)
        return asked

    async def start_video_merge(
        self,
        video_ids: Sequence[str],
        background_music_id: str | None = None,
        music_volume: float | None = None,
    ) -> str:
        """Start joining videos; return the id of the result at once. See `merge_videos`."""
        asked = _merging(video_ids, background_music_id, music_volume)
        return await self._submit("merge_videos", asked)

    async def merge_videos(
        self,
        video_ids: Sequence[str],
        background_music_id: str | None = None,
        background_music_path: str | os.PathLike[str] | None = None,
        music_volume: float | None = None,
        *,
        progress: Report | None = None,
    ) -> str:
        """Join videos one after the other; return the id of the result.

        Parameters
        ----------
        video_ids
            The videos in their order; the first one's size is that of the result.
        background_music_id, background_music_path
            The id of a sound, or the path of one, that plays under all of it.
        music_volume
            How loud the music is, 0 to 1; None for 0.1.
        progress
            Called with the part that is done, 0 to 1.
        """
        music = background_music_path or background_music_id
        async with self._kept(music or None, "audio") as music_id:
            asked = _merging(video_ids, music_id, music_volume)
            # Joining many videos takes longer than anything else here; the old service knew.
            seconds = 2 * self.timeout
            told = await self._do("merge_videos", asked, timeout=seconds, progress=progress)
        return str(told["file_id"])

    async def start_colorkey_overlay(
        self,
        video_id: str,
        overlay_video_id: str,
        color: str = "green",
        similarity: float = 0.1,
        blend: float = 0.1,
    ) -> str:
        """Start laying a clip over a video; return the id of the result at once."""
        asked = _keyed(video_id, overlay_video_id, color, similarity, blend)
        return await self._submit("colorkey_overlay", asked)

    async def add_colorkey_overlay(
        self,
        video_id: str,
        overlay_video_id: str,
        color: str = "green",
        similarity: float = 0.1,
        blend: float = 0.1,
        *,
        progress: Report | None = None,
    ) -> str:
        """Lay a clip over a video, clear where it has a colour; return the result's id.

        Parameters
        ----------
        video_id, overlay_video_id
            The video below and the clip above.
        color
            A name or ``#rrggbb``.
        similarity, blend
            How unlike that colour may be and still be clear, and how soft the edge is, 0 to 1.
        progress
            Called with the part that is done, 0 to 1.
        """
        asked = _keyed(video_id, overlay_video_id, color, similarity, blend)
        return await self._file("colorkey_overlay", asked, progress)

    async def add_overlay(self, video_id: str, overlay_id: str, opacity: float = 0.4) -> str:
        """Lay a picture or a clip over a video, so opaque (0 to 1); return the result's id."""
        fields = {"video_id": video_id, "overlay_id": overlay_id, "opacity": opacity}
        return await self._file("add_overlay", fields)

    # -- pictures and facts -------------------------------------------------------------------

    async def extract_frame(self, video_id: str, timestamp: float = 1.0) -> bytes:
        """Return the picture at so many seconds of a video, as a JPEG."""
        backend = await self._ready()
        return await backend.frame(given_id("video_id", video_id), timestamp)

    async def extract_frames(
        self,
        video: str | os.PathLike[str],
        amount: int = 5,
        length_seconds: float | None = None,
        *,
        stitch: bool = False,
    ) -> list[str]:
        """Keep evenly spaced pictures of a video; return their ids.

        Parameters
        ----------
        video
            The id of a video, the path of one, or its address.
        amount
            How many.
        length_seconds
            Of the beginning only; None for all of it.
        stitch
            Whether one picture with all of them follows, as the last id.
        """
        fields: dict[str, Any] = {"amount": amount, "stitch": stitch}
        fields |= given({"length_seconds": length_seconds})
        address = str(video).startswith(("http://", "https://"))
        async with self._kept(None if address else video, "video") as video_id:
            fields |= {"url": str(video)} if address else {"video_id": video_id}
            told = await self._do("extract_frames", fields)
        return [*told["image_ids"], *([told["sheet_id"]] if told.get("sheet_id") else [])]

    async def stitch_images(
        self, images: Sequence[str], max_width: int = 1920, max_height: int = 1080
    ) -> str:
        """Put pictures (ids or addresses) side by side in a grid; return the id of a JPEG."""
        urls = [one for one in images if one.startswith(("http://", "https://"))]
        fields: dict[str, Any] = {"max_width": max_width, "max_height": max_height}
        fields |= {"image_urls": urls, "image_ids": [one for one in images if one not in urls]}
        return await self._file("stitch_images", fields)

    async def make_image_imperfect(
        self,
        image_id: str,
        enhance_color: float | None = None,
        enhance_contrast: float | None = None,
        noise_strength: int = 0,
    ) -> str:
        """Give a picture the look of a photograph; return the id of a JPEG.

        Parameters
        ----------
        image_id
            The picture.
        enhance_color, enhance_contrast
            0 to 2, where 1 changes nothing; None for that.
        noise_strength
            0 to 100.
        """
        fields = {"image_id": image_id, "noise_strength": noise_strength}
        more = {"enhance_color": enhance_color, "enhance_contrast": enhance_contrast}
        return await self._file("imperfect_image", {**fields, **given(more)})

    async def info(self, file_id: str) -> dict[str, Any]:
        """Return what a video or a sound is: ``duration``, ``width``, ``fps``, and so on.

        Raises
        ------
        MediaError
            When it is a picture.
        """
        return await self._do("info", {"file_id": given_id("file_id", file_id)})

    async def fonts(self) -> list[str]:
        """Return the families of fonts that captions can have."""
        return list((await self._do("fonts", {}))["fonts"])

    async def voices(
        self, engine: str | None = None, language: str | None = None
    ) -> list[dict[str, Any]]:
        """Return the voices: ``name``, ``language``, ``label``, ``gender``, ``engine`` of each."""
        told = await self._do("voices", given({"engine": engine, "language": language}))
        return list(told["voices"])


def _merging(video_ids: Sequence[str], music_id: object, volume: float | None) -> dict[str, Any]:
    if isinstance(video_ids, str):
        raise ParameterError("must be a list of ids", subject="video_ids", cure="[first, second]")
    fields: dict[str, Any] = {"video_ids": list(video_ids)}
    if music_id:
        fields["background_music_id"] = music_id
        fields["background_music_volume"] = _VOLUME if volume is None else volume
    return fields


def _keyed(
    video_id: str, overlay_video_id: str, color: str, similarity: float, blend: float
) -> dict[str, Any]:
    return {
        "video_id": given_id("video_id", video_id),
        "overlay_video_id": given_id("overlay_video_id", overlay_video_id),
        "color": color,
        "similarity": similarity,
        "blend": blend,
    }
