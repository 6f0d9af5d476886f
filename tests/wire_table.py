"""The wire of the older server, v0.3.5, as its documents and its running server tell it.

Written from what was seen of that server, not from our routes: a field that is renamed here, or
has another default, breaks somebody's script.
"""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["LATER", "OLD", "REQUIRED", "Field", "Route"]

M = "/api/v1/media"
U = "/api/v1/utils"

REQUIRED = object()
"""What a field has for a default that has to be sent."""


@dataclass(frozen=True)
class Field:
    """A field of a form or a query.

    Parameters
    ----------
    kind
        ``string``, ``number``, ``integer``, ``boolean`` or ``file``.
    default
        What it is when it is not sent.
    lowest, highest
        The range beyond which it is 422, as it was.
    """

    kind: str
    default: object = None
    lowest: float | None = None
    highest: float | None = None


@dataclass(frozen=True)
class Route:
    """An operation of the wire."""

    method: str
    path: str
    form: dict[str, Field] = field(default_factory=dict)
    query: dict[str, Field] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


def text(default: object = None) -> Field:
    return Field("string", default)


def number(default: object = None, lowest: float | None = None, highest: float | None = None):
    return Field("number", default, lowest, highest)


def whole(default: object = None, lowest: float | None = None, highest: float | None = None):
    return Field("integer", default, lowest, highest)


def flag(default: object) -> Field:
    return Field("boolean", default)


FILE = Field("file")
NEEDED = text(REQUIRED)

CAPTIONS = {
    "line_count": whole(1, 1, 5),
    "line_max_length": whole(1, 1, 200),
    "font_size": whole(120, 8, 200),
    "font_name": text("Arial"),
    "font_bold": flag(True),  # noqa: FBT003
    "font_italic": flag(False),  # noqa: FBT003
    "font_color": text("#fff"),
    "subtitle_position": text("top"),
    "shadow_color": text("#000"),
    "shadow_transparency": number(0.4, 0, 1),
    "shadow_blur": whole(10, 0, 20),
    "stroke_color": text(),
    "stroke_size": whole(5, 0, 10),
}
CAPTIONED = {
    "background_id": NEEDED,
    "text": text(),
    "width": whole(1080),
    "height": whole(1920),
    "audio_id": text(),
    "kokoro_voice": text("af_heart"),
    "kokoro_speed": number(1.0),
    "language": text(),
    "image_effect": text("ken_burns"),
} | {f"caption_config_{name}": one for name, one in CAPTIONS.items()}

OLD = [
    Route("GET", "/"),
    Route("HEAD", "/"),
    Route("GET", "/health"),
    Route("HEAD", "/health"),
    # Sent in another way (audio_id) it may be absent now; without either it is 422 still.
    Route("POST", f"{M}/audio-tools/transcribe", {"audio_file": FILE, "language": text()}),
    Route("GET", f"{M}/audio-tools/tts/kokoro/voices"),
    Route("POST", f"{M}/audio-tools/tts/kokoro",
          {"text": NEEDED, "voice": text(), "speed": number()}),
    Route("POST", f"{M}/audio-tools/tts/chatterbox", {
        "text": NEEDED,
        "sample_audio_id": text(),
        "sample_audio_file": FILE,
        "exaggeration": number(0.5),
        "cfg_weight": number(0.5),
        "temperature": number(0.8),
        "chunk_chars": whole(1024),
        "chunk_silence_ms": whole(350),
    }),
    Route("POST", f"{M}/storage", {"media_type": text(), "file": FILE, "url": text()}),
    Route("GET", f"{M}/storage/{{file_id}}"),
    Route("DELETE", f"{M}/storage/{{file_id}}"),
    Route("GET", f"{M}/storage/{{file_id}}/status"),
    Route("POST", f"{M}/video-tools/merge", {
        "video_ids": NEEDED,
        "background_music_id": text(),
        "background_music_volume": number(0.5),
    }),
    Route("GET", f"{M}/fonts"),
    Route("POST", f"{M}/video-tools/generate/tts-captioned-video", CAPTIONED),
    Route("POST", f"{M}/video-tools/add-colorkey-overlay", {
        "video_id": NEEDED,
        "overlay_video_id": NEEDED,
        "color": text("green"),
        "similarity": number(0.1),
        "blend": number(0.1),
    }),
    Route("GET", f"{M}/video-tools/extract-frame/{{video_id}}", query={"timestamp": number(1.0)}),
    Route("POST", f"{M}/video-tools/extract-frames", {
        "url": text(),
        "amount": whole(5),
        "length_seconds": number(),
        "stitch": flag(False),  # noqa: FBT003
    }),
    Route("GET", f"{M}/video-tools/info/{{file_id}}"),
    Route("GET", f"{M}/audio-tools/info/{{file_id}}"),
    Route("GET", f"{U}/youtube-transcript", query={"video_id": NEEDED}),
    Route("POST", f"{U}/stitch-images",
          {"image_urls": text(), "max_width": whole(1920), "max_height": whole(1080)}),
    Route("POST", f"{U}/make-image-imperfect", {
        "image_id": NEEDED,
        "enhance_color": number(None, 0, 2),
        "enhance_contrast": number(None, 0, 2),
        "noise_strength": whole(0, 0, 100),
    }),
    Route("POST", f"{U}/convert/pcm/wav", {
        "pcm_id": NEEDED,
        "sample_rate": whole(24_000),
        "channels": whole(1),
        "target_sample_rate": whole(44_100),
    }),
]  # fmt: skip
"""The 24 operations of v0.3.5."""

LATER = [
    Route("GET", f"{M}/audio-tools/tts/chatterbox/languages"),
    Route("POST", f"{M}/audio-tools/tts/chatterbox", {"text": NEEDED, "language": text("en")}),
    Route("GET", f"{M}/storage", query={"media_type": text()}),
    Route("POST", f"{M}/audio-tools/merge", {"audio_ids": NEEDED, "pause": number(0.5)}),
    Route("POST", f"{M}/audio-tools/extend-audio",
          {"audio_id": NEEDED, "duration_minutes": number(REQUIRED)}),
    Route("POST", f"{M}/audio-tools/trim-pauses",
          {"audio_id": NEEDED, "pause_threshold": number(0.5)}),
    Route("POST", f"{M}/audio-tools/align-script", {
        "audio_id": NEEDED,
        "script": NEEDED,
        "mode": text("sentence"),
        "limit": whole(),
        "lang_code": text("eng"),
    }),
    Route("POST", f"{M}/video-tools/add-overlay",
          {"video_id": NEEDED, "overlay_id": NEEDED, "opacity": number(0.4)}),
    Route("POST", f"{M}/video-tools/generate/tts-captioned-video",
          {"caption_on": flag(True), "alignment_language_code": text()}),  # noqa: FBT003
]  # fmt: skip
"""What the server's next generation had besides."""
