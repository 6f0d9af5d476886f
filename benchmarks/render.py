"""Thirty seconds of captioned vertical video, by this package and by others, in CPU seconds.

1080x1920 at 30 frames a second, three stills with a zoom, word-lit captions, a spoken voice over
ducked music. All variants run in turn, round by round, on the same pictures, at the same size and
x264 settings; each is a fresh process, ours with an empty cache. CPU is user and system seconds of
the whole tree of processes. All are held to the same two cores. The peers are
in ``benchmarks/peers``:

``vs_encode_floor``
    x264 alone, with its own threads, on the frames that our encoder was given.
    ``vs_encode_floor_one_core`` is the same with both held to one core: on two threads of one core
    a second of CPU does less, and that falls on all alike only where all fill both.
``vs_old_filter_design``, ``vs_old_filter_design_4x``
    zoompan, a file for each scene and a merge; with the pictures made four times larger first.
``vs_moviepy``, ``vs_moneyprinter_shape``
    moviepy 2.2.1 in one pass, and in the four encodes of MoneyPrinterTurbo.
``one_caption_changed``
    Ten scenes rendered again after one caption was corrected, to their first rendering.
``two_cores_wall``
    Wall time on two cores, to that of the same rendering held to one. A busy machine spoils it.

A goal that is missed is told, and is no failure. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import soundfile
from peers.material import ZOOM, cpu, music, noise_still
from peers.ours import LINES, build
from PIL import Image

from workbench.captions.ass import prepare
from workbench.captions.cues import Cues
from workbench.media.binaries import VARIABLE, ffmpeg
from workbench.media.encoders import X264

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
PEERS = HERE / "peers"
SIZE, RATE = (1080, 1920), 30
# All run as installed: with their bytecode kept, which some machines switch off.
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
GOALS = {
    "vs_encode_floor": 1.35,
    "vs_old_filter_design": 0.70,
    "vs_old_filter_design_4x": 0.55,
    "vs_moviepy": 0.18,
    "vs_moneyprinter_shape": 0.06,
    "one_caption_changed": 0.2,
    "two_cores_wall": 0.65,
}


@dataclass
class Bench:
    """The folder of the material, and what was measured in it."""

    folder: Path
    lines: int
    moviepy: Path | None
    cpu: dict[str, list[float]] = field(default_factory=dict)
    wall: dict[str, list[float]] = field(default_factory=dict)
    parts: dict[str, list[float]] = field(default_factory=dict)

    def ours(self, name: str, *options: str, cache: Path | None = None) -> dict[str, Any]:
        """Render in a fresh process, with an empty cache unless one is given."""
        with contextlib.ExitStack() as stack:
            if cache is None:
                cache = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            env = {**ENVIRONMENT, "WORKBENCH_CACHE": str(cache)}
            command = [sys.executable, str(PEERS / "ours.py"), str(self.folder)]
            command += ["--lines", str(self.lines), "--out", f"{name}.mp4", *options]
            said = self.folder / f"{name}.json"
            with said.open("w") as out:
                self.cpu.setdefault(name, []).append(cpu(command, env=env, stdout=out))
        told: dict[str, Any] = json.loads(said.read_text().splitlines()[-1])
        self.wall.setdefault(name, []).append(told["wall"])
        for part in ("python", "ffmpeg"):
            self.parts.setdefault(f"{name}_{part}", []).append(told[part])
        return told

    def peer(self, name: str, script: str, *options: str, python: Path | None = None) -> None:
        """Run one of the scripts in `PEERS`."""
        command = [str(python or sys.executable), str(PEERS / script), str(self.folder), *options]
        begun = time.monotonic()
        env = {**ENVIRONMENT, "IMAGEIO_FFMPEG_EXE": str(ffmpeg())}  # moviepy's, too, is this one
        self.cpu.setdefault(name, []).append(cpu(command, cwd=self.folder, env=env))
        self.wall.setdefault(name, []).append(time.monotonic() - begun)

    def ratio(self, ours: str, peer: str, *, wall: bool = False) -> float | None:
        """Return the median of the rounds' ratios, None when there was no such round."""
        table = self.wall if wall else self.cpu
        rounds = zip(table.get(ours, []), table.get(peer, []), strict=False)
        found = [mine / theirs for mine, theirs in rounds]
        return round(median(found), 3) if found else None


def prepare_material(bench: Bench) -> dict[str, Any]:
    """Write pictures, music, voice, subtitles, job.json and the frames our encoder is given."""
    folder = bench.folder
    for seed in (1, 2, 3):
        Image.fromarray(noise_still(seed, *SIZE, slope=1.35)).save(folder / f"picture{seed}.png")
    soundfile.write(folder / "music.wav", music(), 48_000)
    video = build(folder, scenes=3, lines=bench.lines, music=False, changed=False)
    video.narration.audio.write(folder / "voice.wav")
    cues = video.timed_cues()
    edges = [(shot.first / RATE, (shot.first + shot.count) / RATE) for shot in video.shots()]
    for index, (start, end) in enumerate(edges):
        own = [cue.shift(-start) for cue in cues if start <= cue.start < end]
        own_cues = Cues(cues=tuple(own), language=cues.language)
        prepared = prepare(own_cues, "plain", *SIZE)
        (folder / f"scene{index}.ass").write_text(prepared.ass, encoding="utf-8")
    (folder / "fonts").mkdir(exist_ok=True)
    for font in prepared.fonts:
        shutil.copyfile(font, folder / "fonts" / font.name)
    job = {
        "ffmpeg": str(ffmpeg()),
        "size": SIZE,
        "seconds": edges[-1][1],
        "zoom": ZOOM - 1,
        # Without the tags of colour: ffmpeg would convert their untagged frames to them.
        "x264": {name: value for name, value in X264.items() if not name.startswith("color")},
        "font": str(prepared.fonts[0]),
        "scenes": [
            {"picture": f"picture{index + 1}.png", "start": start, "end": end}
            for index, (start, end) in enumerate(edges)
        ],
        "cues": [[[vars(word) for word in line] for line in cue.lines] for cue in cues],
    }
    (folder / "job.json").write_text(json.dumps(job))
    ready_frames(bench, round(job["seconds"] * RATE))
    return job


def ready_frames(bench: Bench, frames: int) -> None:
    """Store the frames with their captions: a rendering whose encoder loses nothing, decoded."""
    real = str(ffmpeg())
    with tempfile.TemporaryDirectory() as cache:
        env = {**os.environ, VARIABLE: str(PEERS / "lossless.sh"), "REAL_FFMPEG": real}
        command = [sys.executable, str(PEERS / "ours.py"), str(bench.folder), "--out", "ready.mp4"]
        cpu([*command, "--lines", str(bench.lines)], env={**env, "WORKBENCH_CACHE": cache})
    target = bench.folder / "frames.yuv"
    raw = ["-map", "0:v", "-f", "rawvideo", "-pix_fmt", "yuv420p", str(target)]
    ready = bench.folder / "ready.mp4"
    subprocess.run([real, "-v", "error", "-nostdin", "-y", "-i", str(ready), *raw], check=True)
    got, frame = target.stat().st_size, SIZE[0] * SIZE[1] * 3 // 2
    assert got == frames * frame, f"{got / frame} frames where {frames} were rendered"
    ready.unlink()


def variants(bench: Bench, *, slow: bool, shape: bool) -> dict[str, Callable[[], object]]:
    """Return what runs in a round, in order."""
    larger = ("--supersample", "4", "--out", "old_4x.mp4")
    found: dict[str, Callable[[], object]] = {
        "ours": lambda: bench.ours("ours"),
        "floor": lambda: bench.peer("floor", "encode_floor.py"),
        "floor on one core": lambda: bench.peer("floor_1", "encode_floor.py", "--cores", "1"),
        "old": lambda: bench.peer("old", "old_filter.py"),
        "old 4x": lambda: bench.peer("old_4x", "old_filter.py", *larger),
        "ours on one core": lambda: bench.ours("one_core", "--cores", "1", "--workers", "1"),
        "one caption": lambda: one_caption(bench),
    }
    if slow and bench.moviepy:
        python = bench.moviepy
        found["moviepy"] = lambda: bench.peer("moviepy", "moviepy_one_pass.py", python=python)
        if shape:
            found["moneyprinter"] = lambda: bench.peer(
                "moneyprinter", "moneyprinter_shape.py", python=python
            )
    return found


def one_caption(bench: Bench) -> None:
    """Render ten scenes, and once more with one caption corrected."""
    scenes = ("--scenes", str(min(10, 3 * bench.lines)))
    with tempfile.TemporaryDirectory() as cache:
        bench.ours("ten_scenes", *scenes, cache=Path(cache))
        bench.ours("corrected", *scenes, "--changed", cache=Path(cache))


def results(bench: Bench, job: dict[str, Any], rounds: int) -> dict[str, Any]:
    ratios = {
        "vs_encode_floor": bench.ratio("ours", "floor"),
        "vs_encode_floor_one_core": bench.ratio("one_core", "floor_1"),
        "vs_old_filter_design": bench.ratio("ours", "old"),
        "vs_old_filter_design_4x": bench.ratio("ours", "old_4x"),
        "vs_moviepy": bench.ratio("ours", "moviepy"),
        "vs_moneyprinter_shape": bench.ratio("ours", "moneyprinter"),
        "one_caption_changed": bench.ratio("corrected", "ten_scenes"),
        "two_cores_wall": bench.ratio("ours", "one_core", wall=True),
    }
    missed = {}
    for name, value in ratios.items():
        goal = GOALS.get(name)
        if goal is None:
            print(f"{name:26} {value if value is not None else '-':>7}")
            continue
        verdict = "not measured" if value is None else "met" if value <= goal else "MISSED"
        print(f"{name:26} {value if value is not None else '-':>7}  goal {goal:<5}  {verdict}")
        if verdict == "MISSED":
            missed[name] = goal
    sizes = {}
    for name in ("ours", "floor", "old", "old_4x", "moviepy", "moneyprinter"):
        with contextlib.suppress(FileNotFoundError):
            sizes[name] = round((bench.folder / f"{name}.mp4").stat().st_size / 1e6, 2)
    tables = {"cpu": bench.cpu, "wall": bench.wall, "parts": bench.parts}
    raw = {
        f"{kind}_seconds": {name: [round(v, 2) for v in row] for name, row in table.items()}
        for kind, table in tables.items()
    }
    load = round(os.getloadavg()[0], 1)
    head = {"benchmark": "render", "seconds": job["seconds"], "rounds": rounds, "load": load}
    return {**head, **ratios, "missed": missed, "megabytes": sizes, **raw}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--slow-rounds", type=int, default=1, help="of those with moviepy")
    parser.add_argument("--quick", action="store_true", help="3 s, one round, no MoneyPrinter")
    parser.add_argument("--moviepy", type=Path, default=HERE.parent / ".venv-bench/bin/python")
    given = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
    rounds, slow = (1, 1) if given.quick else (given.rounds, given.slow_rounds)
    python = given.moviepy if given.moviepy.exists() else None
    if python is None:
        print(f"no moviepy: there is no {given.moviepy} (make .venv-bench/ready)")
    with tempfile.TemporaryDirectory() as name:
        bench = Bench(Path(name), 1 if given.quick else len(LINES), python)
        job = prepare_material(bench)
        print(f"{job['seconds']:.1f} s, {len(job['cues'])} captions; load {os.getloadavg()[0]:.1f}")
        for index in range(rounds):
            turn = variants(bench, slow=index < slow, shape=not given.quick)
            for label, run in turn.items():
                run()
                print(f"round {index + 1}  {label}", flush=True)
            spent = {name: round(row[-1], 1) for name, row in bench.cpu.items()}
            print(f"CPU s {spent}", flush=True)
        print(json.dumps(results(bench, job, rounds)))


if __name__ == "__main__":
    main()
