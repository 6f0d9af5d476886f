"""CPU seconds, megabytes and VMAF of the software encoders, at equal VMAF: how the presets are set.

Six clips of three seconds at 1080x1920, with the package's own captions drawn in: a zoom into a
drawn landscape, into a photograph, into noise of 1/f with shapes and text; the landscape at rest,
its cross-fade into the noise, and footage on a blurred copy of itself. Each setting encodes the raw
frames with one thread, as a rendering does; VMAF (v0.6.1, every third frame) compares with the raw
frames. CRF means something else in every encoder and every speed, so speeds are compared where
their mean VMAF is the same.

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
    from collections.abc import Iterable, Iterator
    from typing import Any

    from workbench.media.encoders import Encoder, RenderPreset

WIDTH, HEIGHT, RATE = 1080, 1920, 30
TARGET = 95.0
MEDIA = Path(os.environ.get("WORKBENCH_TEST_MEDIA", "../shared/media"))

# Encoder, speed, and the quality factors tried.
GRID = (
    ("libx264", "ultrafast", (23, 26)),
    ("libx264", "superfast", (21, 23)),
    ("libx264", "veryfast", (18, 20, 22)),
    ("libx264", "faster", (22, 24)),
    ("libx264", "medium", (24, 26)),
    ("libx265", "ultrafast", (20, 23)),
    ("libx265", "superfast", (24, 27)),
    ("libsvtav1", "12", (36, 44)),
    ("libsvtav1", "10", (36, 44)),
    ("libsvtav1", "8", (40, 50)),
)
QUICK = (("libx264", "superfast", (23,)), ("libx264", "veryfast", (21,)))


def photograph() -> np.ndarray:
    """Return the one that comes with matplotlib, enlarged to the frame."""
    from matplotlib import get_data_path
    from PIL import Image

    with Image.open(Path(get_data_path()) / "sample_data" / "grace_hopper.jpg") as photo:
        side = round(photo.height * WIDTH / HEIGHT)
        left = (photo.width - side) // 2
        upright = photo.convert("RGB").crop((left, 0, left + side, photo.height))
        return np.asarray(upright.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS))


def pictures(frames: int) -> Iterator[tuple[str, Iterable[np.ndarray]]]:
    """Yield the names of clips, and their frames."""
    landscape = backdrop(1, width=WIDTH, height=HEIGHT)
    noise = noise_still(1, WIDTH, HEIGHT)
    yield "landscape", zooming(backdrop(1), WIDTH, HEIGHT, frames)
    yield "photograph", zooming(photograph(), WIDTH, HEIGHT, frames)
    yield "noise", zooming(noise_still(1, 1296, 2304), WIDTH, HEIGHT, frames)
    yield "still", (landscape for _ in range(frames))
    steps = np.linspace(-1, 2, frames).clip(0, 1)  # the middle third of the clip
    yield "fade", ((landscape * (1 - part) + noise * part).astype(np.uint8) for part in steps)


def program() -> list[str]:
    return [str(ffmpeg()), "-nostdin", "-v", "error", "-y"]


# Untagged frames would be converted on the way, to tagged ones or to be compared with them.
TAGS = "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709"


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
    for name, moving in pictures(frames):
        source = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{WIDTH}x{HEIGHT}", "-r", str(RATE)]
        command = [*program(), *source, "-i", "pipe:0", "-vf", f"{tags},{draw}"]
        with subprocess.Popen(
            [*command, "-f", "rawvideo", f"{name}.yuv"], stdin=subprocess.PIPE, cwd=folder
        ) as process:
            for frame in moving:
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


def vmaf(
    folder: Path, coded: str, reference: str, size: tuple[int, int] = (WIDTH, HEIGHT)
) -> tuple[float, float]:
    """Return the mean of the frames and the worst of them."""
    larger = f"[0:v]{TAGS},scale={size[0]}:{size[1]}:flags=bicubic[coded];[1:v]{TAGS}[raw]"
    graph = f"{larger};[coded][raw]libvmaf=log_fmt=json:log_path=vmaf.json:n_subsample=3"
    command = [*program(), "-r", str(RATE), "-i", coded, *raw(reference, size), "-lavfi", graph]
    subprocess.run([*command, "-f", "null", "-"], check=True, cwd=folder, stderr=subprocess.DEVNULL)
    pooled = json.loads((folder / "vmaf.json").read_text())["pooled_metrics"]["vmaf"]
    return pooled["mean"], pooled["min"]


def measure(folder: Path, names: list[str], chosen: Encoder) -> dict[str, Any]:
    """Encode every clip with one thread; return what it cost and how good it is."""
    options = [
        x for name, value in chosen.single().options.items() for x in (f"-{name}", str(value))
    ]
    row: dict[str, Any] = {
        "encoder": chosen.name,
        "speed": str(chosen.options["preset"]),
        "crf": chosen.options["crf"],
    }
    seconds, size, quality, worst = 0.0, 0, {}, 100.0
    for name in names:
        source = [*raw(f"{name}.yuv"), "-vf", TAGS]
        seconds += cpu([*program(), *source, *options, "coded.mp4"], cwd=folder)
        size += (folder / "coded.mp4").stat().st_size
        mean, least = vmaf(folder, "coded.mp4", f"{name}.yuv")
        quality[name], worst = round(mean, 2), min(worst, least)
    row |= {"cpu": round(seconds, 2), "megabytes": round(size / 1e6, 3)}
    row |= {"vmaf": round(fmean(quality.values()), 2), "worst": round(worst, 2), "clips": quality}
    show(row)
    return row


def show(row: dict[str, Any]) -> None:
    each = "  ".join(f"{value:{len(name)}.1f}" for name, value in row["clips"].items())
    print(
        f"{row['encoder']:10} {row['speed']:10} {row['crf']:4}  {row['cpu']:6.1f} "
        f"{row['megabytes']:6.2f} {row['vmaf']:6.2f} {row['worst']:6.1f}  {each}",
        flush=True,
    )


def as_shipped(folder: Path, names: list[str], preset: RenderPreset) -> dict[str, Any]:
    """Measure a preset of x264 at its own size, against raw frames of that size and of the full."""
    size = preset.scaled(WIDTH, HEIGHT)
    chosen = settings("libx264", preset).single()
    options = [x for name, value in chosen.options.items() for x in (f"-{name}", str(value))]
    shape = f"scale={size[0]}:{size[1]}:flags=bicubic"
    spent, total, own, full = 0.0, 0, [], []
    for name in names:
        small = ["-vf", f"{TAGS},{shape}", "-f", "rawvideo", "small.yuv"]
        subprocess.run([*program(), *raw(f"{name}.yuv"), *small], check=True, cwd=folder)
        source = [*raw("small.yuv", size), "-vf", TAGS]
        spent += cpu([*program(), *source, *options, "coded.mp4"], cwd=folder)
        total += (folder / "coded.mp4").stat().st_size
        own.append(vmaf(folder, "coded.mp4", "small.yuv", size)[0])
        full.append(vmaf(folder, "coded.mp4", f"{name}.yuv")[0])
    row = {
        "size": size,
        "cpu": round(spent, 2),
        "megabytes": round(total / 1e6, 3),
        "vmaf": round(fmean(own), 2),
        "vmaf_of_full_size": round(fmean(full), 2),
    }
    print(f"{preset.name:11} {row}", flush=True)
    return row


def at_target(rows: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Return for each encoder and speed what `TARGET` takes, between the two factors around it."""
    found = {}
    for encoder, speed in dict.fromkeys((row["encoder"], row["speed"]) for row in rows):
        line = [row for row in rows if (row["encoder"], row["speed"]) == (encoder, speed)]
        line.sort(key=lambda row: row["vmaf"])
        quality = [row["vmaf"] for row in line]
        if len(line) < 2 or not quality[0] <= TARGET <= quality[-1]:
            continue
        at = {
            key: float(np.interp(TARGET, quality, [row[key] for row in line]))
            for key in ("crf", "cpu", "worst")
        }
        sizes = np.log([row["megabytes"] for row in line])  # a step of CRF is a factor of size
        at["megabytes"] = float(np.exp(np.interp(TARGET, quality, sizes)))
        found[f"{encoder} {speed}"] = {key: round(value, 2) for key, value in at.items()}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=90)
    parser.add_argument("--quick", action="store_true", help="two settings of 15 frames")
    parser.add_argument("--only", default="", help="such as 'libx264 very'")
    given = parser.parse_args()
    frames = 15 if given.quick else given.frames
    grid = [row for row in GRID if given.only in f"{row[0]} {row[1]}"]
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        names = clips(folder, frames)
        print(f"{len(names)} clips of {frames} frames: {', '.join(names)}")
        shipped = {p.name: as_shipped(folder, names, p) for p in PRESETS.values()}
        print(f"{'':22} CRF   CPU s     MB   VMAF  worst  {'  '.join(names)}")
        for encoder, speed, factors in QUICK if given.quick else grid:
            base = settings(encoder, PRESETS["production"])
            for crf in factors:
                options = {**base.options, "preset": speed, "crf": crf}
                rows.append(measure(folder, names, replace(base, options=options)))
    result = {"benchmark": "encoders", "frames": frames, "clips": names, "target_vmaf": TARGET}
    print(json.dumps({**result, "presets": shipped, "at_target": at_target(rows), "rows": rows}))


if __name__ == "__main__":
    main()
