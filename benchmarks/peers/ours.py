"""One rendering by this package, in a process of its own.

The speech is there already, as it is for the peers; captioning and rendering go through the public
API. What the cache folder (``WORKBENCH_CACHE``) holds is used, and nothing else. The last line is
one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
from pathlib import Path
from typing import TYPE_CHECKING

import workbench as wb
from workbench.captions.cues import Cues

if TYPE_CHECKING:
    from typing import Any

LINES = (
    "A short video starts with one sentence, written in a notebook.",
    "The machine reads it aloud and notes when each word is heard.",
    "That word lights up down here, just as you hear it.",
    "Change the voice or the pace, and listen to it again.",
    "Pictures move slowly, smoothly, and never shake on the way.",
    "Music lies below the voice, and rises when the voice rests.",
    "Then everything is drawn, mixed and encoded, all of it once.",
    "Correct one caption, and only its own scene is made again.",
    "Each file keeps a receipt: which text, which voice, which numbers.",
    "So tomorrow you can make it again, exactly as it is.",
)
VOICE = "espeak:en-us"


def build(folder: Path, *, scenes: int, lines: int, music: bool, changed: bool) -> wb.Video:
    """Return the video that the benchmark is about."""
    ready = folder / "narration.json"
    if not ready.exists():
        spoken = wb.speak("\n".join(LINES[:lines]), voice=VOICE, rate=230)
        ready.write_text(json.dumps(spoken.to_dict()))
    narration = wb.Narration.from_dict(json.loads(ready.read_text()))
    video = wb.Video("9:16").narrate(narration)
    for index in range(scenes):
        video = video.scene(folder / f"picture{index % 3 + 1}.png", motion="zoom-in")
    if music:
        video = video.music(folder / "music.wav", volume=0.3, duck=True)
    video = video.captions("karaoke")
    return video.captions("karaoke", cues=corrected(video.timed_cues())) if changed else video


def corrected(cues: Cues) -> Cues:
    """Return the captions with a word in the middle of them spelt otherwise."""
    data = cues.to_dict()
    words = [word for cue in data["cues"] for line in cue["lines"] for word in line]
    words[len(words) * 11 // 20]["text"] = "corrected"
    return Cues.from_dict(data)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scenes", type=int, default=3)
    parser.add_argument("--lines", type=int, default=len(LINES))
    parser.add_argument("--no-music", action="store_true")
    parser.add_argument("--changed", action="store_true", help="with one caption corrected")
    parser.add_argument("--cores", type=int, default=0, help="be held to so many")
    parser.add_argument("--workers", type=int)
    parser.add_argument("--out", default="ours.mp4")
    given = parser.parse_args()
    if given.cores:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: given.cores])
    options: dict[str, Any] = {} if given.workers is None else {"workers": given.workers}
    begun = time.monotonic()
    video = build(
        given.folder,
        scenes=given.scenes,
        lines=given.lines,
        music=not given.no_music,
        changed=given.changed,
    )
    made = video.render(given.folder / given.out, progress=lambda _: None, **options)
    wall = time.monotonic() - begun
    spent = {}
    for name, who in (("python", resource.RUSAGE_SELF), ("ffmpeg", resource.RUSAGE_CHILDREN)):
        usage = resource.getrusage(who)
        spent[name] = round(usage.ru_utime + usage.ru_stime, 2)
    print(json.dumps({"seconds": made.duration, "wall": wall, **spent}))


if __name__ == "__main__":
    main()
