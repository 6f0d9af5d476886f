"""What made a video, as its receipt keeps it: all that is needed to make it again and compare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workbench.media.mix import Mixed
    from workbench.media.render import Work
    from workbench.media.video import Video

__all__ = ["provenance"]


def provenance(
    video: Video,
    work: Work,
    mixed: Mixed | None,
    *,
    preset: str,
    command: Sequence[str],
    stems: Mapping[str, str],
    warnings: Sequence[str],
) -> dict[str, Any]:
    """Return the inputs of a rendering with their digests, its settings and its measures.

    Parameters
    ----------
    video
        The builder.
    work
        What it came to.
    mixed
        Its sound, None without.
    preset
        The preset's name.
    command
        The arguments of the join.
    stems
        The files of the tracks by their names, beside the video.
    warnings
        What was done differently from what was asked.
    """
    canvas, timeline = work.drawing.canvas, work.timeline
    file, prepared = video.caption_file, work.prepared
    return {
        "size": [canvas.width, canvas.height],
        "fps": canvas.fps,
        "preset": preset,
        "encoder": work.drawing.encoder.to_dict(),
        "scenes": [
            {**shot.scene.to_dict(), "first_frame": shot.first, "frames": shot.count}
            for shot in timeline.shots
        ],
        "segments": [[segment.first, segment.count] for segment in work.segments],
        "overlays": [overlay.to_dict() for overlay in video.overlays],
        "narration": None if timeline.narration is None else timeline.narration.describe(),
        "voices": [
            {"start": start, "seconds": said.duration, "sha256": said.audio.digest()}
            for start, said in timeline.voices
        ],
        "sounds": [sound.to_dict() for sound in video.sounds],
        "target": video.target_loudness(timeline),
        "loudness": None if mixed is None else mixed.to_dict(),
        "stems": dict(stems),
        "captions": None if work.cues is None else work.cues.to_dict(),
        "caption_file": None if file is None else {"path": str(file[0]), "sha256": file[1]},
        "caption_track": video.subtitle_language(work.cues),
        "style": None if video.style is None else video.style.to_dict(),
        "burned": video.style is not None and video.burned,
        "speakers": dict(video.speakers) if isinstance(video.speakers, tuple) else video.speakers,
        "fonts": [
            {"name": font.name, "sha256": sha256}
            for font, sha256 in zip(prepared.fonts, work.drawing.fonts, strict=True)
        ]
        if prepared is not None
        else [],
        "titles": [title.to_dict() for title in video.titles],
        "chapters": [chapter.to_dict() for chapter in video.chapters_of(timeline)],
        "tags": dict(video.tag_values),
        "tools": work.drawing.tools,
        "command": list(command),
        "warnings": list(warnings),
    }
