"""What a clip is of each value of the package: the fields of `workbench.widgets.clip.Clip`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.errors import MediaError
from workbench.widgets.made import counted, short

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.audio import Audio
    from workbench.take import Narration, Take
    from workbench.widgets.clip import Caption

__all__ = ["of_audio", "of_narration", "of_rendered", "of_take"]


def of_audio(audio: Audio) -> dict[str, Any]:
    """Return the fields of a clip of a sound."""
    about = repr(audio)[len("Audio(") : -1]
    return {
        "kind": "audio",
        "duration": audio.duration,
        "text": "Sound",
        "about": about,
        "audio": audio,
    }


def of_take(take: Take) -> dict[str, Any]:
    """Return the fields of a clip of a take."""
    return {
        "kind": "audio",
        "duration": take.duration,
        "text": short(take.text),
        "about": f"{take.duration:.1f} s, {counted(len(take.words), 'word')}, {take.voice}",
        "words": take.words,
        "breaks": (0,) if take.words else (),
        "language": take.language,
        "notes": take.warnings,
        "audio": take.audio,
    }


def of_narration(narration: Narration) -> dict[str, Any]:
    """Return the fields of a clip of a narration."""
    breaks, count = [], 0
    for part in narration.parts:
        breaks.append(count)
        count += len(part.take.words)
    voices = ", ".join(dict.fromkeys(str(part.take.voice) for part in narration.parts))
    facts = [
        f"{narration.duration:.1f} s",
        counted(len(narration.parts), "line"),
        counted(count, "word"),
        voices,
    ]
    return {
        "kind": "audio",
        "duration": narration.duration,
        "text": short(narration.text),
        "about": ", ".join(facts),
        "words": narration.words,
        "breaks": tuple(dict.fromkeys(b for b in breaks if b < count)),
        "language": narration.language,
        "notes": narration.warnings,
        "audio": narration.audio,
    }


def of_rendered(video: object, cues: tuple[Caption, ...] | None) -> dict[str, Any] | None:
    """Return the fields of a clip of a rendered video; None for what is none.

    With `cues`, these are shown in place of its own, which the picture may hold already.
    """
    from workbench.media.rendered import RenderedVideo

    if not isinstance(video, RenderedVideo):
        return None
    shown = tuple(video.cues or ()) if cues is None else cues
    fps, silent = _probed(video.path)
    facts = [f"{video.duration:.1f} s", f"{video.width}x{video.height}"]
    if shown:
        facts.append(counted(len(shown), "caption"))
    return {
        "kind": "video",
        "duration": video.duration,
        "text": video.path.name,
        "about": ", ".join(facts),
        "words": video.words,
        "cues": shown,
        "captioned": cues is None,
        "notes": video.warnings,
        "path": video.path,
        "size": (video.width, video.height),
        "fps": fps,
        "silent": silent,
        "rendered": video,
    }


def _probed(path: Path) -> tuple[float, bool]:
    """Return the frames a second of a video and whether it has no sound; 0 where it is gone."""
    from workbench.media.probe import probe

    try:
        info = probe(path)
    except MediaError:
        return 0.0, False
    return (info.video.fps or 0.0) if info.video else 0.0, info.audio is None
