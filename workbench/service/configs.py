"""The configurations the old service took, and what they mean in the words of the operations."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Mapping
from typing import Any

from workbench.errors import ParameterError, shown, suggest
from workbench.voice import PRESETS, Preset, Voice

__all__ = [
    "QUALITIES",
    "SUBTITLES",
    "VOICES",
    "caption_fields",
    "given_id",
    "is_path",
    "voice_fields",
]

log = logging.getLogger(__name__)

VOICES = (
    "engine",
    "voice",
    "speed",
    "exaggeration",
    "cfg_weight",
    "temperature",
    "sample_path",
    "consent",
    "options",
    "language",
    "seed",
)
"""The keys of a ``voice_config``: the first seven are the old ones."""

QUALITIES = ("draft", "preview", "production")
"""The levels of quality: they change the picture and its encoder, never the speech."""

_VOICE = "af_bella"  # what the old service asked Kokoro for; its server's own default was af_heart
_TEMPERATURE = 0.7  # and Chatterbox; the server's own default was 0.8
_CHATTERBOX = ("exaggeration", "cfg_weight", "temperature")

SUBTITLES = {
    "font": "caption_config_font_name",
    "font_size": "caption_config_font_size",
    "bold": "caption_config_font_bold",
    "italic": "caption_config_font_italic",
    "color": "caption_config_font_color",
    "outline_color": "caption_config_stroke_color",
    "outline_width": "caption_config_stroke_size",
    "shadow": "caption_config_shadow_blur",
    "shadow_color": "caption_config_shadow_color",
    "shadow_transparency": "caption_config_shadow_transparency",
    "max_lines": "caption_config_line_count",
    "max_length": "caption_config_line_max_length",
    "position": "caption_config_subtitle_position",
    "style": "caption_style",
}
"""The keys of a ``subtitle_config``, and the field of the wire that each one sets."""

_SHADOW = 10  # the wire's own
_PLACES = {2: "bottom", 5: "top", 10: "center"}  # the old numbers of an alignment
_ID = re.compile(r"(?:image|video|audio|tmp)_[^/\\]*\Z", re.DOTALL)
_IDLE = ("margin_v", "bg_color")  # the old service took them and did nothing with them


def voice_fields(config: Mapping[str, Any] | str | Voice | Preset | None) -> dict[str, Any]:
    """Return the parameters of ``speak`` for a voice, without its ``sample_path``.

    Parameters
    ----------
    config
        A mapping of `VOICES`; ``engine:voice``; a `Voice`; a `Preset` or the name of one in
        ``presets/``; None for Kokoro's ``af_bella``.

    Raises
    ------
    ParameterError
        When a key is unknown.
    VoiceNotFound
        When a name is neither a voice nor a preset.

    Examples
    --------
    >>> voice_fields("espeak:es")
    {'engine': 'espeak', 'voice': 'es'}
    >>> voice_fields({"engine": "chatterbox", "exaggeration": 0.7})["options"]
    {'exaggeration': 0.7, 'temperature': 0.7}
    """
    if isinstance(config, str | Voice | Preset):
        return _named(config)
    if config is None:
        config = {}
    if not isinstance(config, Mapping):
        raise ParameterError(f"must be a mapping, not {shown(config)}", subject="voice_config")
    _known("voice_config", config, VOICES)
    given = {name: value for name, value in config.items() if value is not None}
    plain: tuple[str, ...] = ("voice", "speed", "language", "seed", "consent")
    fields: dict[str, Any] = {name: given[name] for name in plain if name in given}
    # Whatever was no "kokoro" was Chatterbox; now there are more, and a slip is found.
    fields["engine"] = given.get("engine", "kokoro")
    options = dict(given.get("options", {}))
    if fields["engine"] == "kokoro":
        fields.setdefault("voice", _VOICE)
    elif fields["engine"] == "chatterbox":
        options.update({name: given[name] for name in _CHATTERBOX if name in given})
        options.setdefault("temperature", _TEMPERATURE)
    else:
        wrong = [name for name in _CHATTERBOX if name in given]
        if wrong:
            raise ParameterError(
                f"is an option of chatterbox, not of {fields['engine']}", subject=wrong[0]
            )
    if options:
        fields["options"] = options
    return fields


def caption_fields(config: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the fields of the wire that a ``subtitle_config`` sets.

    Raises
    ------
    ParameterError
        When a key is unknown.

    Examples
    --------
    >>> caption_fields({"font_size": 90, "alignment": 5})
    {'caption_config_font_size': 90, 'caption_config_subtitle_position': 'top'}
    """
    given = {name: value for name, value in (config or {}).items() if value is not None}
    _known("subtitle_config", given, (*SUBTITLES, "alignment", *_IDLE))
    for name in _IDLE:
        if name in given:
            log.warning("subtitle_config: %s has no effect, as ever", name)
    fields = {SUBTITLES[name]: value for name, value in given.items() if name in SUBTITLES}
    if "shadow" in given and isinstance(given["shadow"], bool):
        fields["caption_config_shadow_blur"] = _SHADOW if given["shadow"] else 0
    if "alignment" in given and "position" not in given:
        if not isinstance(given["alignment"], int):
            raise ParameterError(
                f"must be 2, 5 or 10, not {shown(given['alignment'])}",
                subject="alignment",
                cure="position takes bottom, top and center",
            )
        fields["caption_config_subtitle_position"] = _PLACES.get(given["alignment"], "bottom")
    return fields


def given_id(name: str, value: object) -> str:
    """Return what should be the id of a file.

    Raises
    ------
    ParameterError
        When it is no text, or empty.
    """
    if not isinstance(value, str) or not value:
        raise ParameterError(f"must be a file's id, not {shown(value)}", subject=name)
    return value


def is_path(text: str | os.PathLike[str]) -> bool:
    """Return whether something names a file of this machine, and is no id of the store's.

    Examples
    --------
    >>> is_path("voices/me.wav"), is_path("audio_0b5f3a0e-7c1d-4d6e-9d1b-1f2a3b4c5d6e.wav")
    (True, False)
    """
    # Whatever begins like an id and has no folder in it is one, a wrong one maybe.
    return isinstance(text, os.PathLike) or _ID.match(str(text)) is None


def _named(config: str | Voice | Preset) -> dict[str, Any]:
    if isinstance(config, str) and ":" not in config and config in Preset.names():
        config = Preset.load(PRESETS / f"{config}.toml")
    options: dict[str, Any] = {}
    if isinstance(config, Preset):
        options = dict(config.options)
        config = config.voice
    voice = Voice.parse(config) if isinstance(config, str) else config
    fields: dict[str, Any] = {"engine": voice.engine, "voice": voice.name}
    return {**fields, "options": options} if options else fields


def _known(what: str, given: Mapping[str, Any], names: tuple[str, ...]) -> None:
    for name in given:
        if name not in names:
            raise ParameterError(
                f"{what} has no such key",
                subject=str(name),
                cure=suggest(str(name), names) or f"it has {', '.join(names)}",
            )
