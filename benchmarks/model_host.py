"""What a model host saves: processes that each load Whisper, against processes that ask a host.

Each round runs the same short-lived processes twice, in turn: with a load of their own, and with a
host that is started for them, its start and its one load counted. What is compared is the CPU time
of all processes, the host's included. The clip lasts 3 s. The model is the tests' tiny one unless
another is named: with it, what is saved is the import of the libraries more than the load, so a
real model saves more.

The last line is a JSON object of the ratio.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
TINY = ROOT / "tests" / "models" / "tiny_whisper"
CLIENT = """
import sys
from workbench.audio import Audio
from workbench.engines import transcriber
from workbench.engines.whisper import WhisperOptions
sound, model = sys.argv[1:]
heard = transcriber().transcribe(
    Audio.read(sound), language="en", options=WhisperOptions(model=model))
print(heard.text)
"""
EMPTY = """
import sys
from workbench.audio import Audio
Audio.read(sys.argv[1])
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--model", default=str(TINY))
    asked = parser.parse_args()
    os.environ.pop("WORKBENCH_MODEL_HOST", None)
    found: dict[str, list[float]] = {"own": [], "hosted": [], "empty": []}
    with tempfile.TemporaryDirectory() as name:
        sound = clip(Path(name))
        arguments = [str(sound), asked.model]
        for _ in range(asked.rounds):
            own, said = measured(CLIENT, arguments, asked.processes, host=False)
            hosted, heard = measured(CLIENT, arguments, asked.processes, host=True)
            if said != heard or len(said) != 1:
                raise SystemExit(f"they heard different words: {said} and {heard}")
            found["own"].append(own)
            found["hosted"].append(hosted)
            empty, _ = measured(EMPTY, arguments[:1], asked.processes, host=False)
            found["empty"].append(empty)
    middle = {way: statistics.median(seconds) for way, seconds in found.items()}
    print(f"{asked.processes} processes, a clip of 3 s each, load {os.getloadavg()[0]:.1f}")
    for way, seconds in middle.items():
        print(f"  {way:8s} {seconds:7.2f} CPU s, {seconds / asked.processes:.3f} each")
    print(json.dumps({"hosted_vs_own_load": round(middle["hosted"] / middle["own"], 3)}))


def clip(folder: Path) -> Path:
    """Return a file of 3 s of speech."""
    from workbench.audio import Audio
    from workbench.engines.espeak.engine import EspeakEngine

    take = EspeakEngine().synthesize("red green blue seven", voice="en-us")
    sound = take.audio.resample(16_000)
    whole = Audio.join([sound, Audio.silence(max(0.0, 3 - sound.duration), sound.rate)])
    return whole.write(folder / "clip.wav")


def measured(
    code: str, arguments: list[str], processes: int, *, host: bool
) -> tuple[float, set[str]]:
    """Return the CPU seconds of so many processes, two at a time, and what they said."""
    from workbench.engines.host import ModelHost

    before = spent()
    started = ModelHost.start() if host else None
    environment = os.environ | (started.variables() if started is not None else {})
    command = [sys.executable, "-c", code, *arguments]
    said: set[str] = set()
    for first in range(0, processes, 2):
        running = [
            subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
            for _ in range(min(2, processes - first))
        ]
        said |= {process.communicate()[0].strip() for process in running}
        if any(process.returncode for process in running):
            raise SystemExit("a process failed")
    if started is not None:
        started.close()  # and with it what it spent is known
    return spent() - before, said


def spent() -> float:
    """Return the CPU seconds of all the children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
