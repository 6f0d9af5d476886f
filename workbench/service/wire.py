"""How an operation is asked for over HTTP: paths and fields of v0.3.5, and ours beyond it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from workbench.errors import ParameterError, ServiceError, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["MEDIA", "TOOLS", "Request", "file_id", "request"]

MEDIA = "/api/v1/media"
TOOLS = "/api/v1/utils"
# An older server's extensions are whatever files were called; nothing of it can lead out of a path.
_ID = re.compile(
    r"(?:image|video|audio|tmp)_[0-9a-fA-F-]{32,36}(?:-\d{2})?(?:\.[A-Za-z0-9]{1,16})?"
)


def file_id(text: object) -> str:
    """Return an id of a file of any server.

    Raises
    ------
    ParameterError
        When it is none.

    Examples
    --------
    >>> file_id("image_9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d.JPEG")[-5:]
    '.JPEG'
    """
    if not isinstance(text, str) or not _ID.fullmatch(text):
        raise ParameterError(
            f"{shown(text)} is none",
            subject="file id",
            cure="use an id as uploading or submitting returned it",
        )
    return text


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request before it is sent.

    Parameters
    ----------
    method, path
        Of HTTP.
    fields
        Of the form, or of the query of a GET.
    """

    method: str
    path: str
    fields: dict[str, str] = field(default_factory=dict)


# Operation: the path of its form; what only this package's server knows is marked.
_FORMS = {
    "merge_videos": f"{MEDIA}/video-tools/merge",
    "captioned_video": f"{MEDIA}/video-tools/generate/tts-captioned-video",
    "colorkey_overlay": f"{MEDIA}/video-tools/add-colorkey-overlay",
    "extract_frames": f"{MEDIA}/video-tools/extract-frames",
    "stitch_images": f"{TOOLS}/stitch-images",
    "imperfect_image": f"{TOOLS}/make-image-imperfect",
    "pcm_to_wav": f"{TOOLS}/convert/pcm/wav",
    "fetch": f"{MEDIA}/storage",
}
_OURS = {
    "transcribe": f"{MEDIA}/audio-tools/transcribe",
    "align": f"{MEDIA}/audio-tools/align-script",
    "merge_audio": f"{MEDIA}/audio-tools/merge",
    "extend_audio": f"{MEDIA}/audio-tools/extend-audio",
    "trim_pauses": f"{MEDIA}/audio-tools/trim-pauses",
    "add_overlay": f"{MEDIA}/video-tools/add-overlay",
}
_LISTS = {
    "fonts": f"{MEDIA}/fonts",
    "kokoro_voices": f"{MEDIA}/audio-tools/tts/kokoro/voices",
    "chatterbox_languages": f"{MEDIA}/audio-tools/tts/chatterbox/languages",
    "voices": f"{MEDIA}/audio-tools/voices",
    "youtube_transcript": f"{TOOLS}/youtube-transcript",
}
_CHATTERBOX = ("exaggeration", "cfg_weight", "temperature")
# What an older server takes no notice of: it may be left out where the result is as good, and is
# refused where it would be another one.
_LEFT_OUT: dict[str, set[str]] = {
    "captioned_video": {"quality", "alignment_language_code", "cache"},
    "speak": {"engine", "cache", "language", "consent", "sample_id"},
    "imperfect_image": {"seed"},
    "fetch": {"name", "limit"},
}
_REFUSED: dict[str, dict[str, Any]] = {
    "captioned_video": {"caption_style": None, "caption_on": True},
    "extract_frames": {"video_id": None},
    "stitch_images": {"image_ids": []},
}


def request(operation: str, parameters: Mapping[str, Any], *, ours: bool) -> Request:
    """Return how an operation is asked for.

    Parameters
    ----------
    operation, parameters
        As in `workbench.service.operations`.
    ours
        Whether the server is `workbench serve`.

    Raises
    ------
    ServiceError
        When an older server has no such operation.
    ParameterError
        When an id in the path is none.

    Examples
    --------
    >>> request("merge_videos", {"video_ids": ["a", "b"]}, ours=False).fields
    {'video_ids': 'a,b'}
    """
    values = {name: value for name, value in parameters.items() if value is not None}
    special: dict[str, Callable[[dict[str, Any], bool], Request]] = {"speak": _speak, "info": _info}
    if operation in special:
        return special[operation](values, ours)
    if operation in _LISTS:
        return Request(method="GET", path=_LISTS[operation], fields=_fields(values))
    if operation in _FORMS:
        if not ours:
            values = _older(operation, values)
        return Request(method="POST", path=_FORMS[operation], fields=_fields(values))
    if operation in _OURS and ours:
        return Request(method="POST", path=_OURS[operation], fields=_fields(values))
    raise _lacking(operation)


def _older(operation: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an older server is asked for.

    Raises
    ------
    ServiceError
        When it could not do that.
    """
    refused = _REFUSED.get(operation, {})
    for name, usual in refused.items():
        if values.get(name, usual) != usual:
            raise _lacking(f"the field {name}")
    kept = {n: v for n, v in values.items() if n not in _LEFT_OUT.get(operation, ())}
    kept = {name: value for name, value in kept.items() if name not in refused}
    voice = kept.get("kokoro_voice")
    if isinstance(voice, str):
        kept["kokoro_voice"] = voice.removeprefix("kokoro:")
    return kept


def _speak(values: dict[str, Any], ours: bool) -> Request:  # noqa: FBT001 - one table of functions
    engine = values.get("engine", "kokoro")
    if ours:
        names = {"sample_id": "sample_audio_id"}
        fields = _fields({names.get(name, name): value for name, value in values.items()})
        return Request(method="POST", path=f"{MEDIA}/audio-tools/tts", fields=fields)
    if engine not in {"kokoro", "chatterbox"}:
        raise _lacking(f"the engine {engine}")
    kept = {"text", "voice", "speed"}
    if engine == "chatterbox":
        kept = {"text", "chunk_chars", "chunk_silence_ms"}
    known = {name: value for name, value in values.items() if name in kept}
    options = dict(values.get("options") or {})
    if engine == "chatterbox":
        known |= {name: options.pop(name) for name in _CHATTERBOX if name in options}
        if "sample_id" in values:
            known["sample_audio_id"] = values["sample_id"]
    # What would be spoken otherwise than it was asked for is refused; what is as usual, left out.
    more = {n: v for n, v in values.items() if n not in known and n not in _LEFT_OUT["speak"]}
    usual: dict[str, Any] = {"speed": 1, "voice": "default", "options": values.get("options")}
    refused = [n for n, v in more.items() if usual.get(n) != v and not n.startswith("chunk_")]
    if engine == "chatterbox" and not str(values.get("language") or "en").startswith("en"):
        refused.append("language")
    for name in [*options, *refused]:
        raise _lacking(f"the option {name} of {engine}")
    path = f"{MEDIA}/audio-tools/tts/{engine}"
    return Request(method="POST", path=path, fields=_fields(known))


def _info(values: dict[str, Any], ours: bool) -> Request:  # noqa: ARG001, FBT001
    name = file_id(values["file_id"])
    tools = "audio-tools" if name.startswith("audio_") else "video-tools"
    return Request(method="GET", path=f"{MEDIA}/{tools}/info/{name}")


def _lacking(what: str) -> ServiceError:
    return ServiceError(
        f"is an older media server, which has not {what}",
        subject="the server",
        cure="use `workbench serve`, or execution_mode='local'",
    )


def _fields(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: _text(value) for name, value in values.items()}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ",".join(str(item) for item in value)
    if isinstance(value, dict):
        return json.dumps(value)
    return str(value)
