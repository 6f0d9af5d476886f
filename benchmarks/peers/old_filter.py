"""The way of ai-agents-no-code-tools, "Lite": a file for each scene, and all encoded once more.

Each scene is one ffmpeg: zoompan at 25 frames a second on the picture, which the usual cure for
its shake makes several times larger first, burnt subtitles, libx264 ultrafast CRF 23, AAC 192k.
Then the scenes are scaled, brought to 30 frames a second, joined and encoded again, music beside
the voice by amix. The merge has the package's x264 settings, so that the last encode is the same
work.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--supersample", type=int, default=1)
    parser.add_argument("--out", default="old.mp4")
    given = parser.parse_args()
    job = json.loads((given.folder / "job.json").read_text())
    width, height = job["size"]
    head = [job["ffmpeg"], "-nostdin", "-v", "error", "-y"]
    parts = []
    for index, scene in enumerate(job["scenes"]):
        seconds = scene["end"] - scene["start"]
        frames = round(seconds * 25)
        larger = f"scale={given.supersample * width}:{given.supersample * height},"
        step = job["zoom"] / frames
        graph = (
            f"{larger if given.supersample > 1 else ''}"
            f"zoompan=z='1+{step:.8f}*on':x='iw/2-iw/zoom/2':y='ih/2-ih/zoom/2'"
            f":d={frames}:s={width}x{height}:fps=25,"
            f"subtitles=scene{index}.ass:fontsdir=fonts"
        )
        voice = ["-ss", str(scene["start"]), "-t", str(seconds), "-i", "voice.wav"]
        subprocess.run(
            [*head, "-i", scene["picture"], *voice, "-vf", graph, "-c:v", "libx264",
             "-preset", "ultrafast", "-crf", "23", "-pix_fmt", "yuv420p", "-c:a", "aac",
             "-b:a", "192k", "-t", f"{seconds:.6f}", f"part{index}.mp4"],
            check=True, cwd=given.folder,
        )  # fmt: skip
        parts += ["-i", f"part{index}.mp4"]
    count = len(job["scenes"])
    pictures = "".join(
        f"[{i}:v]scale={width}:{height}:force_original_aspect_ratio=decrease,"
        f"pad={width}:{height}:(ow-iw)/2:(oh-ih)/2:black,fps=30,format=yuv420p,setsar=1[v{i}];"
        for i in range(count)
    )
    joined = "".join(f"[v{i}][{i}:a]" for i in range(count))
    graph = (
        f"{pictures}{joined}concat=n={count}:v=1:a=1[v][voice];"
        f"[{count}:a]volume=0.3[music];[voice][music]amix=inputs=2:duration=first[a]"
    )
    options = [part for name, value in job["x264"].items() for part in (f"-{name}", str(value))]
    subprocess.run(
        [*head, *parts, "-stream_loop", "-1", "-i", "music.wav", "-filter_complex", graph,
         "-map", "[v]", "-map", "[a]", *options, "-c:a", "aac", "-b:a", "192k", given.out],
        check=True, cwd=given.folder,
    )  # fmt: skip


if __name__ == "__main__":
    main()
