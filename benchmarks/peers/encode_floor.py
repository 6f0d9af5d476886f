"""x264 alone on the ready frames: what no way of making the video can do without."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cores", type=int, default=0, help="be held to so many")
    given = parser.parse_args()
    job = json.loads((given.folder / "job.json").read_text())
    size = "x".join(map(str, job["size"]))
    raw = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", size, "-r", "30", "-i", "frames.yuv"]
    options = [part for name, value in job["x264"].items() for part in (f"-{name}", str(value))]
    threads = ["-threads", "1"] if given.cores == 1 else []
    if given.cores:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: given.cores])
    subprocess.run(
        [job["ffmpeg"], "-nostdin", "-v", "error", "-y", *raw, *options, *threads, "floor.mp4"],
        check=True,
        cwd=given.folder,
    )


if __name__ == "__main__":
    main()
