"""Pictures, clips and sound in; finished videos, pictures and sounds out.

What works on files and sounds by itself is here under its name, loaded when it is first used:

>>> import workbench as wb
>>> wb.media.fonts("dejavu sans mono")[0].family
'DejaVu Sans Mono'

The builder is `workbench.Video`; what a file is tells `workbench.probe`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.media.animation import Gif, gif
    from workbench.media.audiobook import Audiobook
    from workbench.media.encoders import NAMES as ENCODERS
    from workbench.media.encoders import PRESETS
    from workbench.media.extract import SavedFrame, frames_at, frames_evenly, save_frames
    from workbench.media.extract_sound import ExtractedSound, extract_audio, pcm_to_wav
    from workbench.media.fontlist import Font, fonts
    from workbench.media.frames import frame_at
    from workbench.media.gallery import caption_frame
    from workbench.media.graph import TRANSITIONS
    from workbench.media.loudness import (
        TARGETS,
        Loudness,
        Normalized,
        normalize,
    )
    from workbench.media.loudness import (
        loudness as measure_loudness,
    )
    from workbench.media.merging import Merged, merge
    from workbench.media.mix import Mixed, Track, bed
    from workbench.media.mix import mix as mix_tracks
    from workbench.media.moving_waveform import WaveformVideo, waveform_video
    from workbench.media.plan import Plan
    from workbench.media.rendered import RenderedVideo
    from workbench.media.sheet import contact_sheet, image_grid, imperfect
    from workbench.media.soundpictures import waveform_picture
    from workbench.media.sounds import (
        change_speed,
        fade,
        read_sound,
        trim_silence,
    )
    from workbench.media.sounds import (
        join as join_sounds,
    )
    from workbench.media.spectrum import spectrum_picture
    from workbench.media.trimming import Trimmed, trim

# The module of each name, and the name there where that is another one. No name is a module's own:
# importing that would put it in its place.
_PUBLIC = {
    "Audiobook": "audiobook",
    "ENCODERS": "encoders.NAMES",
    "ExtractedSound": "extract_sound",
    "Font": "fontlist",
    "Gif": "animation",
    "Loudness": "loudness",
    "Merged": "merging",
    "Mixed": "mix",
    "Normalized": "loudness",
    "PRESETS": "encoders",
    "Plan": "plan",
    "RenderedVideo": "rendered",
    "SavedFrame": "extract",
    "TARGETS": "loudness",
    "TRANSITIONS": "graph",
    "Track": "mix",
    "Trimmed": "trimming",
    "WaveformVideo": "moving_waveform",
    "bed": "mix",
    "caption_frame": "gallery",
    "change_speed": "sounds",
    "contact_sheet": "sheet",
    "extract_audio": "extract_sound",
    "fade": "sounds",
    "fonts": "fontlist",
    "frame_at": "frames",
    "frames_at": "extract",
    "frames_evenly": "extract",
    "gif": "animation",
    "image_grid": "sheet",
    "imperfect": "sheet",
    "join_sounds": "sounds.join",
    "measure_loudness": "loudness.loudness",
    "merge": "merging",
    "mix_tracks": "mix.mix",
    "normalize": "loudness",
    "pcm_to_wav": "extract_sound",
    "read_sound": "sounds",
    "save_frames": "extract",
    "spectrum_picture": "spectrum",
    "trim": "trimming",
    "trim_silence": "sounds",
    "voice_over": "voiceover",
    "waveform_picture": "soundpictures",
    "waveform_video": "moving_waveform",
    "write_speech": "spoken",
}

__all__ = [
    "ENCODERS",
    "PRESETS",
    "TARGETS",
    "TRANSITIONS",
    "Audiobook",
    "ExtractedSound",
    "Font",
    "Gif",
    "Loudness",
    "Merged",
    "Mixed",
    "Normalized",
    "Plan",
    "RenderedVideo",
    "SavedFrame",
    "Track",
    "Trimmed",
    "WaveformVideo",
    "bed",
    "caption_frame",
    "change_speed",
    "contact_sheet",
    "extract_audio",
    "fade",
    "fonts",
    "frame_at",
    "frames_at",
    "frames_evenly",
    "gif",
    "image_grid",
    "imperfect",
    "join_sounds",
    "measure_loudness",
    "merge",
    "mix_tracks",
    "normalize",
    "pcm_to_wav",
    "read_sound",
    "save_frames",
    "spectrum_picture",
    "trim",
    "trim_silence",
    "voice_over",
    "waveform_picture",
    "waveform_video",
    "write_speech",
]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        import difflib

        near = [] if name.startswith("_") else difflib.get_close_matches(name, _PUBLIC, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}{hint}")
    module, _, there = _PUBLIC[name].partition(".")
    return getattr(importlib.import_module(f"workbench.media.{module}"), there or name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})
