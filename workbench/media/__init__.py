"""Pictures, clips and sound in; finished videos, pictures and sounds out.

What works on files by itself is here under its name, loaded when it is first used:

>>> from workbench import media
>>> media.fonts("dejavu sans mono")[0].family
'DejaVu Sans Mono'

The builder is `workbench.Video`; what a file is tells `workbench.probe`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.media.animation import Gif, gif
    from workbench.media.extract import SavedFrame, frames_at, frames_evenly, save_frames
    from workbench.media.extract_sound import ExtractedSound, extract_audio, pcm_to_wav
    from workbench.media.fontlist import Font, fonts
    from workbench.media.frames import frame_at
    from workbench.media.merging import Merged, merge
    from workbench.media.moving_waveform import WaveformVideo, waveform_video
    from workbench.media.sheet import contact_sheet, image_grid, imperfect
    from workbench.media.soundpictures import waveform_picture
    from workbench.media.spectrum import spectrum_picture
    from workbench.media.trimming import Trimmed, trim

# The module of each name. No name is a module's own: importing that would put it in its place.
_PUBLIC = {
    "ExtractedSound": "extract_sound",
    "Font": "fontlist",
    "Gif": "animation",
    "Merged": "merging",
    "SavedFrame": "extract",
    "Trimmed": "trimming",
    "WaveformVideo": "moving_waveform",
    "contact_sheet": "sheet",
    "extract_audio": "extract_sound",
    "fonts": "fontlist",
    "frame_at": "frames",
    "frames_at": "extract",
    "frames_evenly": "extract",
    "gif": "animation",
    "image_grid": "sheet",
    "imperfect": "sheet",
    "merge": "merging",
    "pcm_to_wav": "extract_sound",
    "save_frames": "extract",
    "spectrum_picture": "spectrum",
    "trim": "trimming",
    "waveform_picture": "soundpictures",
    "waveform_video": "moving_waveform",
}

__all__ = [
    "ExtractedSound",
    "Font",
    "Gif",
    "Merged",
    "SavedFrame",
    "Trimmed",
    "WaveformVideo",
    "contact_sheet",
    "extract_audio",
    "fonts",
    "frame_at",
    "frames_at",
    "frames_evenly",
    "gif",
    "image_grid",
    "imperfect",
    "merge",
    "pcm_to_wav",
    "save_frames",
    "spectrum_picture",
    "trim",
    "waveform_picture",
    "waveform_video",
]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"workbench.media.{_PUBLIC[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})
