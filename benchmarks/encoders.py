"""CPU seconds, megabytes and VMAF of the software encoders, at equal VMAF: how the presets are set.

Four clips of three seconds at 1080x1920, with the package's own captions drawn in: a zoom into a
drawn landscape, into a photograph, into noise of 1/f with shapes and text, and footage on a blurred
copy of itself. Each setting encodes the raw frames with one thread, as a rendering does; VMAF
(v0.6.1, every third frame) compares with the raw frames. CRF means something else in every encoder
and every speed, so speeds are compared where their mean VMAF is the same.

The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np
from peers.material import cpu, noise_still, zooming

import workbench as wb
from workbench.captions.ass import prepare
from workbench.media.backdrop import backdrop
from workbench.media.binaries import ffmpeg
from workbench.media.encoders import PRESETS
from workbench.media.encoders.table import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH, HEIGHT, RATE = 1080, 1920, 30
TARGET = 95.0
MEDIA = Path(os.environ.get("WORKBENCH_TEST_MEDIA", "../shared/media"))

# Encoder, speed, and the quality factors tried.
GRID = (
    ("libx264", "ultrafast", (20, 23, 26)),
    ("libx264", "superfast", (20, 22, 24, 26)),
    ("libx264", "veryfast", (18, 20, 21, 22, 24)),
    ("libx264", "faster", (21, 23, 25)),
    ("libx264", "medium", (21, 23, 25)),
    ("libx265", "ultrafast", (20, 23, 26)),
    ("libx265", "superfast", (20, 23, 26)),
    ("libx265", "veryfast", (20, 23, 26)),
    ("libsvtav1", "12", (24, 30, 36)),
    ("libsvtav1", "10", (26, 32, 38)),
    ("libsvtav1", "8", (28, 34, 40)),
)
QUICK = (("libx264", "superfast", (23,)), ("libx264", "veryfast", (21,)))


def pictures() -> Iterator[tuple[str, np.ndarray]]:
    yield "landscape", backdrop(1)
    from matplotlib import get_data_path
    from PIL import Image

    with Image.open(Path(get_data_path()) / "sample_data" / "grace_hopper.jpg") as photo:
        side = round(photo.height * WIDTH / HEIGHT)
        left = (photo.width - side) // 2
        upright = photo.convert("RGB").crop((left, 0, left + side, photo.height))
        yield "photograph", np.asarray(upright.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS))
    yield "noise", noise_still(1, 1296, 2304)


def program() -> list[str]:
    return [str(ffmpeg()), "-nostdin", "-v", "error", "-y"]


def raw(name: str, size: tuple[int, int] = (WIDTH, HEIGHT)) -> list[str]:
    shape = f"{size[0]}x{size[1]}"
    return ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", shape, "-r", str(RATE), "-i", name]


def stage_captions(folder: Path) -> str:
    """Write captions and fonts into the folder; return the filter that draws them."""
    spoken = wb.speak("Every word lights up as it is heard, and not before.", voice="espeak:en-us")
    cues = wb.Video("9:16").narrate(spoken).captions("karaoke").timed_cues()
    prepared = prepare(cues, "karaoke", WIDTH, HEIGHT)
    (folder / "captions.ass").write_text(prepared.ass, encoding="utf-8")
    (folder / "fonts").mkdir()
    for font in prepared.fonts:
        (folder / "fonts" / font.name).write_bytes(font.read_bytes())
    return "ass=captions.ass:fontsdir=fonts"


def clips(folder: Path, frames: int) -> list[str]:
    """Write the raw clips; return their names."""
    draw = stage_captions(folder)
    tags = "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p"
    names = []
    for name, picture in pictures():
        source = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{WIDTH}x{HEIGHT}", "-r", str(RATE)]
        command = [*program(), *source, "-i", "pipe:0", "-vf", f"{tags},{draw}"]
        with subprocess.Popen(
            [*command, "-f", "rawvideo", f"{name}.yuv"], stdin=subprocess.PIPE, cwd=folder
        ) as process:
            for frame in zooming(picture, WIDTH, HEIGHT, frames):
                process.stdin.write(frame.data)
            process.stdin.close()
        assert process.returncode == 0
        names.append(name)
    footage = MEDIA / "speech" / "en_nasa_webb_2v2a2s.mp4"
    if footage.is_file():
        graph = (
            f"[0:v:1]fps={RATE},split[a][b];"
            f"[a]scale=-2:{HEIGHT},crop={WIDTH}:{HEIGHT},gblur=40[back];"
            f"[b]scale={WIDTH}:-2:flags=bicubic[front];"
            f"[back][front]overlay=0:(H-h)/2,{tags},{draw}"
        )
        subprocess.run(
            [
                *program(),
                "-i",
                str(footage.resolve()),
                "-filter_complex",
                graph,
                "-frames:v",
                str(frames),
                "-f",
                "rawvideo",
                "footage.yuv",
            ],
            check=True,
            cwd=folder,
        )
        names.append("footage")
    return names


def vmaf(folder: Path, coded: str, reference: str) -> float:
    graph = "[0:v][1:v]libvmaf=log_fmt=json:log_path=vmaf.json:n_subsample=3"
    command = [*program(), "-r", str(RATE), "-i", coded, *raw(reference), "-lavfi", graph]
    subprocess.run([*command, "-f", "null", "-"], check=True, cwd=folder, stderr=subprocess.DEVNULL)
    return json.loads((folder / "vmaf.json").read_text())["pooled_metrics"]["vmaf"]["mean"]


def measure(
    folder: Path, names: list[str], encoder: str, speed: str, crf: int
) -> dict[str, object]:
    """Encode every clip with a setting; return what it cost and how good it is."""
    chosen = settings(encoder, PRESETS["production"])
    chosen = replace(chosen, options={**chosen.options, "preset": speed, "crf": crf}).single()
    options = [part for name, value in chosen.options.items() for part in (f"-{name}", str(value))]
    seconds, size, quality = 0.0, 0, {}
    for name in names:
        command = [*program(), *raw(f"{name}.yuv"), *options, "coded.mp4"]
        seconds += cpu(command, cwd=folder)
        size += (folder / "coded.mp4").stat().st_size
        quality[name] = round(vmaf(folder, "coded.mp4", f"{name}.yuv"), 2)
    return {
        "encoder": encoder,
        "speed": speed,
        "crf": crf,
        "cpu": round(seconds, 2),
        "megabytes": round(size / 1e6, 3),
        "vmaf": round(fmean(quality.values()), 2),
        "clips": quality,
    }


def at_target(rows: list[dict[str, object]]) -> dict[str, dict[str, float]]:
    """Return for each encoder and speed what `TARGET` takes, between the two factors around it."""
    found = {}
    for encoder, speed in dict.fromkeys((row["encoder"], row["speed"]) for row in rows):
        line = [row for row in rows if (row["encoder"], row["speed"]) == (encoder, speed)]
        line.sort(key=lambda row: row["vmaf"])
        quality = [row["vmaf"] for row in line]
        if len(line) < 2 or not quality[0] <= TARGET <= quality[-1]:
            continue
        found[f"{encoder} {speed}"] = {
            key: round(float(np.interp(TARGET, quality, [row[key] for row in line])), 2)
            for key in ("crf", "cpu", "megabytes")
        }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=90)
    parser.add_argument("--quick", action="store_true", help="two settings of 15 frames")
    given = parser.parse_args()
    frames = 15 if given.quick else given.frames
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        names = clips(folder, frames)
        print(f"{len(names)} clips of {frames} frames: {', '.join(names)}")
        print(f"{'':22} CRF   CPU s     MB   VMAF  {'  '.join(names)}")
        for encoder, speed, factors in QUICK if given.quick else GRID:
            for crf in factors:
                row = measure(folder, names, encoder, speed, crf)
                rows.append(row)
                each = "  ".join(f"{value:{len(n)}.1f}" for n, value in row["clips"].items())
                print(
                    f"{encoder:10} {speed:10} {crf:4}  {row['cpu']:6.1f} {row['megabytes']:6.2f} "
                    f"{row['vmaf']:6.2f}  {each}",
                    flush=True,
                )
    result = {"benchmark": "encoders", "frames": frames, "clips": names, "target_vmaf": TARGET}
    print(json.dumps({**result, "at_target": at_target(rows), "rows": rows}))


if __name__ == "__main__":
    main()
