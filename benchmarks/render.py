"""Render the demo against x264 alone on the same finished frames, in CPU seconds.

The peer is the encoder itself: the frames of the demo, captions drawn, are stored raw and encoded
with the very settings of the package. What the ratio is above 1 is everything else: warping the
pictures, drawing the captions, sound, pipes, this process. Rounds are interleaved.

The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import workbench as wb
from workbench.media import graph, render
from workbench.media.backdrop import backdrop
from workbench.media.binaries import ffmpeg
from workbench.media.encoders import X264
from workbench.media.ffmpeg import encode
from workbench.production.demo import SCRIPTS


def demo_video() -> wb.Video:
    voice, script = SCRIPTS["es"]
    video = wb.Video("9:16").narrate(script, voice=voice)
    for seed in (1, 2, 3):
        video = video.scene(backdrop(seed), motion="zoom-in")
    return video.captions("karaoke")


def cpu(*command: str) -> float:
    """Return user and system seconds of a process and all its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def own_cpu() -> float:
    spent = 0.0
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        usage = resource.getrusage(who)
        spent += usage.ru_utime + usage.ru_stime
    return spent


def x264(source: Path, video: wb.Video, target: Path) -> list[str]:
    size = f"{video.canvas.width}x{video.canvas.height}"
    raw = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-video_size", size, "-r", str(video.fps)]
    options = [part for name, value in X264.items() for part in (f"-{name}", str(value))]
    program = [str(ffmpeg()), "-nostdin", "-v", "error", "-y"]
    return [*program, *raw, "-i", str(source), *options, str(target)]


def ready_frames(video: wb.Video, folder: Path) -> Path:
    """Store the finished frames, captions drawn, exactly as they reach the encoder."""
    target = folder / "frames.yuv"
    shots = video.shots()
    size = f"{video.canvas.width}x{video.canvas.height}"
    raw = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-video_size", size, "-r", str(video.fps)]
    draw = ["-vf", f"ass={graph.CAPTIONS}:fontsdir={graph.FONTS}"]
    render._stage_captions(video, video.timed_cues(), folder)  # noqa: SLF001
    frames = render._frames(video, shots, None)  # noqa: SLF001
    encode(
        [*raw, "-i", "pipe:0", *draw, "-f", "rawvideo", str(target)],
        frames,
        folder=folder,
        limit=3600,
    )
    return target


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    video = demo_video()
    print(f"{video.narration!r}; load {os.getloadavg()[0]:.1f}; rounds {rounds}")
    ours, peers, warps = [], [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = ready_frames(video, folder)
        for _ in range(rounds):
            before = own_cpu()
            video.render(folder / "ours.mp4")
            ours.append(own_cpu() - before)
            peers.append(cpu(*x264(source, video, folder / "peer.mp4")))
            before = own_cpu()
            for _frame in render._frames(video, video.shots(), None):  # noqa: SLF001
                pass
            warps.append(own_cpu() - before)
            print(f"ours {ours[-1]:.1f} s, x264 alone {peers[-1]:.1f} s, frames {warps[-1]:.1f} s")
    ratios = sorted(a / b for a, b in zip(ours, peers, strict=True))
    result = {
        "benchmark": "render",
        "seconds_of_video": round(video.narration.duration, 1),
        "render_over_x264_cpu": round(ratios[len(ratios) // 2], 3),
        "frames_over_x264_cpu": round(sorted(warps)[rounds // 2] / sorted(peers)[rounds // 2], 3),
        "bound": 1.6,
        "rounds": rounds,
    }
    print(json.dumps(result))
    sys.exit(result["render_over_x264_cpu"] > result["bound"])


if __name__ == "__main__":
    main()
